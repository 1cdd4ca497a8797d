use std::time::{Duration, SystemTime};

use crate::driver::services::sql::{executed, result, rows};
use crate::driver::services::Answer;
use crate::{both, driver};
use edge_gateway_sdk::abi::*;
use edge_gateway_sdk::params;
use edge_gateway_sdk::sql::{Isolation, Json, Timestamp, TransactionOptions, Value};
use edge_gateway_sdk::{join, Error, Request, Response};

#[test]
fn query() {
    both! {
        r#"query "select $1" 4:0:"a\x00""#,
        [rows(&["id", "name", "name"], &[
            Value::Int(-1), Value::Text("Ann"), Value::Null,
            Value::Int(i64::MAX), Value::Text(""), Value::Text("z"),
        ])],
        |request| request.sql("db")?.query("select $1", params!["a\0"]),
        |rows| {
            let rows = rows?;
            assert_eq!((rows.len(), rows.is_empty()), (2, false));
            let names: Vec<_> = rows.columns().map(|column| column.name()).collect();
            assert_eq!(names, ["id", "name", "name"]);
            let types: Vec<_> = rows.columns().map(|column| column.native_type()).collect();
            assert_eq!(types, [Some("bigint"), None, None]);
            let (first, second) = (rows.row(0).unwrap(), rows.row(1).unwrap());
            assert_eq!((first.get("id")?, second.get("id")?), (-1, i64::MAX));
            assert_eq!((first.get("name")?, second.get("name")?), ("Ann", ""));
            assert_eq!(first.get::<Option<String>>(2)?, None);
            assert_eq!(second.get::<Option<String>>(2)?.as_deref(), Some("z"));
            assert_eq!(rows.into_iter().count(), 2);
            assert_eq!(rows.iter().len(), 2);
            assert!(rows.row(2).is_none());
        }
    }
}

#[test]
fn parameters_of_every_type() {
    both! {
        concat!(
            r#"query "i" 0:0:- 1:1:- 2:18446744073709551615:- 2:7:- 3:4611686018427387904:- "#,
            r#"3:4607182418800017408:- 4:0:"text" 4:0:"" 4:0:"cow" 5:0:"\x00\xff" 5:0:"" "#,
            r#"6:18446744073709551615:- 6:1000001:- 7:0:"{}" 0:0:- 2:3:-"#
        ),
        [executed(0, 0, 0)],
        |request| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_000_001_999);
            let cow = std::borrow::Cow::Borrowed("cow");
            request.sql("db")?.execute("i", params![
                None::<i64>, true, -1i64, 7u8, 2.0, 1.0f32, "text", String::new(), cow,
                b"\0\xff", Vec::<u8>::new(), Timestamp(-1), time, Json("{}"), None::<&str>, Some(3),
            ])
        },
        |done| assert_eq!(done?.affected, 0)
    }
}

#[test]
fn values_of_every_type() {
    both! {
        r#"query "q" one"#,
        [rows(&["n", "b", "i", "f", "t", "y", "ts", "j"], &[
            Value::Null, Value::Bool(true), Value::Int(300), Value::Float(0.5), Value::Text("ä"),
            Value::Bytes(b"\0\xff"), Value::Timestamp(Timestamp(5)), Value::Json("[1]"),
        ])],
        |request| request.sql("db")?.query_one("q", params![]),
        |row| {
            let row = row?.unwrap();
            assert_eq!(row.get::<Value>("n")?, Value::Null);
            assert!(row.get::<bool>("b")?);
            assert_eq!(row.get::<i16>("i")?, 300);
            assert_eq!(row.get::<f64>("f")?, 0.5);
            assert_eq!(row.get::<f64>("i")?, 300.0);
            assert_eq!(row.get::<&str>("t")?, "ä");
            assert_eq!(row.get::<&[u8]>("y")?, b"\0\xff");
            assert_eq!(row.get::<Timestamp>("ts")?, Timestamp(5));
            assert_eq!(row.get::<SystemTime>("ts")?, SystemTime::UNIX_EPOCH + Duration::from_micros(5));
            assert_eq!(row.get::<Json<&str>>("j")?, Json("[1]"));
            let text = |error: Option<Error>| error.unwrap().to_string();
            let error = text(row.get::<u8>("i").err());
            assert_eq!(error, "column \"i\": an integer is no u8, or out of its range");
            let error = text(row.get::<String>(0).err());
            assert_eq!(error, "column 0: NULL is no alloc::string::String, or out of its range");
            assert_eq!(text(row.get::<i64>("x").err()), "the result has no column \"x\"");
            assert_eq!(text(row.get::<i64>(8).err()), "the result has no column 8");
        }
    }
}

#[test]
fn no_row_is_none() {
    both! { r#"query "q" 2:1:- one"#, [rows(&["a"], &[])],
        |request| request.sql("db")?.query_one("q", params![1]),
        |row| assert!(row?.is_none())
    }
}

#[test]
fn execute_tells_what_it_did() {
    both! { r#"query "q""#, [executed(3, EG_SQL_HAS_LAST_ID, -7)],
        |request| request.sql("db")?.execute("q", params![]),
        |done| { let done = done?; assert_eq!((done.affected, done.last_id), (3, Some(-7))); }
    }
    both! { r#"query "q""#, [executed(3, 0, 9)],
        |request| request.sql("db")?.execute("q", params![]),
        |done| assert_eq!(done?.last_id, None)
    }
}

#[test]
fn batch() {
    both! {
        r#"batch "a" 2:1:-; "b"; "c" 4:0:"x" 0:0:-"#,
        [Answer::result(|memory| {
            let results = [1, 0, 5].map(|affected| {
                let one = eg_sql_result { affected, ..result(memory, &[], &[], 0) };
                memory.put(one)
            });
            eg_sql_results {
                struct_size: size_of::<eg_sql_results>() as u32,
                reserved: 0,
                results: memory.list(results.to_vec()),
                count: 3,
            }
        })],
        |request| request.sql("db")?.batch([
            ("a", params![1]),
            ("b", params![]),
            ("c", params!["x", None::<bool>]),
        ]),
        |results| {
            let affected: Vec<_> = results?.iter().map(|rows| rows.executed().affected).collect();
            assert_eq!(affected, [1, 0, 5]);
        }
    }
    both! { r#"batch "a""#, [Answer::problem(EG_E_CONFLICT, "twice", "23505")],
        |request| request.sql("db")?.batch([("a", params![])]),
        |results| {
            let error = results.unwrap_err();
            assert!(error.is_conflict() && !error.is_not_found());
            assert_eq!(error.code(), Some("23505"));
            assert_eq!(error.subject(), Some("the subject"));
            assert_eq!(error.position(), 3);
            assert_eq!(error.to_string(), "sql batch: in conflict with what is there: twice");
        }
    }
}

#[test]
fn pages_follow_the_cursor_to_its_end() {
    fn page(number: i64, cursor: u64) -> Answer {
        Answer::result(move |memory| result(memory, &["n"], &[Value::Int(number)], cursor))
    }
    async fn awaited(request: &Request) -> Result<Response, Error> {
        let mut pages = request.sql("db")?.pages("q $1", params!["x"], 50);
        let mut all = Vec::new();
        while let Some(rows) = pages.next().await? {
            all.push(rows);
        }
        assert!(pages.next().await?.is_none());
        let numbers: Result<Vec<i64>, _> =
            all.iter().map(|rows| rows.row(0).unwrap().get(0)).collect();
        assert_eq!(numbers?, [1, 2, 3]);
        pages.close().await?;
        Ok(Response::new(204))
    }
    fn waited(request: &Request) -> Result<Response, Error> {
        let mut pages = request.sql("db")?.pages("q $1", params!["x"], 50);
        let mut count = 0;
        while let Some(rows) = pages.next().wait()? {
            count += rows.len();
        }
        assert_eq!(count, 3);
        Ok(Response::new(204))
    }
    let want = [r#"query "q $1" 4:0:"x" page 50"#, "next 8", "next 9"];
    let answers = || vec![page(1, 8), page(2, 9), page(3, 0)];
    let host = both::host(answers());
    let outcome = crate::serve!(async_entry, &host, driver::Call::get("/"), awaited);
    assert_eq!(both::received(&host, &outcome), want);
    let host = both::host(answers());
    let outcome = crate::serve!(entry, &host, driver::Call::get("/"), waited);
    assert_eq!(both::received(&host, &outcome), want);

    async fn first(request: &Request) -> Result<Response, Error> {
        let mut pages = request.sql("db")?.pages("q", params![], 0);
        assert!(pages.next().await?.is_some());
        pages.close().await?;
        Ok(Response::new(204))
    }
    let host = both::host(vec![page(1, 8)]);
    let outcome = crate::serve!(async_entry, &host, driver::Call::get("/"), first);
    assert_eq!(
        both::received(&host, &outcome),
        [r#"query "q" page 1"#, "close 8"]
    );

    async fn failing(request: &Request) -> Result<Response, Error> {
        let mut pages = request.sql("db")?.pages("q", params![], 1);
        assert!(pages.next().await?.is_some());
        assert_eq!(pages.next().await.unwrap_err().status(), EG_E_TX_GONE);
        assert!(pages.next().await?.is_none());
        Ok(Response::new(204))
    }
    let host = both::host(vec![page(1, 8), Answer::status(EG_E_TX_GONE)]);
    let outcome = crate::serve!(async_entry, &host, driver::Call::get("/"), failing);
    assert_eq!(both::received(&host, &outcome).len(), 2);
}

#[test]
fn transactions() {
    async fn awaited(request: &Request) -> Result<Response, Error> {
        let db = request.sql("db")?;
        let transaction = db.begin().await?;
        let (one, two) = join(
            transaction.execute("a", params![]),
            db.query_one("b", params![]),
        )
        .await;
        one?;
        assert!(two?.is_none());
        transaction.commit().await?;

        let options = TransactionOptions {
            isolation: Isolation::Serializable,
            read_only: true,
        };
        let transaction = db.begin_with(options).await?;
        transaction.rollback().await?;
        let error = db.begin().await?.commit().await.unwrap_err();
        assert_eq!(error.status(), EG_E_UNKNOWN_OUTCOME);
        Ok(Response::new(204))
    }
    fn waited(request: &Request) -> Result<Response, Error> {
        let transaction = request.sql("db")?.begin().wait()?;
        transaction.execute("a", params![]).wait()?;
        transaction.commit().wait()?;
        Ok(Response::new(204))
    }
    let ok = || Answer::status(EG_OK);
    let none = || executed(0, 0, 0);
    let unknown = Answer::status(EG_E_UNKNOWN_OUTCOME);
    let host = both::host(vec![ok(), none(), none(), ok(), ok(), ok(), ok(), unknown]);
    let outcome = crate::serve!(async_entry, &host, driver::Call::get("/"), awaited);
    let want = [
        "begin 0 0",
        "query \"a\"",
        "query \"b\" one",
        "commit",
        "begin 3 1",
        "rollback",
        "begin 0 0",
        "commit",
    ];
    assert_eq!(both::received(&host, &outcome), want);
    assert_eq!(outcome.awaits.len(), 7);
    let host = both::host(vec![ok(), none()]);
    let outcome = crate::serve!(entry, &host, driver::Call::get("/"), waited);
    assert_eq!(
        both::received(&host, &outcome),
        ["begin 0 0", "query \"a\"", "commit"]
    );
}

#[test]
fn a_transaction_that_is_left_by_an_error_sends_no_commit() {
    async fn answer(request: &Request) -> Result<Response, Error> {
        let transaction = request.sql("db")?.begin().await?;
        transaction.execute("a", params![]).await?;
        transaction.commit().await?;
        Ok(Response::new(204))
    }
    let refused = Answer::problem(EG_E_REFUSED, "no such table: a", "");
    let host = both::host(vec![Answer::status(EG_OK), refused]);
    let outcome = crate::serve!(async_entry, &host, driver::Call::get("/"), answer);
    assert_eq!(outcome.returned, EG_E_REFUSED);
    let want = "sql query: refused by the backend: no such table: a";
    assert_eq!(outcome.message, want);
    assert_eq!(
        *host.services.received.lock().unwrap(),
        ["begin 0 0", "query \"a\""]
    );
}
