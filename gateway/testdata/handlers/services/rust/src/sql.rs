use edge_gateway_sdk::sql::{
    Executed, Isolation, Json, Row, Sql, Timestamp, TransactionOptions, Value,
};
use edge_gateway_sdk::{join_all, params, Error};

use crate::{hex, spaced, Run};

pub(crate) const INSERT_NOTE: &str = "insert into note values ($1, $2, $3)";
const INSERT_TYPED: &str = "insert into typed values ($1, $2, $3, $4, $5, $6, $7, $8)";
const COUNT_NOTES: &str = "select count(*) from note";

fn numbers(most: u32) -> String {
    format!("with recursive n(i) as (select 1 union all select i + 1 from n where i < {most}) select i from n")
}

pub(crate) async fn run(run: &mut Run<'_>, name: &str) -> Result<bool, Error> {
    match name {
        "sql-types" => types(run).await?,
        "sql-placeholders" => placeholders(run).await?,
        "sql-columns" => columns(run).await?,
        "sql-one" => one(run).await?,
        "sql-exec" => execute(run).await?,
        "sql-batch" => batch(run).await?,
        "sql-pages" => pages(run).await?,
        "sql-commit" => commit(run).await?,
        "sql-rollback" => rollback(run).await?,
        "sql-forget" => forget(run).await?,
        "sql-count" => {
            let db = run.request.sql("db")?;
            run.only("count", db, COUNT_NOTES).await?;
        }
        "sql-conflict" => conflict(run).await?,
        "sql-refused" => refused(run).await?,
        "sql-wrong-type" => wrong_type(run).await?,
        "sql-too-many" => too_many(run).await?,
        "sql-read-only" => read_only(run).await?,
        "sql-broken" => broken(run).await?,
        _ => return Ok(false),
    }
    Ok(true)
}

impl<'r> Run<'r> {
    /// The database of all scenarios, without notes.
    pub(crate) async fn database(&self) -> Result<Sql<'r>, Error> {
        let db = self.request.sql("db")?;
        db.execute("delete from note", params![]).await?;
        Ok(db)
    }

    /// Says how a statement ended: by status, SQLSTATE, subject and place.
    fn failed<T>(&mut self, label: &str, outcome: Result<T, Error>) {
        let Err(error) = outcome else {
            return self.say(label, "ok");
        };
        let (code, subject) = (spaced(error.code()), spaced(error.subject()));
        let fact = format!(
            "error {}{code}{subject} at {}",
            error.status(),
            error.position()
        );
        self.say(label, fact);
    }

    pub(crate) fn row(&mut self, label: &str, row: Row<'_>, columns: usize) -> Result<(), Error> {
        let mut values = Vec::new();
        for column in 0..columns {
            values.push(match row.get::<Value>(column)? {
                Value::Null => "null".to_owned(),
                Value::Bool(value) => format!("bool {value}"),
                Value::Int(value) => format!("int {value}"),
                Value::Float(value) => format!("float {value:.3}"),
                Value::Text(value) => format!("text '{value}'"),
                Value::Bytes(value) => format!("bytes '{}'", hex(value)),
                Value::Timestamp(value) => format!("timestamp {}", value.0),
                Value::Json(value) => format!("json {value}"),
            });
        }
        self.say(label, values.join(", "));
        Ok(())
    }

    /// Says the only row of a query, which has one column.
    async fn only(&mut self, label: &str, db: Sql<'r>, text: &str) -> Result<(), Error> {
        match db.query_one(text, params![]).await? {
            Some(row) => self.row(label, row, 1),
            None => Err(Error::new("there is no row")),
        }
    }
}

async fn types(run: &mut Run<'_>) -> Result<(), Error> {
    let db = run.database().await?;
    db.execute("delete from typed", params![]).await?;
    let inserts = [
        db.execute(
            INSERT_TYPED,
            params![
                1,
                true,
                9007199254740993_i64,
                -0.5,
                "é '$1'",
                [0_u8, 1, 255],
                Timestamp(1700000000123456),
                Json(r#"{"a":[1,null]}"#)
            ],
        ),
        db.execute(
            INSERT_TYPED,
            params![
                2,
                false,
                -1,
                0.25,
                "",
                Vec::<u8>::new(),
                Timestamp(-1),
                Json("[]")
            ],
        ),
        db.execute(
            INSERT_TYPED,
            params![
                3,
                None::<bool>,
                None::<i64>,
                None::<f64>,
                None::<&str>,
                None::<Vec<u8>>,
                None::<Timestamp>,
                Value::Null
            ],
        ),
    ];
    for inserted in join_all(inserts).await {
        inserted?;
    }
    let all = "select b, i, f, s, y, t, j from typed order by id";
    for row in db.query(all, params![]).await? {
        run.row("row", row, 7)?;
    }
    Ok(())
}

async fn placeholders(run: &mut Run<'_>) -> Result<(), Error> {
    let text =
        "select cast($2 as text) || cast($1 as text) || cast($2 as text), cast($3 as bigint)";
    let rows = run
        .request
        .sql("db")?
        .query(text, params!["a", "b", 7])
        .await?;
    for row in rows {
        run.row("row", row, 2)?;
    }
    Ok(())
}

async fn columns(run: &mut Run<'_>) -> Result<(), Error> {
    let text = r#"select 1 as a, 'x' as a, 2 as "B b", null as c"#;
    let rows = run.request.sql("db")?.query(text, params![]).await?;
    for column in rows.columns() {
        run.say("column", column.name());
    }
    for row in rows {
        run.row("row", row, 4)?;
    }
    Ok(())
}

async fn one(run: &mut Run<'_>) -> Result<(), Error> {
    let db = run.database().await?;
    if db
        .query_one("select id from note", params![])
        .await?
        .is_none()
    {
        run.say("nothing", "none");
    }
    run.only("first", db, &numbers(1000)).await
}

async fn execute(run: &mut Run<'_>) -> Result<(), Error> {
    let db = run.database().await?;
    for (label, text) in [
        ("insert", "insert into note values (1, 'a', 1), (2, 'b', 2)"),
        ("update", "update note set size = 3 where id = 2"),
        ("nothing", "update note set size = 3 where id = 9"),
        ("delete", "delete from note"),
    ] {
        let Executed { affected, last_id } = db.execute(text, params![]).await?;
        let last = last_id.map_or("none".to_owned(), |id| id.to_string());
        run.say(label, format!("affected {affected}, last {last}"));
    }
    Ok(())
}

async fn batch(run: &mut Run<'_>) -> Result<(), Error> {
    let db = run.database().await?;
    let results = db
        .batch([
            (INSERT_NOTE, params![1, "a", 1]),
            (INSERT_NOTE, params![2, "b", 1]),
            (COUNT_NOTES, params![]),
        ])
        .await?;
    let [first, second] = [0, 1].map(|n: usize| results[n].executed().affected);
    run.say("affected", format!("{first} {second}"));
    for row in results[2] {
        run.row("count", row, 1)?;
    }
    let failing = db
        .batch([
            (INSERT_NOTE, params![3, "c", 1]),
            (INSERT_NOTE, params![4, "a", 1]),
            (INSERT_NOTE, params![5, "e", 1]),
        ])
        .await;
    run.failed("failing", failing);
    run.only("left", db, COUNT_NOTES).await
}

async fn pages(run: &mut Run<'_>) -> Result<(), Error> {
    let db = run.database().await?;
    let (mut rows, mut sum) = (0, 0);
    let mut pages = db.pages(&numbers(25), params![], 10);
    while let Some(page) = pages.next().await? {
        for row in page {
            rows += 1;
            sum += row.get::<i64>(0)?;
        }
    }
    run.say("all", format!("{rows} rows, sum {sum}"));
    let mut pages = db.pages(&numbers(25), params![], 10);
    if let Some(row) = pages.next().await?.and_then(|page| page.row(0)) {
        run.row("given up after", row, 1)?;
    }
    pages.close().await?;
    run.only("then", db, COUNT_NOTES).await
}

async fn commit(run: &mut Run<'_>) -> Result<(), Error> {
    let db = run.database().await?;
    let options = TransactionOptions {
        isolation: Isolation::Serializable,
        ..TransactionOptions::default()
    };
    let transaction = db.begin_with(options).await?;
    transaction.execute(INSERT_NOTE, params![1, "a", 1]).await?;
    run.only("inside", db, COUNT_NOTES).await?; // whichever handle it is made with
    let another = db.begin().await;
    run.failed("another", another);
    let committed = transaction.commit().await;
    run.failed("commit", committed);
    run.only("after", db, COUNT_NOTES).await
}

async fn rollback(run: &mut Run<'_>) -> Result<(), Error> {
    let db = run.database().await?;
    let transaction = db.begin().await?;
    transaction
        .batch([
            (INSERT_NOTE, params![1, "a", 1]),
            (INSERT_NOTE, params![2, "b", 1]),
        ])
        .await?;
    run.only("inside", *transaction, COUNT_NOTES).await?;
    let ended = transaction.rollback().await;
    run.failed("rollback", ended);
    run.only("after", db, COUNT_NOTES).await
}

/// Leaves a transaction open.
async fn forget(run: &mut Run<'_>) -> Result<(), Error> {
    let db = run.database().await?;
    let transaction = db.begin().await?;
    transaction.execute(INSERT_NOTE, params![1, "a", 1]).await?;
    run.only("inside", *transaction, COUNT_NOTES).await
}

async fn conflict(run: &mut Run<'_>) -> Result<(), Error> {
    let db = run.database().await?;
    for (label, id, title, size) in [
        ("first", 1, Some("a"), 1),
        ("unique", 2, Some("a"), 1),
        ("key", 1, Some("b"), 1),
        ("null", 2, None, 1),
        ("check", 2, Some("b"), 100),
    ] {
        let inserted = db.execute(INSERT_NOTE, params![id, title, size]).await;
        run.failed(label, inserted);
    }
    Ok(())
}

async fn refused(run: &mut Run<'_>) -> Result<(), Error> {
    let db = run.request.sql("db")?;
    let no = Json("{");
    for (label, text, params) in [
        (
            "too few",
            "select cast($1 as text), cast($2 as text)",
            params!["a"],
        ),
        ("too many", "select cast($1 as text)", params!["a", "b"]),
        ("table", "select * from missing", params![]),
        ("syntax", "selct 1", params![]),
        ("empty", " -- nothing", params![]),
        ("NUL", "select cast($1 as text)", params!["a\0b"]),
        ("JSON", "select cast($1 as json)", params![no]),
    ] {
        let asked = db.query(text, params).await;
        run.failed(label, asked);
    }
    Ok(())
}

async fn wrong_type(run: &mut Run<'_>) -> Result<(), Error> {
    let db = run.database().await?;
    let inserted = db.execute(INSERT_NOTE, params!["x", "a", 1]).await;
    run.failed("text for a number", inserted);
    Ok(())
}

async fn too_many(run: &mut Run<'_>) -> Result<(), Error> {
    let db = run.database().await?;
    let asked = db.query(&numbers(10001), params![]).await;
    run.failed("rows", asked);
    run.only("then", db, COUNT_NOTES).await
}

async fn read_only(run: &mut Run<'_>) -> Result<(), Error> {
    let db = run.database().await?;
    let options = TransactionOptions {
        read_only: true,
        ..TransactionOptions::default()
    };
    let transaction = db.begin_with(options).await?;
    run.only("read", *transaction, COUNT_NOTES).await?;
    let written = transaction.execute(INSERT_NOTE, params![1, "a", 1]).await;
    run.outcome("write", written);
    let ended = transaction.rollback().await;
    run.failed("rollback", ended);
    Ok(())
}

/// Goes on in a transaction after a statement has failed.
async fn broken(run: &mut Run<'_>) -> Result<(), Error> {
    let db = run.database().await?;
    let transaction = db.begin().await?;
    for label in ["first", "same", "next"] {
        let inserted = transaction.execute(INSERT_NOTE, params![1, "a", 1]).await;
        run.outcome(label, inserted);
    }
    let ended = transaction.commit().await;
    run.failed("commit", ended);
    run.only("after", db, COUNT_NOTES).await
}
