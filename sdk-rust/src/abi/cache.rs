//! `edge_gateway_cache.h` in Rust.

use std::ffi::CStr;

use super::eg_bytes;

pub const EG_CACHE: &CStr = c"eg.cache/1";

pub const EG_CACHE_GET: u32 = 1;
pub const EG_CACHE_PUT: u32 = 2;
pub const EG_CACHE_DELETE: u32 = 3;
pub const EG_CACHE_EXISTS: u32 = 4;
pub const EG_CACHE_COUNT: u32 = 5;
pub const EG_CACHE_TOUCH: u32 = 6;

pub const EG_CACHE_SET: u32 = 0;
pub const EG_CACHE_ADD: u32 = 1;
pub const EG_CACHE_REPLACE: u32 = 2;
pub const EG_CACHE_SWAP: u32 = 3;

pub const EG_CACHE_CREATE: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_cache_keys {
    pub struct_size: u32,
    pub reserved: u32,
    pub keys: *const eg_bytes,
    pub count: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_cache_entry {
    pub value: eg_bytes,
    pub version: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_cache_entries {
    pub struct_size: u32,
    pub reserved: u32,
    pub entries: *const eg_cache_entry,
    pub count: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_cache_put {
    pub struct_size: u32,
    pub mode: u32,
    pub key: eg_bytes,
    pub value: eg_bytes,
    pub ttl: i64,
    pub version: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_cache_key {
    pub struct_size: u32,
    pub reserved: u32,
    pub key: eg_bytes,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_cache_count {
    pub struct_size: u32,
    pub flags: u32,
    pub key: eg_bytes,
    pub delta: i64,
    pub initial: u64,
    pub ttl: i64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_cache_number {
    pub struct_size: u32,
    pub reserved: u32,
    pub value: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_cache_touch {
    pub struct_size: u32,
    pub reserved: u32,
    pub key: eg_bytes,
    pub ttl: i64,
}

layout! {
    eg_cache_keys 24 { struct_size 0 reserved 4 keys 8 count 16 }
    eg_cache_entry 24 { value 0 version 16 }
    eg_cache_entries 24 { struct_size 0 reserved 4 entries 8 count 16 }
    eg_cache_put 56 { struct_size 0 mode 4 key 8 value 24 ttl 40 version 48 }
    eg_cache_key 24 { struct_size 0 reserved 4 key 8 }
    eg_cache_count 48 { struct_size 0 flags 4 key 8 delta 24 initial 32 ttl 40 }
    eg_cache_number 16 { struct_size 0 reserved 4 value 8 }
    eg_cache_touch 32 { struct_size 0 reserved 4 key 8 ttl 24 }
}
