//! `edge_gateway_email.h` in Rust.

use std::ffi::{c_void, CStr};

use super::eg_bytes;

pub const EG_EMAIL: &CStr = c"eg.email/1";

pub const EG_EMAIL_SEND: u32 = 1;
pub const EG_EMAIL_STATE: u32 = 2;

pub const EG_EMAIL_QUEUED: u32 = 1;
pub const EG_EMAIL_DELIVERED: u32 = 2;
pub const EG_EMAIL_FAILED: u32 = 3;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_email_attachment {
    pub name: eg_bytes,
    pub content_type: eg_bytes,
    pub content: eg_bytes,
    pub content_id: eg_bytes,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_email_message {
    pub struct_size: u32,
    pub reserved: u32,
    pub from: eg_bytes,
    pub to: *const eg_bytes,
    pub to_count: u64,
    pub cc: *const eg_bytes,
    pub cc_count: u64,
    pub bcc: *const eg_bytes,
    pub bcc_count: u64,
    pub reply_to: *const eg_bytes,
    pub reply_to_count: u64,
    pub subject: eg_bytes,
    pub text: eg_bytes,
    pub html: eg_bytes,
    pub attachments: *const eg_email_attachment,
    pub attachment_count: u64,
    pub transaction: *const c_void,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_email_accepted {
    pub struct_size: u32,
    pub reserved: u32,
    pub message_id: eg_bytes,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_email_query {
    pub struct_size: u32,
    pub reserved: u32,
    pub message_id: eg_bytes,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct eg_email_state {
    pub struct_size: u32,
    pub state: u32,
    pub attempts: u64,
    pub accepted: i64,
    pub next: i64,
    pub reason: eg_bytes,
}

layout! {
    eg_email_attachment 64 { name 0 content_type 16 content 32 content_id 48 }
    eg_email_message 160 {
        struct_size 0 reserved 4 from 8 to 24 to_count 32 cc 40 cc_count 48 bcc 56
        bcc_count 64 reply_to 72 reply_to_count 80 subject 88 text 104 html 120
        attachments 136 attachment_count 144 transaction 152
    }
    eg_email_accepted 24 { struct_size 0 reserved 4 message_id 8 }
    eg_email_query 24 { struct_size 0 reserved 4 message_id 8 }
    eg_email_state 48 { struct_size 0 state 4 attempts 8 accepted 16 next 24 reason 32 }
}
