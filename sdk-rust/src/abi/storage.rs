//! `edge_gateway_storage.h` in Rust.

use std::ffi::CStr;

use super::{eg_bytes, eg_field};

pub const EG_STORAGE: &CStr = c"eg.storage/1";

pub const EG_STORAGE_GET: u32 = 1;
pub const EG_STORAGE_HEAD: u32 = 2;
pub const EG_STORAGE_PUT: u32 = 3;
pub const EG_STORAGE_START: u32 = 4;
pub const EG_STORAGE_WRITE: u32 = 5;
pub const EG_STORAGE_FINISH: u32 = 6;
pub const EG_STORAGE_ABORT: u32 = 7;
pub const EG_STORAGE_DELETE: u32 = 8;
pub const EG_STORAGE_LIST: u32 = 9;
pub const EG_STORAGE_COPY: u32 = 10;
pub const EG_STORAGE_PRESIGN: u32 = 11;

pub const EG_STORAGE_CREATE: u32 = 1;

pub const EG_STORAGE_READ_URL: u32 = 0;
pub const EG_STORAGE_WRITE_URL: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_storage_key {
    pub struct_size: u32,
    pub reserved: u32,
    pub key: eg_bytes,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_storage_get {
    pub struct_size: u32,
    pub reserved: u32,
    pub key: eg_bytes,
    pub offset: u64,
    pub length: u64,
    pub etag: eg_bytes,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_storage_put {
    pub struct_size: u32,
    pub flags: u32,
    pub key: eg_bytes,
    pub content_type: eg_bytes,
    pub metadata: *const eg_field,
    pub metadata_count: u64,
    pub body: eg_bytes,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_storage_upload {
    pub struct_size: u32,
    pub reserved: u32,
    pub upload: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_storage_write {
    pub struct_size: u32,
    pub reserved: u32,
    pub upload: u64,
    pub bytes: eg_bytes,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_storage_list {
    pub struct_size: u32,
    pub reserved: u32,
    pub prefix: eg_bytes,
    pub delimiter: eg_bytes,
    pub after: eg_bytes,
    pub limit: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_storage_copy {
    pub struct_size: u32,
    pub reserved: u32,
    pub from: eg_bytes,
    pub to: eg_bytes,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_storage_presign {
    pub struct_size: u32,
    pub kind: u32,
    pub key: eg_bytes,
    pub lifetime: i64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_storage_object {
    pub struct_size: u32,
    pub reserved: u32,
    pub size: u64,
    pub offset: u64,
    pub body: eg_bytes,
    pub etag: eg_bytes,
    pub content_type: eg_bytes,
    pub modified: i64,
    pub metadata: *const eg_field,
    pub metadata_count: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_storage_entry {
    pub key: eg_bytes,
    pub etag: eg_bytes,
    pub size: u64,
    pub modified: i64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_storage_page {
    pub struct_size: u32,
    pub reserved: u32,
    pub entries: *const eg_storage_entry,
    pub count: u64,
    pub next: eg_bytes,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_storage_url {
    pub struct_size: u32,
    pub reserved: u32,
    pub url: eg_bytes,
}

layout! {
    eg_storage_key 24 { struct_size 0 reserved 4 key 8 }
    eg_storage_get 56 { struct_size 0 reserved 4 key 8 offset 24 length 32 etag 40 }
    eg_storage_put 72 {
        struct_size 0 flags 4 key 8 content_type 24 metadata 40 metadata_count 48 body 56
    }
    eg_storage_upload 16 { struct_size 0 reserved 4 upload 8 }
    eg_storage_write 32 { struct_size 0 reserved 4 upload 8 bytes 16 }
    eg_storage_list 64 {
        struct_size 0 reserved 4 prefix 8 delimiter 24 after 40 limit 56
    }
    eg_storage_copy 40 { struct_size 0 reserved 4 from 8 to 24 }
    eg_storage_presign 32 { struct_size 0 kind 4 key 8 lifetime 24 }
    eg_storage_object 96 {
        struct_size 0 reserved 4 size 8 offset 16 body 24 etag 40 content_type 56
        modified 72 metadata 80 metadata_count 88
    }
    eg_storage_entry 48 { key 0 etag 16 size 32 modified 40 }
    eg_storage_page 40 { struct_size 0 reserved 4 entries 8 count 16 next 24 }
    eg_storage_url 24 { struct_size 0 reserved 4 url 8 }
}
