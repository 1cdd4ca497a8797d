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
//! Services that the endpoint is bound to are reached through the request:
//! [`Request::sql`], [`Request::cache`], [`Request::storage`],
//! [`Request::email`], [`Request::http`]. What they are asked is an
//! [`Operation`], to be awaited or waited for.
//!
//! Panics and errors end as a 500 with their text in the log. The feature
//! `serde` adds `Request::json` and `Response::json`.

#![warn(unreachable_pub)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod abi;
pub mod cache;
pub mod email;
pub mod http;
pub mod sql;
pub mod storage;

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

/// What a service gives back cannot be used when the request is over: not by
/// another thread,
///
/// ```compile_fail
/// use edge_gateway_sdk::{Error, Request, Response};
///
/// fn answer(request: &Request) -> Result<Response, Error> {
///     let entry = request.cache("cache")?.get("k").wait()?;
///     std::thread::spawn(move || println!("{entry:?}"));
///     Ok(Response::new(204))
/// }
/// ```
///
/// not by the state of the instance,
///
/// ```compile_fail
/// use std::sync::Mutex;
/// use edge_gateway_sdk::{params, sql::Rows, Error, Request, Response};
///
/// static KEPT: Mutex<Option<Rows<'static>>> = Mutex::new(None);
///
/// async fn answer(request: &Request) -> Result<Response, Error> {
///     let rows = request.sql("db")?.query("select 1", params![]).await?;
///     *KEPT.lock().unwrap() = Some(rows);
///     Ok(Response::new(204))
/// }
/// ```
///
/// and not by the answer.
///
/// ```compile_fail
/// use edge_gateway_sdk::{Error, Request, Response};
///
/// async fn answer(request: &Request) -> Result<Response, Error> {
///     let object = request.storage("files")?.get("k").await?.unwrap();
///     Ok(Response::new(200).with_body(object.body()))
/// }
/// ```
///
/// The same with what is allowed compiles:
///
/// ```
/// use edge_gateway_sdk::{params, Error, Request, Response};
///
/// async fn answer(request: &Request) -> Result<Response, Error> {
///     let entry = request.cache("cache")?.get("k").await?;
///     std::thread::scope(|scope| scope.spawn(|| println!("{entry:?}")).join().ok());
///     let rows = request.sql("db")?.query("select 1", params![]).await?;
///     let object = request.storage("files")?.get("k").await?.unwrap();
///     println!("{rows:?}");
///     Ok(Response::new(200).with_body(object.body().to_vec()))
/// }
/// ```
#[cfg(doctest)]
struct Lifetimes;
