//! Every operation of the services: what the host gets, and what a handler reads
//! from the answer, awaited and waited for.

#[path = "../driver/mod.rs"]
mod driver;

#[macro_use]
mod both;
mod cache;
mod email;
mod http;
mod operation;
mod sql;
mod storage;
