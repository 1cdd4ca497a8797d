//! Waits without holding a thread: `GET /rust/wait?ms=N`, 100 if not given.

use std::time::Duration;

use edge_gateway_sdk::{async_handler, Error, Request, Response};

async_handler!(wait);

async fn wait(request: &Request) -> Result<Response, Error> {
    let text = request.query_value_str("ms").unwrap_or("100".into());
    let Ok(ms) = text.parse() else {
        return Ok(Response::text("ms must be a whole number\n").with_status(400));
    };
    request.sleep(Duration::from_millis(ms)).await?;
    Ok(Response::text(format!("waited {ms} ms\n")))
}
