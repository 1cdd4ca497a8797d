//! What is true of every operation.

use std::sync::Mutex;
use std::time::Duration;

use crate::driver::services::Answer;
use crate::driver::{Call, Host};
use crate::{both, driver};
use edge_gateway_sdk::abi::*;
use edge_gateway_sdk::{join, join_all, params, wait_all, Error, Operation, Request, Response};

#[test]
fn a_service_is_looked_up_once_and_denied_every_time() {
    fn answer(request: &Request) -> Result<Response, Error> {
        for _ in 0..3 {
            request.cache("cache")?;
            request.sql("db")?;
            request.sleep(Duration::ZERO).wait()?;
            let error = request.sql("other").unwrap_err();
            assert_eq!(error.status(), EG_E_DENIED);
            let want = "find eg.sql/1 \"other\": the endpoint has no binding of that name";
            assert_eq!(error.to_string(), want);
        }
        Ok(Response::new(204))
    }
    let host = Host::new();
    let outcome = crate::serve!(entry, &host, Call::get("/"), answer);
    assert_eq!(outcome.status, 204, "{outcome:?}");
    let lookups = host.lookups.lock().unwrap();
    let count = |id: &str| lookups.iter().filter(|lookup| *lookup == id).count();
    assert_eq!(
        (count("eg.cache/1"), count("eg.timer/1"), count("eg.sql/1")),
        (1, 1, 4)
    );
}

#[test]
fn operations_of_several_services_go_in_one_list() {
    async fn answer(request: &Request) -> Result<Response, Error> {
        let (cache, db) = (request.cache("cache")?, request.sql("db")?);
        let reads = join(cache.exists("k"), request.sleep(Duration::from_millis(2)));
        let (write, (was, slept)) = join(db.begin(), reads).await;
        assert!(was?);
        slept?;
        write?.rollback().await?;
        Ok(Response::new(204))
    }
    let host = Host::new();
    let outcome = crate::serve!(async_entry, &host, Call::get("/"), answer);
    let want = ["begin 0 0", "exists \"k\"", "rollback"];
    assert_eq!(both::received(&host, &outcome), want);
    assert_eq!(outcome.awaits, [vec![2], vec![]]);
}

#[test]
fn many_operations_side_by_side_keep_their_order() {
    /// Every third one is not there.
    fn answers() -> Vec<Answer> {
        let status = |number| match number % 3 {
            0 => EG_E_NOT_FOUND,
            _ => EG_OK,
        };
        (0..300)
            .map(|number| Answer::status(status(number)))
            .collect()
    }
    fn operations(request: &Request) -> Result<Vec<Operation<'_, bool>>, Error> {
        let cache = request.cache("cache")?;
        Ok((0..300)
            .map(|number| cache.delete(format!("key {number}")))
            .collect())
    }
    fn check(outcomes: Vec<Result<bool, Error>>) -> Result<Response, Error> {
        assert_eq!(outcomes.len(), 300);
        for (number, outcome) in outcomes.into_iter().enumerate() {
            assert_eq!(outcome?, number % 3 != 0, "{number}");
        }
        Ok(Response::new(204))
    }
    async fn awaited(request: &Request) -> Result<Response, Error> {
        check(join_all(operations(request)?).await)
    }
    fn waited(request: &Request) -> Result<Response, Error> {
        check(wait_all(operations(request)?))
    }
    let want: Vec<_> = (0..300)
        .map(|number| format!("delete \"key {number}\""))
        .collect();
    let host = both::host(answers());
    let outcome = crate::serve!(async_entry, &host, Call::get("/"), awaited);
    assert_eq!(both::received(&host, &outcome), want);
    let host = both::host(answers());
    let outcome = crate::serve!(entry, &host, Call::get("/"), waited);
    assert_eq!(both::received(&host, &outcome), want);
}

#[test]
fn a_call_that_the_host_refuses_fails_every_operation() {
    fn answer(request: &Request) -> Result<Response, Error> {
        let cache = request.cache("cache")?;
        let outcomes = wait_all([cache.delete("a"), cache.exists("b")]);
        for outcome in outcomes {
            assert_eq!(outcome.unwrap_err().status(), EG_E_CLOSING);
        }
        Ok(Response::new(204))
    }
    let host = Host::new();
    *host.verdict.lock().unwrap() = EG_E_CLOSING;
    let outcome = crate::serve!(entry, &host, Call::get("/"), answer);
    assert_eq!(outcome.status, 204, "{outcome:?}");
}

#[test]
fn a_result_that_is_missing_is_an_error() {
    both! { r#"query "q""#, [Answer::status(EG_OK)],
        |request| request.sql("db")?.query("q", params![]),
        |rows| assert_eq!(rows.unwrap_err().to_string(), "sql query: the host gave no result")
    }
}

/// What an operation was made of may be gone before the host reads it, even
/// when the operation itself is forgotten on the list.
#[test]
fn a_forgotten_operation_points_to_nothing_that_is_freed() {
    async fn answer(request: &Request) -> Result<Response, Error> {
        let key = String::from("a key on the heap");
        let mut operation = Box::pin(request.cache("cache")?.delete(&key));
        let listed = std::future::poll_fn(|cx| {
            use std::future::Future;
            std::task::Poll::Ready(operation.as_mut().poll(cx).is_pending())
        });
        assert!(listed.await);
        std::mem::forget(operation);
        drop(key);
        request.cache("cache")?.exists("k").await?;
        Ok(Response::new(204))
    }
    let host = Host::new();
    let outcome = crate::serve!(async_entry, &host, Call::get("/"), answer);
    let want = ["delete \"a key on the heap\"", "exists \"k\""];
    assert_eq!(both::received(&host, &outcome), want);
}

#[test]
fn an_operation_that_is_dropped_before_it_was_sent_is_not_sent() {
    async fn answer(request: &Request) -> Result<Response, Error> {
        let cache = request.cache("cache")?;
        drop(cache.delete("never polled"));
        cache.exists("k").await?;
        Ok(Response::new(204))
    }
    let host = Host::new();
    let outcome = crate::serve!(async_entry, &host, Call::get("/"), answer);
    assert_eq!(both::received(&host, &outcome), ["exists \"k\""]);
}

#[test]
fn a_request_that_is_over_drops_what_waits() {
    static REACHED: Mutex<bool> = Mutex::new(false);
    async fn answer(request: &Request) -> Result<Response, Error> {
        let _ = request.cache("cache")?.get("k").await;
        *REACHED.lock().unwrap() = true;
        Ok(Response::new(204))
    }
    let host = Host::new();
    let call = Call {
        over_at: Some((0, EG_E_DEADLINE)),
        ..Call::get("/")
    };
    let outcome = crate::serve!(async_entry, &host, call, answer);
    assert_eq!(outcome.returned, EG_OK);
    assert!(!*REACHED.lock().unwrap());
}
