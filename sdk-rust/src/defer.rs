use crate::abi::{self, eg_bytes};
use crate::answer::{empty, IntoAnswer};
use crate::{Context, Error, Response};

/// Answers one request from any thread, once. Made by
/// [`Request::defer`](crate::Request::defer).
///
/// Dropped without an answer, it answers 500.
#[derive(Debug)]
pub struct Completer {
    context: Context,
    open: bool,
}

impl Completer {
    pub(crate) fn new(context: Context) -> Completer {
        Completer {
            context,
            open: true,
        }
    }

    /// Answers the request. The host has copied the answer when this returns.
    ///
    /// An error says that the client does not get it: the request's time was
    /// up (status `EG_E_DEADLINE`), the handler returned something else than
    /// what `defer` gave (`EG_E_STALE`), the instance is shut down
    /// (`EG_E_CLOSING`), the answer is too large or breaks a rule.
    pub fn complete(mut self, answer: impl IntoAnswer) -> Result<(), Error> {
        self.open = false;
        self.send(answer.into_answer())
    }

    /// The host in the name of the request.
    pub fn context(&self) -> Context {
        self.context
    }

    fn send(&self, answer: Result<Response, Error>) -> Result<(), Error> {
        let answer = match answer.or_else(Error::into_answer) {
            Ok(response) if response.deferred_token().is_some() => Err((
                abi::EG_E_INTERNAL,
                "a completer was given what defer() stands for".to_owned(),
            )),
            other => other,
        };
        let mut out = empty();
        let status = match &answer {
            Ok(response) => {
                response.describe(&mut out);
                abi::EG_OK
            }
            Err((status, message)) => {
                out.message = eg_bytes::of(message.as_bytes());
                *status
            }
        };
        let host = self.context.host();
        // SAFETY: the table is valid for ever; the host copies before it
        // returns, and `answer` lives until then.
        let taken = unsafe { ((*host).complete)(host, self.context.token(), status, &out) };
        Error::check(taken, "complete the request")
    }
}

impl Drop for Completer {
    fn drop(&mut self) {
        if self.open {
            let error = Error::new("the completer was dropped without an answer");
            // Refused means that the request is over without this.
            let _ = self.send(Err(error));
        }
    }
}
