use std::borrow::Cow;
use std::fmt;

use crate::abi::{eg_bytes, eg_field, eg_response};
use crate::Bytes;

/// An answer: status, headers, body.
///
/// The host copies the bytes out of it, so a body is never copied on the way,
/// and an answer of static data alone costs no allocation.
///
/// The host answers 502 in place of a response that breaks HTTP's rules: a
/// status outside 200 to 599, a header name that is no token, a header value
/// with CR, LF or NUL. Content-Length and the like are the host's to send.
#[derive(Default)]
pub struct Response {
    status: u16,
    fields: Cow<'static, [Field]>,
    /// What those of `fields` point to that are not static.
    kept: Vec<Vec<u8>>,
    body: Bytes,
    /// Set if this is no answer but stands for the one that a
    /// [`Completer`](crate::Completer) gives for the request of this token.
    deferred: Option<u64>,
}

/// A header that points to static bytes or into `Response::kept`.
#[derive(Clone)]
#[repr(transparent)]
struct Field(eg_field);

// SAFETY: a Field is only ever read, and what it points to is static or owned
// by the Response that it moves with.
unsafe impl Send for Field {}
unsafe impl Sync for Field {}

impl Field {
    const fn fixed(name: &'static str, value: &'static str) -> Field {
        Field(eg_field {
            name: eg_bytes::of(name.as_bytes()),
            value: eg_bytes::of(value.as_bytes()),
        })
    }
}

static TEXT: [Field; 1] = [Field::fixed("content-type", "text/plain; charset=utf-8")];
#[cfg(feature = "serde")]
static JSON: [Field; 1] = [Field::fixed("content-type", "application/json")];

impl Response {
    /// An answer with no headers and no body.
    pub fn new(status: u16) -> Response {
        Response {
            status,
            ..Response::default()
        }
    }

    /// 200 with `content-type: text/plain; charset=utf-8`.
    pub fn text(body: impl Into<Bytes>) -> Response {
        Response {
            fields: Cow::Borrowed(&TEXT),
            body: body.into(),
            ..Response::new(200)
        }
    }

    #[cfg(feature = "serde")]
    pub(crate) fn json_bytes(body: Vec<u8>) -> Response {
        Response {
            fields: Cow::Borrowed(&JSON),
            body: body.into(),
            ..Response::new(200)
        }
    }

    pub(crate) fn deferred(token: u64) -> Response {
        Response {
            deferred: Some(token),
            ..Response::default()
        }
    }

    /// The same answer with another status.
    pub fn with_status(mut self, status: u16) -> Response {
        self.status = status;
        self
    }

    /// The same answer with one more header, after those it has. A name may be
    /// given more than once, as for `set-cookie`.
    pub fn with_header(mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) -> Response {
        let field = Field(eg_field {
            name: self.keep(name.into()),
            value: self.keep(value.into()),
        });
        self.fields.to_mut().push(field);
        self
    }

    /// The same answer with another body.
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Response {
        self.body = body.into();
        self
    }

    pub fn status(&self) -> u16 {
        self.status
    }

    /// Names and values in the order in which they are sent.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|field| {
            // SAFETY: static or in self.kept, which is borrowed with self.
            let get = |bytes: eg_bytes| unsafe { bytes.get() }.unwrap_or_default();
            (get(field.0.name), get(field.0.value))
        })
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Where `bytes` lie as long as this response does. A Vec's buffer stays
    /// where it is when the Vec moves, and none in `kept` is ever changed.
    fn keep(&mut self, bytes: Bytes) -> eg_bytes {
        match bytes.0 {
            Cow::Borrowed(bytes) => eg_bytes::of(bytes),
            Cow::Owned(bytes) => {
                let place = eg_bytes::of(&bytes);
                self.kept.push(bytes);
                place
            }
        }
    }

    /// The token of the request that a completer answers, if this is no answer.
    pub(crate) fn deferred_token(&self) -> Option<u64> {
        self.deferred
    }

    /// Whether all of it lies in static memory.
    pub(crate) fn is_static(&self) -> bool {
        matches!(self.fields, Cow::Borrowed(_)) && matches!(self.body.0, Cow::Borrowed(_))
    }

    /// Points `out` at this response, which must stay until the host copied.
    pub(crate) fn describe(&self, out: &mut eg_response) {
        out.status = i32::from(self.status);
        out.headers = self.fields.as_ptr().cast();
        out.header_count = self.fields.len() as u64;
        out.body = eg_bytes::of(&self.body);
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.fields.len())
            .field("body_length", &self.body.len())
            .finish()
    }
}
