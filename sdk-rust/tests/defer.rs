//! Answers that another thread gives.

mod driver;

use std::sync::Mutex;

use driver::{Call, Host, REQUEST_TOKEN};
use edge_gateway_sdk::abi::*;
use edge_gateway_sdk::{Error, Request, Response};

#[test]
fn another_thread_answers_once() {
    fn answer(request: &Request) -> Response {
        let (completer, response) = request.defer();
        let text = request.method().to_owned();
        std::thread::spawn(move || completer.complete(Response::text(text)))
            .join()
            .unwrap()
            .unwrap();
        response
    }
    let host = Host::new();
    let outcome = serve!(entry, &host, Call::get("/"), answer);
    assert_eq!((outcome.returned, outcome.released), (EG_PENDING, false));
    let completions = host.completions.lock().unwrap();
    assert_eq!(completions.len(), 1);
    let (token, status, answer) = &completions[0];
    assert_eq!(
        (*token, *status, answer.status),
        (REQUEST_TOKEN, EG_OK, 200)
    );
    assert_eq!(answer.body_str(), "GET");
}

#[test]
fn an_async_handler_may_defer_too() {
    async fn answer(request: &Request) -> Result<Response, Error> {
        request.sleep(std::time::Duration::from_millis(1)).await?;
        let (completer, response) = request.defer();
        completer.complete(Response::new(204))?;
        Ok(response)
    }
    let host = Host::new();
    let outcome = serve!(async_entry, &host, Call::get("/"), answer);
    assert_eq!(outcome.returned, EG_PENDING);
    assert_eq!(host.completions.lock().unwrap().len(), 1);
}

#[test]
fn a_completer_that_is_dropped_answers_500() {
    fn answer(request: &Request) -> Response {
        request.defer().1
    }
    let host = Host::new();
    let outcome = serve!(entry, &host, Call::get("/"), answer);
    assert_eq!(outcome.returned, EG_PENDING);
    let completions = host.completions.lock().unwrap();
    let (token, status, answer) = &completions[0];
    assert_eq!((*token, *status), (REQUEST_TOKEN, EG_E_INTERNAL));
    assert_eq!(
        answer.message,
        "the completer was dropped without an answer"
    );
    assert_eq!(completions.len(), 1);
}

#[test]
fn an_error_and_a_refusal_come_through() {
    fn answer(request: &Request) -> Result<Response, Error> {
        let (completer, response) = request.defer();
        let failure: Result<Response, _> = Err(Error::new("disk full"));
        let refused = completer.complete(failure).unwrap_err();
        assert_eq!(refused.status(), EG_E_DEADLINE);
        Ok(response)
    }
    let host = Host::new();
    *host.verdict.lock().unwrap() = EG_E_DEADLINE;
    let outcome = serve!(entry, &host, Call::get("/"), answer);
    assert_eq!(outcome.returned, EG_PENDING);
    let completions = host.completions.lock().unwrap();
    assert_eq!(completions.len(), 1, "dropping it completed again");
    assert_eq!(completions[0].1, EG_E_INTERNAL);
    assert_eq!(completions[0].2.message, "disk full");
}

#[test]
fn what_stands_for_another_request_is_refused() {
    static KEPT: Mutex<Option<Response>> = Mutex::new(None);
    fn keep(request: &Request) -> Response {
        *KEPT.lock().unwrap() = Some(request.defer().1);
        Response::new(204)
    }
    fn give(_: &Request) -> Response {
        KEPT.lock().unwrap().take().unwrap()
    }
    let host = Host::new();
    assert_eq!(serve!(entry, &host, Call::get("/"), keep).status, 204);
    let second = Call {
        token: REQUEST_TOKEN + 1,
        ..Call::get("/")
    };
    let outcome = serve!(entry, &host, second, give);
    assert_eq!(outcome.returned, EG_E_INTERNAL);
    assert!(
        outcome.message.contains("another request"),
        "{}",
        outcome.message
    );
}

#[test]
fn a_completer_takes_real_answers_only() {
    fn answer(request: &Request) -> Result<Response, Error> {
        let (completer, response) = request.defer();
        completer.complete(request.defer().1)?;
        Ok(response)
    }
    let host = Host::new();
    let outcome = serve!(entry, &host, Call::get("/"), answer);
    assert_eq!(outcome.returned, EG_PENDING);
    let completions = host.completions.lock().unwrap();
    assert!(completions
        .iter()
        .all(|(_, status, _)| *status == EG_E_INTERNAL));
    assert_eq!(completions.len(), 2);
}

#[test]
fn cancellation_can_be_asked_for() {
    fn answer(request: &Request) -> Response {
        let error = request.context().check_canceled().unwrap_err();
        assert_eq!(error.status(), EG_E_CANCELED);
        Response::new(204)
    }
    let host = Host::new();
    *host.verdict.lock().unwrap() = EG_E_CANCELED;
    assert_eq!(serve!(entry, &host, Call::get("/"), answer).status, 204);
}
