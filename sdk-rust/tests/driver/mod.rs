//! A host that keeps the contract to the letter, for one request at a time:
//! every call of the handler comes from another thread, and what the host
//! lends is freed as soon as the contract allows, for a memory checker to see.

#![allow(dead_code)] // each test file uses its part

pub mod services;

use std::ffi::{c_char, c_void, CStr};
use std::ptr;
use std::sync::Mutex;

use edge_gateway_sdk::__private::start;
use edge_gateway_sdk::abi::*;
use edge_gateway_sdk::{Error, Init};
use services::Services;

/// What came of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What the last call of the handler returned.
    pub returned: i32,
    pub status: i32,
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub body: Vec<u8>,
    pub message: String,
    /// Whether the answer had to be released.
    pub released: bool,
    /// Milliseconds slept, for each EG_AWAIT.
    pub awaits: Vec<Vec<i64>>,
}

impl Outcome {
    pub fn body_str(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn take(&mut self, response: &eg_response) {
        unsafe {
            self.status = response.status;
            self.headers = list(response.headers, response.header_count);
            self.body = bytes(response.body);
            self.message = String::from_utf8(bytes(response.message)).unwrap();
        }
    }
}

/// The gateway as one instance sees it.
#[repr(C)]
pub struct Host {
    table: eg_host,
    pub logs: Mutex<Vec<(u64, i32, String)>>,
    /// Looked-up ids of services.
    pub lookups: Mutex<Vec<String>>,
    pub completions: Mutex<Vec<(u64, i32, Outcome)>>,
    /// What `complete` and `canceled` return.
    pub verdict: Mutex<i32>,
    pub offers_timer: bool,
    pub services: Services,
    config: Vec<(String, String)>,
    #[allow(clippy::vec_box)] // handlers have their addresses
    init: Mutex<Vec<Box<InitMemory>>>,
}

struct InitMemory {
    raw: eg_init,
    fields: Vec<eg_field>,
}

unsafe impl Send for Host {}
unsafe impl Sync for Host {}

pub const INSTANCE_TOKEN: u64 = 1 << 32;
pub const REQUEST_TOKEN: u64 = 77;
pub const NOW: i64 = 1_700_000_000_000_000_001;

impl Host {
    pub fn new() -> Box<Host> {
        Host::with_config(&[])
    }

    pub fn with_config(config: &[(&str, &str)]) -> Box<Host> {
        let own = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        Box::new(Host {
            table: eg_host {
                struct_size: size_of::<eg_host>() as u32,
                abi_major: EG_ABI_MAJOR,
                abi_minor: EG_ABI_MINOR,
                reserved: 0,
                token: INSTANCE_TOKEN,
                service,
                call,
                complete,
                arena_grow,
                release_results,
                log,
                now,
                config: find_config,
                canceled,
            },
            logs: Mutex::default(),
            lookups: Mutex::default(),
            completions: Mutex::default(),
            verdict: Mutex::new(EG_OK),
            offers_timer: true,
            services: Services::default(),
            config: config.iter().map(own).collect(),
            init: Mutex::default(),
        })
    }

    pub fn raw(&self) -> *const eg_host {
        ptr::from_ref(self).cast()
    }

    /// For a test of the handshake.
    pub fn set_version(&mut self, major: u32, minor: u32) {
        (self.table.abi_major, self.table.abi_minor) = (major, minor);
    }

    /// Memory for handler_init, kept as long as the host.
    pub fn init_memory(&self, flags: u32) -> *const eg_init {
        let fields: Vec<_> = self
            .config
            .iter()
            .map(|(name, value)| eg_field {
                name: eg_bytes::of(name.as_bytes()),
                value: eg_bytes::of(value.as_bytes()),
            })
            .collect();
        let memory = Box::new(InitMemory {
            raw: eg_init {
                struct_size: size_of::<eg_init>() as u32,
                flags,
                endpoint: eg_bytes::of(b"shop"),
                config: fields.as_ptr(),
                config_count: fields.len() as u64,
            },
            fields,
        });
        let raw = &raw const memory.raw;
        self.init.lock().unwrap().push(memory);
        raw
    }

    /// Starts an instance: status and `self`.
    pub fn start<S, E>(&self, new: &impl Fn(&Init) -> Result<S, E>) -> (i32, *mut c_void)
    where
        S: Send + Sync + 'static,
        E: Into<Error>,
    {
        let mut this = ptr::null_mut();
        let status = unsafe { start(self.raw(), self.init_memory(0), &mut this, new) };
        (status, this)
    }
}

unsafe fn host_of<'h>(host: *const eg_host) -> &'h Host {
    unsafe { &*host.cast::<Host>() }
}

unsafe fn bytes(bytes: eg_bytes) -> Vec<u8> {
    unsafe { bytes.get() }.unwrap_or_default().to_vec()
}

unsafe fn list(fields: *const eg_field, count: u64) -> Vec<(Vec<u8>, Vec<u8>)> {
    (0..count as usize)
        .map(|place| unsafe {
            let field = *fields.add(place);
            (bytes(field.name), bytes(field.value))
        })
        .collect()
}

unsafe extern "C" fn service(
    host: *const eg_host,
    id: *const c_char,
    name: *const eg_bytes,
    table: *mut *const c_void,
) -> i32 {
    unsafe {
        let host = host_of(host);
        let id = CStr::from_ptr(id);
        let text = id.to_str().unwrap().to_owned();
        host.lookups.lock().unwrap().push(text);
        if id == EG_TIMER && !host.offers_timer {
            return EG_E_UNSUPPORTED;
        }
        let name = name.as_ref().map(|name| name.get().unwrap());
        match services::table(id, name.map(|name| std::str::from_utf8(name).unwrap())) {
            Ok(found) => *table = found,
            Err(status) => return status,
        }
        EG_OK
    }
}

unsafe extern "C" fn call(host: *const eg_host, token: u64, ops: *mut eg_op, count: u64) -> i32 {
    unsafe {
        assert_eq!(token, REQUEST_TOKEN);
        assert!((1..=EG_AWAIT_MAX as u64).contains(&count), "{count}");
        for op in std::slice::from_raw_parts_mut(ops, count as usize) {
            host_of(host).services.serve(op);
        }
        *host_of(host).verdict.lock().unwrap()
    }
}

unsafe extern "C" fn complete(
    host: *const eg_host,
    token: u64,
    status: i32,
    response: *const eg_response,
) -> i32 {
    unsafe {
        let host = host_of(host);
        let mut outcome = Outcome::default();
        assert_eq!((*response).struct_size as usize, size_of::<eg_response>());
        assert!((*response).release.is_none());
        outcome.take(&*response);
        let mut completions = host.completions.lock().unwrap();
        completions.push((token, status, outcome));
        *host.verdict.lock().unwrap()
    }
}

unsafe extern "C" fn arena_grow(_: *const eg_host, _: u64, _: u64) -> i32 {
    EG_E_NO_MEMORY
}

unsafe extern "C" fn release_results(_: *const eg_host, _: u64, _: *mut eg_op, _: u64) -> i32 {
    EG_OK
}

unsafe extern "C" fn log(
    host: *const eg_host,
    token: u64,
    level: i32,
    message: *const eg_bytes,
) -> i32 {
    unsafe {
        let text = String::from_utf8(bytes(*message)).unwrap();
        host_of(host)
            .logs
            .lock()
            .unwrap()
            .push((token, level, text));
        EG_OK
    }
}

unsafe extern "C" fn now(_: *const eg_host, nanoseconds: *mut i64) -> i32 {
    unsafe { *nanoseconds = NOW };
    EG_OK
}

unsafe extern "C" fn find_config(_: *const eg_host, _: *const eg_bytes, _: *mut eg_bytes) -> i32 {
    EG_E_NOT_FOUND
}

unsafe extern "C" fn canceled(host: *const eg_host, _: u64) -> i32 {
    unsafe { *host_of(host).verdict.lock().unwrap() }
}

/// A request to make.
#[derive(Default)]
pub struct Call {
    pub method: &'static str,
    pub path: &'static [u8],
    pub query: Option<&'static [u8]>,
    pub headers: Vec<(&'static [u8], &'static [u8])>,
    pub params: Vec<(&'static [u8], &'static [u8])>,
    pub body: Option<Vec<u8>>,
    /// From this EG_AWAIT on (0 is the first) the request is over.
    pub over_at: Option<(usize, i32)>,
    /// What operations come back with.
    pub op_status: i32,
    /// REQUEST_TOKEN if 0.
    pub token: u64,
    /// Call the handler on this very thread instead.
    pub here: bool,
}

type Entry<'e> = dyn Fn(*const eg_host, *const eg_request, *mut eg_response) -> i32 + Sync + 'e;

/// Pointers that go to another thread and back, as the contract allows.
#[derive(Clone, Copy)]
struct Pass<T>(T);
unsafe impl<T> Send for Pass<T> {}
unsafe impl<T> Sync for Pass<T> {}

impl<T: Copy> Pass<T> {
    fn get(&self) -> T {
        self.0
    }
}

impl Call {
    pub fn get(path: &'static str) -> Call {
        Call {
            method: "GET",
            path: path.as_bytes(),
            ..Call::default()
        }
    }

    /// Runs `work` on a thread of its own.
    fn elsewhere<T>(&self, work: impl FnOnce() -> T) -> T {
        if self.here {
            return work();
        }
        let work = Pass(work);
        let run = move || {
            let work = work;
            Pass((work.0)())
        };
        std::thread::scope(|scope| scope.spawn(run).join())
            .unwrap()
            .0
    }

    /// Makes the request and sees it through to its end.
    pub fn run(&self, host: &Host, this: *mut c_void, entry: &Entry<'_>) -> Outcome {
        let copy = |list: &[(&[u8], &[u8])]| -> Vec<(Vec<u8>, Vec<u8>)> {
            list.iter()
                .map(|(name, value)| (name.to_vec(), value.to_vec()))
                .collect()
        };
        // Copies of its own, so that a memory checker sees a use that is late.
        let (headers, params) = (copy(&self.headers), copy(&self.params));
        let (path, body) = (self.path.to_vec(), self.body.clone());
        let (header_fields, param_fields) = (fields(&headers), fields(&params));
        let absent = eg_bytes::ABSENT;
        let arena = Box::new(eg_arena {
            struct_size: size_of::<eg_arena>() as u32,
            reserved: 0,
            next: ptr::null_mut(),
            end: ptr::null_mut(),
        });
        let request = Box::new(eg_request {
            struct_size: size_of::<eg_request>() as u32,
            body_kind: match body {
                Some(_) => EG_BODY_WHOLE,
                None => EG_BODY_NONE,
            },
            self_: this,
            token: match self.token {
                0 => REQUEST_TOKEN,
                token => token,
            },
            received: NOW,
            deadline: NOW + 1_000_000_000,
            method: eg_bytes::of(self.method.as_bytes()),
            scheme: eg_bytes::of(b"http"),
            host: eg_bytes::of(b"example.org"),
            path: eg_bytes::of(&path),
            query: self.query.map_or(absent, eg_bytes::of),
            peer: eg_bytes::of(b"127.0.0.1:4711"),
            request_id: eg_bytes::of(b"r-1"),
            headers: header_fields.as_ptr(),
            header_count: header_fields.len() as u64,
            params: param_fields.as_ptr(),
            param_count: param_fields.len() as u64,
            body: body.as_deref().map_or(absent, eg_bytes::of),
            arena: ptr::from_ref(&*arena).cast_mut(),
        });
        let mut outcome = Outcome::default();
        let mut response = Box::new(empty());
        let args = Pass((host.raw(), &raw const *request, &raw mut *response));
        outcome.returned = self.elsewhere(|| {
            let (host, request, response) = args.get();
            entry(host, request, response)
        });
        while outcome.returned == EG_AWAIT {
            outcome.returned = self.resume(&mut outcome.awaits, args.get());
        }
        let over = self
            .over_at
            .is_some_and(|(at, _)| at < outcome.awaits.len());
        if over {
            assert_eq!(outcome.returned, EG_OK);
            assert_eq!(response.status, 0, "an answer nobody can get");
        } else if outcome.returned != EG_PENDING {
            outcome.take(&response);
        }
        if let Some(release) = response.release {
            outcome.released = true;
            let context = Pass(response.release_context);
            self.elsewhere(|| unsafe { release(context.get()) });
        }
        host.services.free_results();
        outcome
    }

    /// Runs the operations of an EG_AWAIT and resumes.
    fn resume(
        &self,
        awaits: &mut Vec<Vec<i64>>,
        (host, request, response): (*const eg_host, *const eg_request, *mut eg_response),
    ) -> i32 {
        unsafe {
            let count = (*response).op_count as usize;
            assert!((1..=EG_AWAIT_MAX).contains(&count), "{count} operations");
            assert!((*response).release.is_none());
            let ops = std::slice::from_raw_parts_mut((*response).ops, count);
            let resume = (*response).resume.expect("a resume function");
            let state = (*response).state;
            let reason = match self.over_at {
                Some((at, reason)) if at == awaits.len() => reason,
                _ => EG_OK,
            };
            let mut slept = Vec::new();
            let timer = services::table(EG_TIMER, None).unwrap();
            for op in ops {
                if op.service != timer {
                    match reason {
                        EG_OK => host_of(host).services.serve(op),
                        reason => op.status = reason,
                    }
                    continue;
                }
                assert_eq!(op.code, EG_TIMER_SLEEP);
                let args = *op.args.cast::<eg_timer_sleep>();
                assert_eq!(args.struct_size as usize, size_of::<eg_timer_sleep>());
                slept.push(args.duration / 1_000_000);
                op.status = if reason == EG_OK {
                    self.op_status
                } else {
                    reason
                };
            }
            awaits.push(slept);
            *response = empty();
            let pass = Pass((host, request, response, state));
            self.elsewhere(|| {
                let (host, request, response, state) = pass.get();
                resume(host, request, response, state, reason)
            })
        }
    }
}

fn fields(list: &[(Vec<u8>, Vec<u8>)]) -> Vec<eg_field> {
    list.iter()
        .map(|(name, value)| eg_field {
            name: eg_bytes::of(name),
            value: eg_bytes::of(value),
        })
        .collect()
}

fn empty() -> eg_response {
    eg_response {
        struct_size: size_of::<eg_response>() as u32,
        status: 0,
        headers: ptr::null(),
        header_count: 0,
        body: eg_bytes::ABSENT,
        message: eg_bytes::ABSENT,
        release: None,
        release_context: ptr::null_mut(),
        ops: ptr::null_mut(),
        op_count: 0,
        resume: None,
        state: ptr::null_mut(),
    }
}

/// Makes a request to a handler without state, as the macros would export it.
#[macro_export]
macro_rules! serve {
    ($entry:ident, $host:expr, $call:expr, $handler:expr) => {{
        use edge_gateway_sdk::__private::{no_state, stop, $entry, Plain};
        let host: &driver::Host = $host;
        let (status, this) = host.start(&no_state);
        assert_eq!(status, edge_gateway_sdk::abi::EG_OK);
        let handler = $handler;
        let outcome = $call.run(host, this, &|host, request, response| unsafe {
            $entry::<_, _, Plain>(host, request, response, &handler, &no_state)
        });
        unsafe { stop(host.raw(), this, &no_state) };
        outcome
    }};
}
