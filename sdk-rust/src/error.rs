use std::fmt;

use crate::abi::{self, eg_bytes, eg_problem};
use crate::Response;

/// Why a handler, or something it asked the host for, did not succeed.
///
/// Returned from a handler, an error is a 500 for the client and its text is a
/// line in the gateway's log: the text never reaches the client. That of a
/// service is a 503 where its backend is overloaded or cannot be reached, and a
/// 504 where the time is up. An error made
/// from a [`Response`] is that answer instead, so that `?` can end a handler
/// with a 400 as well.
///
/// Every `std::error::Error` converts into one, with the text of its sources.
pub struct Error(Kind);

enum Kind {
    Failure { status: i32, message: String },
    Problem(Box<Problem>),
    Answer(Box<Response>),
}

/// What a service said beside the status.
struct Problem {
    status: i32,
    message: String,
    code: Option<String>,
    subject: Option<String>,
    position: u32,
}

impl Error {
    /// A failure of the handler, with the text for the log.
    pub fn new(message: impl Into<String>) -> Error {
        Error::failure(abi::EG_E_INTERNAL, message)
    }

    /// The status of the contract that stands for this error, such as
    /// [`abi::EG_E_UNAVAILABLE`]; `EG_OK` if it stands for an answer.
    pub fn status(&self) -> i32 {
        match &self.0 {
            Kind::Failure { status, .. } => *status,
            Kind::Problem(problem) => problem.status,
            Kind::Answer(_) => abi::EG_OK,
        }
    }

    /// Whether what is there already forbids it: a violated constraint, a
    /// transaction that could not be serialised and should be run again, an
    /// object that was to be new.
    pub fn is_conflict(&self) -> bool {
        self.status() == abi::EG_E_CONFLICT
    }

    /// Whether there is nothing of that name.
    pub fn is_not_found(&self) -> bool {
        self.status() == abi::EG_E_NOT_FOUND
    }

    /// The backend's own code, such as the SQLSTATE `"23505"`.
    pub fn code(&self) -> Option<&str> {
        self.problem_of()?.code.as_deref()
    }

    /// What the error is about: the violated constraint, a host.
    pub fn subject(&self) -> Option<&str> {
        self.problem_of()?.subject.as_deref()
    }

    /// Which statement of a batch failed, from 0.
    pub fn position(&self) -> usize {
        self.problem_of()
            .map_or(0, |problem| problem.position as usize)
    }

    fn problem_of(&self) -> Option<&Problem> {
        match &self.0 {
            Kind::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// What a service said of an operation.
    ///
    /// # Safety
    /// `problem` must be whole, with all it points to.
    pub(crate) unsafe fn problem(status: i32, what: &str, problem: &eg_problem) -> Error {
        let text = |bytes: eg_bytes| {
            // SAFETY: by this function's own contract.
            let bytes = unsafe { bytes.get() }?;
            Some(String::from_utf8_lossy(bytes).into_owned())
        };
        let described = describe(status);
        let message = match text(problem.message) {
            Some(said) => format!("{what}: {described}: {said}"),
            None => format!("{what}: {described}"),
        };
        Error(Kind::Problem(Box::new(Problem {
            status,
            message,
            code: text(problem.code),
            subject: text(problem.subject),
            position: problem.position,
        })))
    }

    /// The error of a status that is not `EG_OK`.
    pub(crate) fn status_of(status: i32, what: &str) -> Error {
        Error::failure(status, format!("{what}: {}", describe(status)))
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
        Err(Error::status_of(status, what))
    }

    /// Splits into an answer, or status and text of a failure.
    pub(crate) fn into_answer(self) -> Result<Response, (i32, String)> {
        match self.0 {
            Kind::Failure { status, message } => Err((status, message)),
            Kind::Problem(problem) => Err((problem.status, problem.message)),
            Kind::Answer(response) => Ok(*response),
        }
    }
}

fn describe(status: i32) -> String {
    let text = match status {
        abi::EG_E_INTERNAL => "internal fault",
        abi::EG_E_INVALID => "invalid argument",
        abi::EG_E_UNSUPPORTED => "the host does not offer this",
        abi::EG_E_DENIED => "denied",
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
        abi::EG_E_TX_GONE => "the transaction has ended",
        abi::EG_E_UNKNOWN_OUTCOME => "it may have happened, or not",
        abi::EG_E_CONFLICT => "in conflict with what is there",
        abi::EG_E_REFUSED => "refused by the backend",
        _ => return format!("status {status}"),
    };
    text.to_owned()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Failure { message, .. } => f.write_str(message),
            Kind::Problem(problem) => f.write_str(&problem.message),
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
