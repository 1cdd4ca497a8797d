//! A handler that panics.

use edge_gateway_sdk::{handler, Request, Response};

handler!(panics);

fn panics(_: &Request) -> Response {
    panic!("a secret of Rust")
}
