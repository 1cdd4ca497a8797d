//! The fan-out sample: n requests in one list, and an answer with each of them.
#![cfg(feature = "serde")]

mod driver;

#[path = "../examples/fanout/src/lib.rs"]
mod fanout;

use std::ffi::c_void;
use std::ptr;

use driver::services::Answer;
use driver::{Call, Host, Outcome};
use edge_gateway_sdk::abi::*;
use serde_json::{json, Value as Json};

extern "C" {
    fn handler_init(host: *const eg_host, init: *const eg_init, this: *mut *mut c_void) -> i32;
    fn handler_entry(
        host: *const eg_host,
        request: *const eg_request,
        response: *mut eg_response,
    ) -> i32;
    fn handler_shutdown(host: *const eg_host, this: *mut c_void);
}

fn ask(host: &Host, query: Option<&'static [u8]>) -> Outcome {
    let mut this = ptr::null_mut();
    let call = Call {
        query,
        ..Call::get("/fanout")
    };
    unsafe {
        assert_eq!(
            handler_init(host.raw(), host.init_memory(0), &mut this),
            EG_OK
        );
        let entry = |host, request, response| handler_entry(host, request, response);
        let outcome = call.run(host, this, &entry);
        handler_shutdown(host.raw(), this);
        outcome
    }
}

fn host() -> Box<Host> {
    Host::with_config(&[("target", "http://x/hello")])
}

fn answer(status: i32, elapsed: i64) -> Answer {
    Answer::result(move |memory| eg_http_response {
        struct_size: size_of::<eg_http_response>() as u32,
        status,
        headers: ptr::null(),
        header_count: 0,
        body: eg_bytes::ABSENT,
        url: memory.text("http://x/hello"),
        elapsed,
    })
}

#[test]
fn all_go_side_by_side_and_each_is_told() {
    let host = host();
    let answers = [
        answer(200, 1_500_000),
        answer(503, 20_999),
        Answer::status(EG_E_UNAVAILABLE),
    ];
    host.services.answers.lock().unwrap().extend(answers);
    let outcome = ask(&host, Some(b"n=3"));
    assert_eq!(
        (outcome.status, outcome.awaits.len()),
        (200, 1),
        "{outcome:?}"
    );
    let body: Json = serde_json::from_slice(&outcome.body).unwrap();
    let want = json!([
        { "status": 200, "milliseconds": 1.5 },
        { "status": 503, "milliseconds": 0.02 },
        { "status": null, "milliseconds": null },
    ]);
    assert_eq!((&body["n"], &body["answers"]), (&json!(3), &want));
    assert!(body["milliseconds"].is_number());
    let received = host.services.received.lock().unwrap();
    assert_eq!(received[0], r#"fetch "GET" "http://x/hello" [] - 0 0 0"#);
    assert_eq!(received.len(), 3);
    assert_eq!(host.logs.lock().unwrap().len(), 1);
}

#[test]
fn ten_are_the_default_and_a_hundred_the_most() {
    for (query, count) in [(None, 10), (Some(&b"n=100"[..]), 100), (Some(b"n=1"), 1)] {
        let host = host();
        assert_eq!(ask(&host, query).status, 200);
        assert_eq!(host.services.received.lock().unwrap().len(), count);
    }
    for query in [&b"n=0"[..], b"n=101", b"n=x", b"n=", b"n=-1"] {
        let host = host();
        let outcome = ask(&host, Some(query));
        assert_eq!(outcome.status, 400);
        assert!(outcome.body_str().contains("\"field\":\"n\""));
        assert!(host.services.received.lock().unwrap().is_empty());
    }
}

#[test]
fn without_a_target_the_instance_does_not_start() {
    let host = Host::new();
    let mut this = ptr::null_mut();
    let status = unsafe { handler_init(host.raw(), host.init_memory(0), &mut this) };
    assert_eq!(status, EG_E_INTERNAL);
    assert!(host.logs.lock().unwrap()[0].2.contains("target"));
}
