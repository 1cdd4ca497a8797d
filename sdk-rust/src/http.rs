//! Outbound HTTP.
//!
//! ```
//! use edge_gateway_sdk::{async_handler, Error, Request, Response};
//!
//! async_handler!(weather);
//!
//! async fn weather(request: &Request) -> Result<Response, Error> {
//!     let api = request.http("api")?;
//!     let answer = api
//!         .get("https://api.example.com/weather")
//!         .header("accept", "text/plain")
//!         .send()
//!         .await?;
//!     match answer.status() {
//!         200 => Ok(Response::text(answer.body().to_vec())),
//!         status => Ok(Response::text(format!("they say {status}\n")).with_status(502)),
//!     }
//! }
//! ```
//!
//! Only the hosts that the service allows are reached. The trace context and
//! the id of the request are passed on.

use std::fmt;
use std::time::Duration;

use crate::abi::{self, eg_bytes, eg_field, eg_http_request, eg_http_response};
use crate::arguments::Arguments;
use crate::operation::{bytes, text};
use crate::services::Lent;
use crate::timer::nanoseconds;
use crate::{fields, Bytes, Error, Operation, Request};

/// An HTTP client that the endpoint is bound to, made by [`Request::http`].
/// Cheap to make and to copy.
#[derive(Clone, Copy)]
pub struct Http<'r>(Lent<'r>);

impl Request {
    /// The HTTP client that the endpoint calls `name`. An error with the status
    /// `EG_E_DENIED` if it is bound to none of that name.
    pub fn http(&self, name: &str) -> Result<Http<'_>, Error> {
        Ok(Http(self.lent(abi::EG_HTTP, name)?))
    }
}

impl<'r> Http<'r> {
    pub fn get(&self, url: impl Into<String>) -> Fetch<'r> {
        self.request("GET", url)
    }

    pub fn post(&self, url: impl Into<String>, body: impl Into<Bytes>) -> Fetch<'r> {
        self.request("POST", url).body(body)
    }

    /// Any method.
    pub fn request(&self, method: impl Into<String>, url: impl Into<String>) -> Fetch<'r> {
        Fetch {
            http: *self,
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
            timeout: Duration::ZERO,
            max_body: 0,
            flags: 0,
        }
    }
}

/// A request to be sent, put together step by step.
#[must_use = "a request is not sent before `send`"]
pub struct Fetch<'r> {
    http: Http<'r>,
    method: String,
    url: String,
    headers: Vec<(Bytes, Bytes)>,
    body: Option<Bytes>,
    timeout: Duration,
    max_body: u64,
    flags: u32,
}

impl<'r> Fetch<'r> {
    /// One more header.
    pub fn header(mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// A body of JSON, with its content type. An error if `value` cannot be
    /// written as JSON.
    #[cfg(feature = "serde")]
    pub fn json<T: serde::Serialize + ?Sized>(self, value: &T) -> Result<Self, Error> {
        let body = serde_json::to_vec(value)?;
        Ok(self.header("content-type", "application/json").body(body))
    }

    /// How long it may take, if not as long as the service allows. The request's
    /// own deadline holds in any case.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.max(Duration::from_nanos(1));
        self
    }

    /// How many bytes the answer's body may have, if not as many as the service
    /// allows. `EG_E_TOO_LARGE` if it has more.
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.max_body = bytes;
        self
    }

    /// Gives an answer that leads elsewhere as it is.
    pub fn no_redirects(mut self) -> Self {
        self.flags |= abi::EG_HTTP_NO_REDIRECTS;
        self
    }

    /// Sends it. Whatever the status of the answer, it is no error.
    pub fn send(self) -> Operation<'r, Response<'r>> {
        let Lent { request, table } = self.http.0;
        let arguments = Arguments::of(|arguments| {
            let headers: Vec<_> = self
                .headers
                .into_iter()
                .map(|(name, value)| eg_field {
                    name: arguments.keep(name),
                    value: arguments.keep(value),
                })
                .collect();
            eg_http_request {
                struct_size: size_of::<eg_http_request>() as u32,
                flags: self.flags,
                method: arguments.bytes(self.method.as_bytes()),
                url: arguments.bytes(self.url.as_bytes()),
                headers: arguments.list(&headers),
                header_count: headers.len() as u64,
                body: self
                    .body
                    .map_or(eg_bytes::ABSENT, |body| arguments.keep(body)),
                timeout: nanoseconds(self.timeout),
                max_body: self.max_body,
            }
        });
        // SAFETY: the table, the arguments and the result of EG_HTTP_FETCH.
        unsafe {
            Operation::new(
                request,
                "http request",
                table,
                abi::EG_HTTP_FETCH,
                arguments,
                |reply| reply.result().map(Response),
            )
        }
    }
}

/// An answer, in memory of the request.
#[derive(Clone, Copy)]
pub struct Response<'r>(&'r eg_http_response);

// SAFETY: a result is not changed before the request has been answered.
unsafe impl Send for Response<'_> {}
unsafe impl Sync for Response<'_> {}

impl<'r> Response<'r> {
    pub fn status(&self) -> u16 {
        u16::try_from(self.0.status).unwrap_or_default()
    }

    /// Names and values, repeats kept; those of one name in wire order.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&'r [u8], &'r [u8])> {
        // SAFETY: of a result of the request.
        unsafe { fields::iter(self.0.headers, self.0.header_count) }
    }

    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&'r [u8]> {
        self.headers()
            .find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// The body; empty if there is none.
    pub fn body(&self) -> &'r [u8] {
        // SAFETY: of a result of the request.
        unsafe { bytes(self.0.body) }.unwrap_or_default()
    }

    pub fn body_str(&self) -> Option<&'r str> {
        std::str::from_utf8(self.body()).ok()
    }

    /// The body read as JSON.
    #[cfg(feature = "serde")]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        Ok(serde_json::from_slice(self.body())?)
    }

    /// The URL that answered, after redirects.
    pub fn url(&self) -> &'r str {
        // SAFETY: of a result of the request.
        unsafe { text(self.0.url) }
    }

    /// How long it took until all of the body was there. Of requests that were
    /// awaited together the handler goes on when the last one is done; this
    /// tells them apart.
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.elapsed).unwrap_or_default())
    }
}

impl fmt::Debug for Http<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status())
            .field("url", &self.url())
            .field("body_length", &self.body().len())
            .finish()
    }
}
