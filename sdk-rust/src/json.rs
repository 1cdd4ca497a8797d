use serde::de::DeserializeOwned;
use serde::Serialize;

use crate::{Error, Request, Response};

impl Request {
    /// The body read as JSON. The error is a 400 that says in plain text what
    /// is wrong at which line and column.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(self.body()).map_err(|error| {
            let problem = format!("the body is not the JSON expected: {error}\n");
            Response::text(problem).with_status(400).into()
        })
    }
}

impl Response {
    /// 200 with `content-type: application/json`. An error if `value` cannot
    /// be written as JSON.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Response, Error> {
        Ok(Response::json_bytes(serde_json::to_vec(value)?))
    }
}
