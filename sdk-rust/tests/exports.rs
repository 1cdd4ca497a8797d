//! What `handler!` exports, and the life of an instance.

mod driver;

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use driver::{Call, Host, INSTANCE_TOKEN};
use edge_gateway_sdk::abi::*;
use edge_gateway_sdk::{handler, info, Error, Init, Request, Response};

handler!(
    Counter::answer,
    unloadable,
    version = "7",
    init = Counter::start,
    name = "counter",
);

static DROPPED: AtomicU64 = AtomicU64::new(0);

struct Counter {
    count: AtomicU64,
}

impl Counter {
    fn start(init: &Init) -> Result<Counter, Error> {
        info!(init, "starting {} {}", init.endpoint(), init.is_trial());
        let first = init.config_str("first").ok_or(Error::new("no first"))?;
        assert_ne!(first, "13", "unlucky");
        Ok(Counter {
            count: AtomicU64::new(first.parse()?),
        })
    }

    fn answer(&self, request: &Request) -> Response {
        let unit = request.config_str("unit").unwrap_or("none");
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        Response::text(format!("{count} {unit}"))
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        if DROPPED.fetch_add(1, Ordering::SeqCst) == 1 {
            panic!("in shutdown");
        }
    }
}

extern "C" {
    fn handler_info() -> *const eg_info;
    fn handler_init(host: *const eg_host, init: *const eg_init, this: *mut *mut c_void) -> i32;
    fn handler_entry(
        host: *const eg_host,
        request: *const eg_request,
        response: *mut eg_response,
    ) -> i32;
    fn handler_shutdown(host: *const eg_host, this: *mut c_void);
    fn handler_abi_0_2();
}

fn start(host: &Host) -> (i32, *mut c_void) {
    let mut this = ptr::null_mut();
    let status = unsafe { handler_init(host.raw(), host.init_memory(0), &mut this) };
    (status, this)
}

fn get(host: &Host, this: *mut c_void) -> driver::Outcome {
    Call::get("/").run(host, this, &|host, request, response| unsafe {
        handler_entry(host, request, response)
    })
}

#[test]
fn info_describes_the_library() {
    unsafe {
        handler_abi_0_2();
        let info = &*handler_info();
        assert_eq!(info.struct_size, 88);
        assert_eq!((info.abi_major, info.abi_minor), (0, 2));
        assert_eq!(info.flags, EG_INFO_UNLOADABLE);
        assert_eq!(info.pointer_size, 8);
        assert_eq!(info.name.get().unwrap(), b"counter");
        assert_eq!(info.version.get().unwrap(), b"7");
        assert_eq!(info.sdk.get().unwrap(), b"edge-gateway-sdk-rust 0.1.0");
        assert_eq!(info.language.get().unwrap(), b"rust");
    }
}

#[test]
fn each_instance_has_its_own_state_and_config() {
    let one = Host::with_config(&[("first", "5"), ("unit", "m")]);
    let two = Host::with_config(&[("first", "90")]);
    let ((ok_one, this_one), (ok_two, this_two)) = (start(&one), start(&two));
    assert_eq!((ok_one, ok_two), (EG_OK, EG_OK));
    assert_eq!(get(&one, this_one).body_str(), "5 m");
    assert_eq!(get(&two, this_two).body_str(), "90 none");
    assert_eq!(get(&one, this_one).body_str(), "6 m");
    let line = (
        INSTANCE_TOKEN,
        EG_LOG_INFO,
        "starting shop false".to_owned(),
    );
    assert_eq!(*one.logs.lock().unwrap(), [line]);

    assert_eq!(DROPPED.load(Ordering::SeqCst), 0);
    unsafe { handler_shutdown(one.raw(), this_one) };
    assert_eq!(DROPPED.load(Ordering::SeqCst), 1);
    unsafe { handler_shutdown(two.raw(), this_two) };
    assert_eq!(DROPPED.load(Ordering::SeqCst), 2);
    let logs = two.logs.lock().unwrap();
    assert_eq!(logs.len(), 2);
    let (token, level, text) = &logs[1];
    assert_eq!((*token, *level), (INSTANCE_TOKEN, EG_LOG_ERROR));
    assert!(text.starts_with("in handler_shutdown: panicked"), "{text}");
}

#[test]
fn an_init_that_fails_says_why() {
    for (config, want) in [
        (&[][..], "no first"),
        (&[("first", "x")], "invalid digit found in string"),
        (&[("first", "13")], "unlucky"),
    ] {
        let host = Host::with_config(config);
        let (status, this) = start(&host);
        assert_eq!((status, this), (EG_E_INTERNAL, ptr::null_mut()));
        let logs = host.logs.lock().unwrap();
        let (token, level, text) = logs.last().unwrap();
        assert_eq!((*token, *level), (INSTANCE_TOKEN, EG_LOG_ERROR));
        assert!(text.contains(want), "{text}");
    }
}

#[test]
fn another_abi_version_is_refused() {
    let mut host = Host::with_config(&[("first", "1")]);
    host.set_version(EG_ABI_MAJOR, EG_ABI_MINOR + 1);
    assert_eq!(start(&host).0, EG_E_UNSUPPORTED);
}

#[test]
fn calls_that_break_the_contract_are_refused() {
    unsafe {
        let null = ptr::null_mut();
        assert_eq!(handler_init(null, null.cast(), null.cast()), EG_E_INVALID);
        assert_eq!(
            handler_entry(null.cast(), null.cast(), null.cast()),
            EG_E_INVALID
        );
        handler_shutdown(null.cast(), null.cast());
    }
    let outcome = get(&Host::new(), ptr::null_mut());
    assert_eq!(outcome.returned, EG_E_INVALID);
    assert_eq!(outcome.message, "a request came before handler_init");
}
