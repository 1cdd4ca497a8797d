//! A handler whose answer tests replace in the compiled library.

use edge_gateway_sdk::{handler, Request, Response};

handler!(version, unloadable);

fn version(_: &Request) -> Response {
    Response::text("version-0000")
}
