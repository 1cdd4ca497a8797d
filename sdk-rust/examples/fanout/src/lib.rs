//! Asks another endpoint n times side by side: `GET /fanout?n=10`, n from 1 to
//! 100. The answer has the status of each and how long it took, in
//! milliseconds, and how long all of them took together.
//!
//! The binding is `http`; the config value `target` is the URL that is asked.

use std::time::Duration;

use edge_gateway_sdk::{async_handler, http, join_all, warn, Error, Init, Request, Response};
use serde_json::{json, Value};

async_handler!(FanOut::answer, init = FanOut::start);

pub struct FanOut {
    target: String,
}

impl FanOut {
    fn start(init: &Init) -> Result<FanOut, Error> {
        let target = init.config_str("target");
        let target = target.ok_or_else(|| Error::new("the config value target is missing"))?;
        Ok(FanOut {
            target: target.to_owned(),
        })
    }

    async fn answer(&self, request: &Request) -> Result<Response, Error> {
        let n = match request
            .query_value_str("n")
            .as_deref()
            .unwrap_or("10")
            .parse()
        {
            Ok(n @ 1..=100) => n,
            _ => {
                let problem =
                    json!({ "field": "n", "problem": "a number from 1 to 100 is wanted" });
                return Ok(Response::json(&problem)?.with_status(400));
            }
        };
        let client = request.http("http")?;
        let start = request.context().now()?;
        let outcomes = join_all((0..n).map(|_| client.get(&self.target).send())).await;
        let took = request
            .context()
            .now()?
            .duration_since(start)
            .unwrap_or_default();
        let answers: Vec<_> = outcomes
            .into_iter()
            .map(|outcome| describe(request, outcome))
            .collect();
        Response::json(&json!({
            "n": n,
            "milliseconds": milliseconds(took),
            "answers": answers,
        }))
    }
}

/// Why one failed is for the log, not for the client.
fn describe(request: &Request, outcome: Result<http::Response<'_>, Error>) -> Value {
    match outcome {
        Ok(answer) => json!({
            "status": answer.status(),
            "milliseconds": milliseconds(answer.elapsed()),
        }),
        Err(error) => {
            warn!(request, "{error}");
            json!({ "status": null, "milliseconds": null })
        }
    }
}

/// To the microsecond.
fn milliseconds(span: Duration) -> f64 {
    span.as_micros() as f64 / 1000.0
}
