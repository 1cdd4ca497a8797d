//! Write handlers for Edge Gateway in Rust.
//!
//! A handler is a function from a [`Request`] to a [`Response`], exported with
//! [`handler!`] (an ordinary `fn`) or [`async_handler!`] (an `async fn`) from
//! a crate of type `cdylib`:
//!
//! ```
//! use edge_gateway_sdk::{handler, Request, Response};
//!
//! handler!(hello);
//!
//! fn hello(request: &Request) -> Response {
//!     let name = request.param("name").unwrap_or_default();
//!     Response::text([b"Hello, ", name, b"!"].concat())
//! }
//! ```
//!
//! Panics and errors end as a 500 with their text in the log. The feature
//! `serde` adds `Request::json` and `Response::json`.

#![warn(unreachable_pub)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod abi;
pub mod cache;
pub mod sql;

mod answer;
mod arguments;
mod bytes;
mod context;
mod defer;
mod entry;
mod error;
mod few;
mod fields;
mod guard;
mod info;
mod instance;
mod join;
#[cfg(feature = "serde")]
mod json;
mod macros;
mod operation;
mod ops;
mod query;
mod request;
mod response;
mod services;
mod task;
mod timer;

pub use answer::IntoAnswer;
pub use bytes::Bytes;
pub use context::{Context, Level};
pub use defer::Completer;
pub use error::Error;
pub use instance::Init;
pub use join::{join, join_all};
pub use operation::{wait_all, Operation};
pub use request::Request;
pub use response::Response;

/// What the macros expand to. Not for use, and not kept stable.
#[doc(hidden)]
pub mod __private {
    pub use crate::entry::{entry, Plain, WithState};
    pub use crate::info::Info;
    pub use crate::instance::{no_state, start, stop};
    pub use crate::task::async_entry;
    pub use std::ffi::c_void;
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
