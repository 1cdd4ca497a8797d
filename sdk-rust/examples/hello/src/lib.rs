//! Greets: `GET /rust/hello/{name}`.

use edge_gateway_sdk::{handler, Request, Response};

handler!(hello);

fn hello(request: &Request) -> Response {
    let name = request.param("name").unwrap_or_default();
    Response::text([b"Hello, ", name, b"!"].concat())
}
