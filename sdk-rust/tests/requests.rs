//! What a handler sees of a request, and what the host sees of its answer.

mod driver;

use driver::{Call, Host, NOW, REQUEST_TOKEN};
use edge_gateway_sdk::abi::*;
use edge_gateway_sdk::{debug, error, info, warn, Error, Request, Response};
use std::time::{Duration, SystemTime};

fn ok(_: &Request) -> Response {
    Response::text("fine")
}

fn call() -> Call {
    Call {
        method: "POST",
        path: b"/a%20b/\xff",
        query: Some(b"ms=5&q=a+b"),
        headers: vec![
            (b"Accept", b"x"),
            (b"X-Two", b"1"),
            (b"x-two", b"\xfe"),
            (b"Empty", b""),
        ],
        params: vec![(b"name", b"J\xc3\xb6rg"), (b"raw", b"\xff"), (b"none", b"")],
        body: Some(vec![0, 1, 255]),
        ..Call::default()
    }
}

#[test]
fn every_part_of_the_request_is_seen() {
    fn look(request: &Request) -> Response {
        assert_eq!(request.method(), "POST");
        assert_eq!(request.scheme(), "http");
        assert_eq!(request.host(), Some("example.org"));
        assert_eq!(request.path(), b"/a%20b/\xff");
        assert_eq!(request.path_str(), None);
        assert_eq!(request.query_str(), Some("ms=5&q=a+b"));
        assert_eq!(request.query_value_str("ms").as_deref(), Some("5"));
        assert_eq!(request.query_value("q").as_deref(), Some(&b"a b"[..]));
        assert_eq!(request.query_value("x"), None);
        assert_eq!(request.peer(), "127.0.0.1:4711");
        assert_eq!(request.request_id(), "r-1");
        assert_eq!(request.body(), [0, 1, 255]);
        assert_eq!(request.body_str(), None);
        let received = SystemTime::UNIX_EPOCH + Duration::from_nanos(NOW as u64);
        assert_eq!(request.received(), received);
        assert_eq!(request.deadline(), received + Duration::from_secs(1));
        assert_eq!(request.context().now().unwrap(), received);
        request.context().check_canceled().unwrap();
        Response::new(204)
    }
    let outcome = serve!(entry, &Host::new(), call(), look);
    assert_eq!(
        (outcome.returned, outcome.status),
        (EG_OK, 204),
        "{outcome:?}"
    );
}

#[test]
fn headers_are_found_in_any_case_and_parameters_exactly() {
    fn look(request: &Request) -> Response {
        assert_eq!(request.header("ACCEPT"), Some(&b"x"[..]));
        assert_eq!(request.header_str("x-TWO"), Some("1"));
        let all: Vec<_> = request.header_values("X-two").collect();
        assert_eq!(all, [&b"1"[..], b"\xfe"]);
        assert_eq!(request.header("empty"), Some(&b""[..]));
        assert_eq!(request.header("x-tw"), None);
        assert_eq!(request.headers().len(), 4);
        assert_eq!(request.headers().next(), Some((&b"Accept"[..], &b"x"[..])));
        assert_eq!(request.param_str("name"), Some("Jörg"));
        assert_eq!(request.param("NAME"), None);
        assert_eq!(request.param("raw"), Some(&b"\xff"[..]));
        assert_eq!(request.param_str("raw"), None);
        assert_eq!(request.param("none"), Some(&b""[..]));
        assert_eq!(request.params().len(), 3);
        Response::new(204)
    }
    let outcome = serve!(entry, &Host::new(), call(), look);
    assert_eq!(
        (outcome.returned, outcome.status),
        (EG_OK, 204),
        "{outcome:?}"
    );
}

#[test]
fn what_the_client_did_not_send_is_absent() {
    fn look(request: &Request) -> Response {
        assert_eq!(request.query(), None);
        assert_eq!(request.query_value("a"), None);
        assert_eq!(request.body(), b"");
        assert_eq!(request.headers().len() + request.params().len(), 0);
        Response::new(204)
    }
    let outcome = serve!(entry, &Host::new(), Call::get("/"), look);
    assert_eq!(
        (outcome.returned, outcome.status),
        (EG_OK, 204),
        "{outcome:?}"
    );
}

#[test]
fn a_static_answer_needs_no_release() {
    let outcome = serve!(entry, &Host::new(), Call::get("/"), ok);
    assert_eq!((outcome.status, outcome.body_str()), (200, "fine"));
    let content_type = (
        b"content-type".to_vec(),
        b"text/plain; charset=utf-8".to_vec(),
    );
    assert_eq!(outcome.headers, [content_type]);
    assert!(!outcome.released);
}

#[test]
fn an_owned_answer_is_whole_and_in_order() {
    fn answer(_: &Request) -> Response {
        let mut response = Response::text(vec![0, 200, 10]).with_status(201);
        for number in 0..20 {
            response = response.with_header("set-cookie", format!("n={number}"));
        }
        response.with_header(String::from("x-own"), "fixed")
    }
    let outcome = serve!(entry, &Host::new(), Call::get("/"), answer);
    assert_eq!((outcome.returned, outcome.status), (EG_OK, 201));
    assert_eq!(outcome.body, [0, 200, 10]);
    assert_eq!(outcome.headers.len(), 22);
    assert_eq!(
        outcome.headers[13],
        (b"set-cookie".to_vec(), b"n=12".to_vec())
    );
    assert_eq!(outcome.headers[21], (b"x-own".to_vec(), b"fixed".to_vec()));
    assert!(outcome.released);
}

#[test]
fn an_error_is_text_for_the_log_only() {
    fn answer(_: &Request) -> Result<Response, Error> {
        let number: u8 = "300".parse()?;
        Ok(Response::text(number.to_string()))
    }
    let outcome = serve!(entry, &Host::new(), Call::get("/"), answer);
    assert_eq!(outcome.returned, EG_E_INTERNAL);
    assert_eq!(outcome.message, "number too large to fit in target type");
    assert_eq!((outcome.status, outcome.body.len()), (0, 0));
}

#[test]
fn an_error_made_of_an_answer_is_that_answer() {
    fn answer(_: &Request) -> Result<Response, Error> {
        Err(Response::text("no").with_status(400).into())
    }
    let outcome = serve!(entry, &Host::new(), Call::get("/"), answer);
    assert_eq!((outcome.returned, outcome.status), (EG_OK, 400));
    assert_eq!(outcome.body_str(), "no");
}

#[test]
fn a_panic_is_an_error_with_its_place_in_the_log() {
    fn answer(request: &Request) -> Response {
        panic!("no luck with {}", request.method())
    }
    let host = Host::new();
    let outcome = serve!(entry, &host, Call::get("/"), answer);
    assert_eq!(outcome.returned, EG_E_INTERNAL);
    assert_eq!((outcome.status, outcome.body.len()), (0, 0));
    let message = &outcome.message;
    assert!(
        message.starts_with("panicked at tests/requests.rs:"),
        "{message}"
    );
    assert!(message.ends_with(": no luck with GET"), "{message}");
    // and the next request is served
    assert_eq!(serve!(entry, &host, Call::get("/"), ok).status, 200);
}

#[test]
fn log_lines_carry_level_and_token() {
    fn answer(request: &Request) -> Response {
        debug!(request, "a");
        info!(request, "b {}", 1);
        warn!(request.context(), "c");
        error!(request, "d");
        Response::new(204)
    }
    let host = Host::new();
    serve!(entry, &host, Call::get("/"), answer);
    let logs = host.logs.lock().unwrap();
    let line = |level, text: &str| (REQUEST_TOKEN, level, text.to_owned());
    let want = [
        line(EG_LOG_DEBUG, "a"),
        line(EG_LOG_INFO, "b 1"),
        line(EG_LOG_WARN, "c"),
        line(EG_LOG_ERROR, "d"),
    ];
    assert_eq!(*logs, want);
}

#[test]
fn an_ordinary_function_cannot_await() {
    fn answer(request: &Request) -> Result<Response, Error> {
        let mut sleep = std::pin::pin!(request.sleep(Duration::from_millis(1)));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        match std::future::Future::poll(sleep.as_mut(), &mut cx) {
            std::task::Poll::Ready(result) => result.map(|()| Response::new(204)),
            std::task::Poll::Pending => Ok(Response::new(202)),
        }
    }
    let outcome = serve!(entry, &Host::new(), Call::get("/"), answer);
    assert_eq!(outcome.returned, EG_E_UNSUPPORTED);
    assert!(
        outcome.message.contains("async handler only"),
        "{}",
        outcome.message
    );
}
