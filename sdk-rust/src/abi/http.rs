//! `edge_gateway_http.h` in Rust.

use std::ffi::CStr;

use super::{eg_bytes, eg_field};

pub const EG_HTTP: &CStr = c"eg.http/1";

pub const EG_HTTP_FETCH: u32 = 1;

pub const EG_HTTP_NO_REDIRECTS: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_http_request {
    pub struct_size: u32,
    pub flags: u32,
    pub method: eg_bytes,
    pub url: eg_bytes,
    pub headers: *const eg_field,
    pub header_count: u64,
    pub body: eg_bytes,
    pub timeout: i64,
    pub max_body: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_http_response {
    pub struct_size: u32,
    pub status: i32,
    pub headers: *const eg_field,
    pub header_count: u64,
    pub body: eg_bytes,
    pub url: eg_bytes,
    pub elapsed: i64,
}

layout! {
    eg_http_request 88 {
        struct_size 0 flags 4 method 8 url 24 headers 40 header_count 48 body 56
        timeout 72 max_body 80
    }
    eg_http_response 64 {
        struct_size 0 status 4 headers 8 header_count 16 body 24 url 40 elapsed 56
    }
}
