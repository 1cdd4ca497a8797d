use std::borrow::Cow;
use std::ffi::{c_void, CStr};
use std::fmt::{self, Display};
use std::time::SystemTime;

use crate::abi::{eg_bytes, eg_host, eg_request};
use crate::context::time;
use crate::fields;
use crate::instance::Shared;
use crate::ops::Ops;
use crate::query;
use crate::services::Lent;
use crate::{Completer, Context, Error, Level, Response};

/// One request, as the client sent it.
///
/// What a client chooses is bytes; the `_str` twin of a function gives text,
/// and `None` where there is no value or it is not UTF-8. All of it lies in
/// memory of the host and costs no copy.
pub struct Request {
    host: *const eg_host,
    raw: *const eg_request,
    shared: *const Shared,
    /// Where an async handler's operations are listed; NULL for any other.
    ops: *const Ops,
}

// SAFETY: the request is read-only until it has been answered (the arena, which
// is not, is never used here), Shared is made of what may be shared, and Ops
// has a lock.
unsafe impl Send for Request {}
unsafe impl Sync for Request {}

impl Request {
    /// # Safety
    /// Everything must stay valid as long as the Request is used, which must
    /// not be longer than the host keeps `raw`; `ops` may be NULL.
    pub(crate) unsafe fn new(
        host: *const eg_host,
        raw: *const eg_request,
        shared: *const Shared,
        ops: *const Ops,
    ) -> Request {
        Request {
            host,
            raw,
            shared,
            ops,
        }
    }

    fn raw(&self) -> &eg_request {
        // SAFETY: by the contract of `new`.
        unsafe { &*self.raw }
    }

    /// The method as sent: `"GET"`.
    pub fn method(&self) -> &str {
        self.text(self.raw().method).unwrap_or_default()
    }

    /// `"http"` or `"https"`.
    pub fn scheme(&self) -> &str {
        self.text(self.raw().scheme).unwrap_or_default()
    }

    /// The host asked for, in lower case and without port.
    pub fn host(&self) -> Option<&str> {
        self.text(self.raw().host)
    }

    /// The path that was routed: normalised, still percent-encoded.
    pub fn path(&self) -> &[u8] {
        self.bytes(self.raw().path).unwrap_or_default()
    }

    pub fn path_str(&self) -> Option<&str> {
        self.text(self.raw().path)
    }

    /// What follows the `?`, as sent; `None` if there was no `?`.
    pub fn query(&self) -> Option<&[u8]> {
        self.bytes(self.raw().query)
    }

    pub fn query_str(&self) -> Option<&str> {
        self.text(self.raw().query)
    }

    /// The first value of this name in the query, decoded: `%41` is `A` and
    /// `+` a space. A name without `=` has an empty value.
    pub fn query_value(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        query::find(self.query()?, name.as_bytes())
    }

    pub fn query_value_str(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.query_value(name)? {
            Cow::Borrowed(value) => std::str::from_utf8(value).ok().map(Cow::Borrowed),
            Cow::Owned(value) => String::from_utf8(value).ok().map(Cow::Owned),
        }
    }

    /// Names and values of the headers as sent, in wire order, repeats kept.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        // SAFETY: valid as long as raw.
        unsafe { fields::iter(self.raw().headers, self.raw().header_count) }
    }

    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers()
            .find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    pub fn header_str(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.header(name)?).ok()
    }

    /// The values of every header of this name, whatever its case.
    pub fn header_values<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r [u8]> {
        self.headers()
            .filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// The path parameters in the order of the path, percent-decoded.
    pub fn params(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        // SAFETY: valid as long as raw.
        unsafe { fields::iter(self.raw().params, self.raw().param_count) }
    }

    /// A path parameter, percent-decoded.
    pub fn param(&self, name: &str) -> Option<&[u8]> {
        fields::find(self.params(), name)
    }

    pub fn param_str(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.param(name)?).ok()
    }

    /// The body; empty if there is none.
    pub fn body(&self) -> &[u8] {
        self.bytes(self.raw().body).unwrap_or_default()
    }

    pub fn body_str(&self) -> Option<&str> {
        std::str::from_utf8(self.body()).ok()
    }

    /// Address and port of the client's end of the connection.
    pub fn peer(&self) -> &str {
        self.text(self.raw().peer).unwrap_or_default()
    }

    /// What this request is called in the gateway's logs.
    pub fn request_id(&self) -> &str {
        self.text(self.raw().request_id).unwrap_or_default()
    }

    pub fn received(&self) -> SystemTime {
        time(self.raw().received)
    }

    /// When the client gets a 504 in place of the answer.
    pub fn deadline(&self) -> SystemTime {
        time(self.raw().deadline)
    }

    /// A config value of the endpoint.
    pub fn config(&self, name: &str) -> Option<&[u8]> {
        self.shared().config(name)
    }

    pub fn config_str(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.config(name)?).ok()
    }

    /// The host in the name of this request, for other threads as well.
    pub fn context(&self) -> Context {
        // SAFETY: the host gave this table to the instance.
        unsafe { Context::new(self.host, self.raw().token) }
    }

    /// Writes a line to the gateway's log.
    pub fn log(&self, level: Level, message: impl Display) {
        self.context().log(level, message);
    }

    /// Lets another thread answer: gives it the [`Completer`], and the
    /// handler returns the [`Response`], which stands for the one to come.
    pub fn defer(&self) -> (Completer, Response) {
        let context = self.context();
        let response = Response::deferred(context.token());
        (Completer::new(context), response)
    }

    pub(crate) fn raw_host(&self) -> *const eg_host {
        self.host
    }

    /// The table of a service, by id and the local name of the binding.
    pub(crate) fn service(
        &self,
        id: &'static CStr,
        name: Option<&str>,
    ) -> Result<*const c_void, Error> {
        self.shared().services.find(self.host, id, name)
    }

    pub(crate) fn lent(&self, id: &'static CStr, name: &str) -> Result<Lent<'_>, Error> {
        let table = self.service(id, Some(name))?;
        Ok(Lent {
            request: self,
            table,
        })
    }

    fn shared(&self) -> &Shared {
        // SAFETY: the instance outlives its requests.
        unsafe { &*self.shared }
    }

    pub(crate) fn ops(&self) -> Option<&Ops> {
        // SAFETY: the task that holds this Request holds the list too.
        unsafe { self.ops.as_ref() }
    }

    fn bytes(&self, bytes: eg_bytes) -> Option<&[u8]> {
        // SAFETY: a field of raw, valid as long as it.
        unsafe { bytes.get() }
    }

    fn text(&self, bytes: eg_bytes) -> Option<&str> {
        std::str::from_utf8(self.bytes(bytes)?).ok()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method())
            .field("path", &String::from_utf8_lossy(self.path()))
            .field("request_id", &self.request_id())
            .finish_non_exhaustive()
    }
}
