use std::fmt;

use crate::abi;
use crate::Response;

/// Why a handler, or something it asked the host for, did not succeed.
///
/// Returned from a handler, an error is a 500 for the client and its text is a
/// line in the gateway's log: the text never reaches the client. An error made
/// from a [`Response`] is that answer instead, so that `?` can end a handler
/// with a 400 as well.
///
/// Every `std::error::Error` converts into one, with the text of its sources.
pub struct Error(Kind);

enum Kind {
    Failure { status: i32, message: String },
    Answer(Box<Response>),
}

impl Error {
    /// A failure of the handler, with the text for the log.
    pub fn new(message: impl Into<String>) -> Error {
        Error::failure(abi::EG_E_INTERNAL, message)
    }

    /// The status of the contract that stands for this error, such as
    /// [`abi::EG_E_UNAVAILABLE`]; `EG_OK` if it stands for an answer.
    pub fn status(&self) -> i32 {
        match self.0 {
            Kind::Failure { status, .. } => status,
            Kind::Answer(_) => abi::EG_OK,
        }
    }

    pub(crate) fn failure(status: i32, message: impl Into<String>) -> Error {
        Error(Kind::Failure {
            status,
            message: message.into(),
        })
    }

    /// `Ok` for `EG_OK`, else an error that says what was tried.
    pub(crate) fn check(status: i32, what: &str) -> Result<(), Error> {
        if status == abi::EG_OK {
            return Ok(());
        }
        Err(Error::failure(
            status,
            format!("{what}: {}", describe(status)),
        ))
    }

    /// Splits into an answer, or status and text of a failure.
    pub(crate) fn into_answer(self) -> Result<Response, (i32, String)> {
        match self.0 {
            Kind::Failure { status, message } => Err((status, message)),
            Kind::Answer(response) => Ok(*response),
        }
    }
}

fn describe(status: i32) -> String {
    let text = match status {
        abi::EG_E_INTERNAL => "internal fault",
        abi::EG_E_INVALID => "invalid argument",
        abi::EG_E_UNSUPPORTED => "the host does not offer this",
        abi::EG_E_DENIED => "the endpoint has no binding of that name",
        abi::EG_E_NO_MEMORY => "the request's memory is used up",
        abi::EG_E_DEADLINE => "the request's time is up",
        abi::EG_E_CANCELED => "the request was canceled",
        abi::EG_E_CLOSING => "the instance is shutting down",
        abi::EG_E_STALE => "the request is not open",
        abi::EG_E_DONE => "the request has been completed before",
        abi::EG_E_OVERLOADED => "overloaded, try later",
        abi::EG_E_NOT_FOUND => "not found",
        abi::EG_E_UNAVAILABLE => "the backend cannot be reached",
        abi::EG_E_TOO_LARGE => "too large",
        _ => return format!("status {status}"),
    };
    text.to_owned()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Failure { message, .. } => f.write_str(message),
            Kind::Answer(response) => write!(f, "answered with status {}", response.status()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self}, status {})", self.status())
    }
}

impl From<Response> for Error {
    fn from(response: Response) -> Self {
        Error(Kind::Answer(Box::new(response)))
    }
}

// Error itself is no std::error::Error, which would make this impl overlap
// with the one of every type into itself.
impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        Error::new(message)
    }
}
