//! The contract, `edge_gateway.h`, in Rust: same names, same layout.
//!
//! A handler does not need this module. It is public for who wants to go
//! below the SDK; the header says what every field means, who owns it and for
//! how long. The headers of the services are in modules of their own.

#![allow(non_camel_case_types)]

use std::ffi::{c_char, c_void};

pub const EG_ABI_MAJOR: u32 = 0;
pub const EG_ABI_MINOR: u32 = 2;

pub const EG_OK: i32 = 0;
pub const EG_AWAIT: i32 = 1;
pub const EG_PENDING: i32 = 2;

pub const EG_E_INTERNAL: i32 = -1;
pub const EG_E_INVALID: i32 = -2;
pub const EG_E_UNSUPPORTED: i32 = -3;
pub const EG_E_DENIED: i32 = -4;
pub const EG_E_NO_MEMORY: i32 = -5;
pub const EG_E_DEADLINE: i32 = -6;
pub const EG_E_CANCELED: i32 = -7;
pub const EG_E_CLOSING: i32 = -8;
pub const EG_E_STALE: i32 = -9;
pub const EG_E_DONE: i32 = -10;
pub const EG_E_OVERLOADED: i32 = -11;
pub const EG_E_NOT_FOUND: i32 = -12;
pub const EG_E_UNAVAILABLE: i32 = -13;
pub const EG_E_TOO_LARGE: i32 = -14;
pub const EG_E_TX_GONE: i32 = -15;
pub const EG_E_UNKNOWN_OUTCOME: i32 = -16;
pub const EG_E_CONFLICT: i32 = -17;
pub const EG_E_REFUSED: i32 = -18;

pub const EG_BODY_NONE: u32 = 0;
pub const EG_BODY_WHOLE: u32 = 1;
pub const EG_BODY_STREAM: u32 = 2;

pub const EG_LOG_DEBUG: i32 = 0;
pub const EG_LOG_INFO: i32 = 1;
pub const EG_LOG_WARN: i32 = 2;
pub const EG_LOG_ERROR: i32 = 3;

pub const EG_INFO_UNLOADABLE: u32 = 1;
pub const EG_INIT_TRIAL: u32 = 1;

pub const EG_TIMER: &std::ffi::CStr = c"eg.timer/1";
pub const EG_TIMER_SLEEP: u32 = 1;

/// The most operations that one EG_AWAIT may carry.
pub const EG_AWAIT_MAX: usize = 256;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_bytes {
    pub ptr: *const u8,
    pub len: u64,
}

impl eg_bytes {
    pub const ABSENT: eg_bytes = eg_bytes {
        ptr: std::ptr::null(),
        len: 0,
    };

    /// The bytes of `slice`, which must outlive the use that is made of them.
    pub const fn of(slice: &[u8]) -> eg_bytes {
        eg_bytes {
            ptr: slice.as_ptr(),
            len: slice.len() as u64,
        }
    }

    /// The bytes as a slice, or `None` if they are absent.
    ///
    /// # Safety
    /// `ptr` and `len` must describe memory that is readable and unchanged
    /// for all of `'a`, or be absent.
    pub unsafe fn get<'a>(self) -> Option<&'a [u8]> {
        if self.ptr.is_null() {
            return None;
        }
        // SAFETY: by this function's own contract.
        Some(unsafe { std::slice::from_raw_parts(self.ptr, self.len as usize) })
    }
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_field {
    pub name: eg_bytes,
    pub value: eg_bytes,
}

#[repr(C)]
pub struct eg_arena {
    pub struct_size: u32,
    pub reserved: u32,
    pub next: *mut u8,
    pub end: *mut u8,
}

#[repr(C)]
pub struct eg_request {
    pub struct_size: u32,
    pub body_kind: u32,
    pub self_: *mut c_void,
    pub token: u64,
    pub received: i64,
    pub deadline: i64,
    pub method: eg_bytes,
    pub scheme: eg_bytes,
    pub host: eg_bytes,
    pub path: eg_bytes,
    pub query: eg_bytes,
    pub peer: eg_bytes,
    pub request_id: eg_bytes,
    pub headers: *const eg_field,
    pub header_count: u64,
    pub params: *const eg_field,
    pub param_count: u64,
    pub body: eg_bytes,
    pub arena: *mut eg_arena,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_op {
    pub service: *const c_void,
    pub code: u32,
    pub status: i32,
    pub args: *const c_void,
    pub result: *const c_void,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_problem {
    pub struct_size: u32,
    pub position: u32,
    pub message: eg_bytes,
    pub code: eg_bytes,
    pub subject: eg_bytes,
}

#[repr(C)]
pub struct eg_service {
    pub struct_size: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_timer_sleep {
    pub struct_size: u32,
    pub reserved: u32,
    pub duration: i64,
}

pub type eg_resume = unsafe extern "C" fn(
    host: *const eg_host,
    request: *const eg_request,
    response: *mut eg_response,
    state: *mut c_void,
    reason: i32,
) -> i32;

#[repr(C)]
pub struct eg_response {
    pub struct_size: u32,
    pub status: i32,
    pub headers: *const eg_field,
    pub header_count: u64,
    pub body: eg_bytes,
    pub message: eg_bytes,
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
    pub release_context: *mut c_void,
    pub ops: *mut eg_op,
    pub op_count: u64,
    pub resume: Option<eg_resume>,
    pub state: *mut c_void,
}

#[repr(C)]
pub struct eg_host {
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub reserved: u32,
    pub token: u64,
    pub service: unsafe extern "C" fn(
        host: *const eg_host,
        id: *const c_char,
        name: *const eg_bytes,
        table: *mut *const c_void,
    ) -> i32,
    pub call:
        unsafe extern "C" fn(host: *const eg_host, token: u64, ops: *mut eg_op, count: u64) -> i32,
    pub complete: unsafe extern "C" fn(
        host: *const eg_host,
        token: u64,
        status: i32,
        response: *const eg_response,
    ) -> i32,
    pub arena_grow: unsafe extern "C" fn(host: *const eg_host, token: u64, size: u64) -> i32,
    pub release_results:
        unsafe extern "C" fn(host: *const eg_host, token: u64, ops: *mut eg_op, count: u64) -> i32,
    pub log: unsafe extern "C" fn(
        host: *const eg_host,
        token: u64,
        level: i32,
        message: *const eg_bytes,
    ) -> i32,
    pub now: unsafe extern "C" fn(host: *const eg_host, nanoseconds: *mut i64) -> i32,
    pub config: unsafe extern "C" fn(
        host: *const eg_host,
        name: *const eg_bytes,
        value: *mut eg_bytes,
    ) -> i32,
    pub canceled: unsafe extern "C" fn(host: *const eg_host, token: u64) -> i32,
}

#[repr(C)]
pub struct eg_info {
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub flags: u32,
    pub pointer_size: u32,
    pub reserved: u32,
    pub name: eg_bytes,
    pub version: eg_bytes,
    pub sdk: eg_bytes,
    pub language: eg_bytes,
}

#[repr(C)]
pub struct eg_init {
    pub struct_size: u32,
    pub flags: u32,
    pub endpoint: eg_bytes,
    pub config: *const eg_field,
    pub config_count: u64,
}

/// Stops the build where a struct is not laid out as the header says.
macro_rules! layout {
    ($($type:ident $size:literal { $($field:ident $offset:literal)* })*) => {
        const _: () = {
            $(
                assert!(size_of::<$type>() == $size);
                $(assert!(std::mem::offset_of!($type, $field) == $offset);)*
            )*
        };
    };
}

layout! {
    eg_bytes 16 { ptr 0 len 8 }
    eg_field 32 { name 0 value 16 }
    eg_arena 24 { struct_size 0 reserved 4 next 8 end 16 }
    eg_request 208 {
        struct_size 0 body_kind 4 self_ 8 token 16 received 24 deadline 32
        method 40 scheme 56 host 72 path 88 query 104 peer 120 request_id 136
        headers 152 header_count 160 params 168 param_count 176 body 184 arena 200
    }
    eg_op 32 { service 0 code 8 status 12 args 16 result 24 }
    eg_problem 56 { struct_size 0 position 4 message 8 code 24 subject 40 }
    eg_service 8 { struct_size 0 reserved 4 }
    eg_timer_sleep 16 { struct_size 0 reserved 4 duration 8 }
    eg_response 104 {
        struct_size 0 status 4 headers 8 header_count 16 body 24 message 40
        release 56 release_context 64 ops 72 op_count 80 resume 88 state 96
    }
    eg_host 96 {
        struct_size 0 abi_major 4 abi_minor 8 reserved 12 token 16 service 24
        call 32 complete 40 arena_grow 48 release_results 56 log 64 now 72
        config 80 canceled 88
    }
    eg_info 88 {
        struct_size 0 abi_major 4 abi_minor 8 flags 12 pointer_size 16 reserved 20
        name 24 version 40 sdk 56 language 72
    }
    eg_init 40 { struct_size 0 flags 4 endpoint 8 config 24 config_count 32 }
}

// After layout!, which they use.
pub mod cache;
pub mod email;
pub mod http;
pub mod sql;
pub mod storage;

pub use cache::*;
pub use email::*;
pub use http::*;
pub use sql::*;
pub use storage::*;
