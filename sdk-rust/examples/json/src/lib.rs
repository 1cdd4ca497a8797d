//! Re-indents JSON: `POST /rust/json`.
//!
//! The keys keep their order and the numbers their digits. A body that is not
//! JSON is answered with 400, line and column.

use edge_gateway_sdk::{handler, Error, Request, Response};
use serde_json::Value;

handler!(indent);

fn indent(request: &Request) -> Result<Response, Error> {
    let value: Value = request.json()?;
    let text = serde_json::to_vec_pretty(&value)?;
    Ok(Response::new(200)
        .with_header("content-type", "application/json")
        .with_body(text))
}
