//! `edge_gateway_sql.h` in Rust.

use std::ffi::CStr;

use super::eg_bytes;

pub const EG_SQL: &CStr = c"eg.sql/1";

pub const EG_SQL_QUERY: u32 = 1;
pub const EG_SQL_BATCH: u32 = 2;
pub const EG_SQL_NEXT: u32 = 3;
pub const EG_SQL_CLOSE: u32 = 4;
pub const EG_SQL_BEGIN: u32 = 5;
pub const EG_SQL_COMMIT: u32 = 6;
pub const EG_SQL_ROLLBACK: u32 = 7;

pub const EG_SQL_NULL: u32 = 0;
pub const EG_SQL_BOOL: u32 = 1;
pub const EG_SQL_INT64: u32 = 2;
pub const EG_SQL_FLOAT64: u32 = 3;
pub const EG_SQL_TEXT: u32 = 4;
pub const EG_SQL_BYTES: u32 = 5;
pub const EG_SQL_TIMESTAMP: u32 = 6;
pub const EG_SQL_JSON: u32 = 7;

pub const EG_SQL_ONE: u32 = 1;

pub const EG_SQL_ISOLATION_DEFAULT: u32 = 0;
pub const EG_SQL_READ_COMMITTED: u32 = 1;
pub const EG_SQL_REPEATABLE_READ: u32 = 2;
pub const EG_SQL_SERIALIZABLE: u32 = 3;

pub const EG_SQL_READ_ONLY: u32 = 1;

pub const EG_SQL_HAS_LAST_ID: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_sql_value {
    pub type_: u32,
    pub reserved: u32,
    pub number: u64,
    pub bytes: eg_bytes,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_sql_statement {
    pub struct_size: u32,
    pub flags: u32,
    pub text: eg_bytes,
    pub params: *const eg_sql_value,
    pub param_count: u64,
    pub page: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_sql_batch {
    pub struct_size: u32,
    pub reserved: u32,
    pub statements: *const *const eg_sql_statement,
    pub count: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_sql_cursor {
    pub struct_size: u32,
    pub reserved: u32,
    pub cursor: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_sql_begin {
    pub struct_size: u32,
    pub flags: u32,
    pub isolation: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_sql_column {
    pub name: eg_bytes,
    pub native: eg_bytes,
    pub type_: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_sql_result {
    pub struct_size: u32,
    pub flags: u32,
    pub affected: u64,
    pub last_id: i64,
    pub columns: *const eg_sql_column,
    pub column_count: u64,
    pub values: *const eg_sql_value,
    pub row_count: u64,
    pub cursor: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_sql_results {
    pub struct_size: u32,
    pub reserved: u32,
    pub results: *const *const eg_sql_result,
    pub count: u64,
}

layout! {
    eg_sql_value 32 { type_ 0 reserved 4 number 8 bytes 16 }
    eg_sql_statement 48 { struct_size 0 flags 4 text 8 params 24 param_count 32 page 40 }
    eg_sql_batch 24 { struct_size 0 reserved 4 statements 8 count 16 }
    eg_sql_cursor 16 { struct_size 0 reserved 4 cursor 8 }
    eg_sql_begin 16 { struct_size 0 flags 4 isolation 8 reserved 12 }
    eg_sql_column 40 { name 0 native 16 type_ 32 reserved 36 }
    eg_sql_result 64 {
        struct_size 0 flags 4 affected 8 last_id 16 columns 24 column_count 32 values 40
        row_count 48 cursor 56
    }
    eg_sql_results 24 { struct_size 0 reserved 4 results 8 count 16 }
}
