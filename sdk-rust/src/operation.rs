use std::ffi::c_void;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll};

use crate::abi::{self, eg_bytes, eg_op, eg_problem};
use crate::arguments::Arguments;
use crate::services::Lent;
use crate::{Error, Request};

/// Something a service is asked to do; nothing happens yet.
///
/// In an async handler `.await` it, several side by side with
/// [`join`](crate::join) or [`join_all`](crate::join_all): the request holds no
/// thread meanwhile. In an ordinary handler [`wait`](Operation::wait) for it, or
/// for several with [`wait_all`], which holds the thread.
///
/// An operation keeps copies of what it was made of. What it gives back lies in
/// memory of the request: it costs no copy and can be used as long as the
/// request is not answered.
///
/// An operation that was started goes on when it is dropped; only its result
/// is lost.
#[must_use = "nothing happens before it is awaited or waited for"]
pub struct Operation<'r, T> {
    request: &'r Request,
    /// For the text of errors: "sql query".
    what: &'static str,
    service: *const c_void,
    code: u32,
    arguments: Arguments,
    read: fn(Reply<'r>) -> Result<T, Error>,
    stage: Stage<T>,
}

enum Stage<T> {
    New,
    /// On the request's list at this place.
    Listed(usize),
    /// Settled without the host, or over.
    Known(Option<Result<T, Error>>),
}

// SAFETY: `service` is a table of the host, immutable and valid as long as the
// instance; Request and Arguments are Send, and so is `read`.
unsafe impl<T: Send> Send for Operation<'_, T> {}

// The future does not care where it lies: its arguments are on the heap.
impl<T> Unpin for Operation<'_, T> {}

impl<'r, T> Operation<'r, T> {
    /// # Safety
    /// `service` must be a table that the host gave this instance, `arguments`
    /// those of its operation `code`, and `read` take the result for what the
    /// header says it is.
    pub(crate) unsafe fn new(
        request: &'r Request,
        what: &'static str,
        service: *const c_void,
        code: u32,
        arguments: Arguments,
        read: fn(Reply<'r>) -> Result<T, Error>,
    ) -> Operation<'r, T> {
        Operation {
            request,
            what,
            service,
            code,
            arguments,
            read,
            stage: Stage::New,
        }
    }

    /// One whose outcome is known without asking the host.
    pub(crate) fn known(request: &'r Request, outcome: Result<T, Error>) -> Operation<'r, T> {
        Operation {
            request,
            what: "",
            service: ptr::null(),
            code: 0,
            arguments: Arguments::none(),
            read: |_| Err(Error::new("an operation has no reader")),
            stage: Stage::Known(Some(outcome)),
        }
    }

    /// Runs the operation on this thread, which is held until it is done. For
    /// ordinary handlers; an async one should `.await` it.
    pub fn wait(self) -> Result<T, Error> {
        let mut outcomes = wait_all([self]);
        let lost = || Err(Error::new("an operation has no outcome"));
        outcomes.pop().unwrap_or_else(lost)
    }

    /// The operation as the host wants it. It points to the arguments.
    fn op(&self) -> eg_op {
        eg_op {
            service: self.service,
            code: self.code,
            status: abi::EG_OK,
            args: self.arguments.root(),
            result: ptr::null(),
        }
    }

    fn take(&self, status: i32, result: *const c_void) -> Result<T, Error> {
        (self.read)(Reply {
            request: self.request,
            what: self.what,
            service: self.service,
            status,
            result,
        })
    }
}

/// Runs operations side by side on this thread, which is held until all are
/// done; outcomes in the order given. For ordinary handlers; in an async one
/// [`join_all`](crate::join_all) does the same.
pub fn wait_all<'r, T>(
    operations: impl IntoIterator<Item = Operation<'r, T>>,
) -> Vec<Result<T, Error>> {
    let mut operations: Vec<_> = operations.into_iter().collect();
    let mut outcomes = Vec::with_capacity(operations.len());
    for part in operations.chunks_mut(abi::EG_AWAIT_MAX) {
        let is_new = |operation: &&mut Operation<T>| matches!(operation.stage, Stage::New);
        let mut ops: Vec<_> = part
            .iter_mut()
            .filter(is_new)
            .map(|operation| operation.op())
            .collect();
        let called = match part.first() {
            Some(first) if !ops.is_empty() => call(first.request, &mut ops),
            _ => abi::EG_OK,
        };
        let mut done = ops.into_iter();
        outcomes.extend(part.iter_mut().map(|operation| match &mut operation.stage {
            Stage::Known(outcome) => outcome.take().unwrap_or_else(used),
            Stage::Listed(_) => used(),
            Stage::New => {
                Error::check(called, operation.what)?;
                let (status, result) =
                    done.next().map_or((abi::EG_E_INTERNAL, ptr::null()), |op| {
                        (op.status, op.result)
                    });
                operation.take(status, result)
            }
        }));
    }
    outcomes
}

fn used<T>() -> Result<T, Error> {
    Err(Error::new("an operation was awaited before"))
}

/// Has the host run `ops`, each of which must have been made by
/// [`Operation::op`] for `request`.
fn call(request: &Request, ops: &mut [eg_op]) -> i32 {
    let host = request.raw_host();
    let token = request.context().token();
    // SAFETY: the table is valid for ever; the operations are sound by the
    // contract of Operation::new, their arguments outlive the call.
    unsafe { ((*host).call)(host, token, ops.as_mut_ptr(), ops.len() as u64) }
}

impl<T> Future for Operation<'_, T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Stage::Known(outcome) = &mut this.stage {
            return Poll::Ready(outcome.take().unwrap_or_else(used));
        }
        let Some(ops) = this.request.ops() else {
            let message = "a service can be awaited in an async handler only; wait for it here";
            return Poll::Ready(Err(Error::failure(abi::EG_E_UNSUPPORTED, message)));
        };
        let Stage::Listed(place) = this.stage else {
            this.stage = Stage::Listed(ops.queue(this.op(), cx.waker().clone()));
            return Poll::Pending;
        };
        let (status, result) = std::task::ready!(ops.poll(place, cx.waker()));
        this.stage = Stage::Known(None);
        Poll::Ready(this.take(status, result))
    }
}

impl<T> Drop for Operation<'_, T> {
    fn drop(&mut self) {
        if let (&Stage::Listed(place), Some(ops)) = (&self.stage, self.request.ops()) {
            ops.free(place);
        }
    }
}

impl<T> fmt::Debug for Operation<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Operation({})", self.what)
    }
}

/// What came of an operation, as the host wrote it.
pub(crate) struct Reply<'r> {
    pub(crate) request: &'r Request,
    pub(crate) what: &'static str,
    pub(crate) service: *const c_void,
    pub(crate) status: i32,
    result: *const c_void,
}

impl<'r> Reply<'r> {
    /// The service that it is of.
    pub(crate) fn lent(&self) -> Lent<'r> {
        Lent {
            request: self.request,
            table: self.service,
        }
    }

    /// `Ok` for an operation that succeeded and has no result.
    pub(crate) fn done(&self) -> Result<(), Error> {
        match self.status {
            abi::EG_OK => Ok(()),
            _ => Err(self.error()),
        }
    }

    /// Whether it succeeded; `no` is the status that is an answer and no error.
    pub(crate) fn unless(&self, no: i32) -> Result<bool, Error> {
        match self.status {
            status if status == no => Ok(false),
            _ => self.done().map(|()| true),
        }
    }

    /// The result struct of an operation that succeeded.
    ///
    /// # Safety
    /// `R` must be the struct that the header names for this operation.
    pub(crate) unsafe fn result<R>(&self) -> Result<&'r R, Error> {
        self.done()?;
        // SAFETY: valid until the request has been answered, which is later
        // than the end of 'r; what it is, by this function's own contract.
        unsafe { self.result.cast::<R>().as_ref() }.ok_or_else(|| {
            let message = format!("{}: the host gave no result", self.what);
            Error::failure(abi::EG_E_INTERNAL, message)
        })
    }

    fn error(&self) -> Error {
        // SAFETY: with an error the result is an eg_problem or NULL.
        match unsafe { self.result.cast::<eg_problem>().as_ref() } {
            // SAFETY: what a result points to is as valid as it.
            Some(problem) => unsafe { Error::problem(self.status, self.what, problem) },
            None => Error::status_of(self.status, self.what),
        }
    }
}

/// What a result of a request points to.
///
/// # Safety
/// `'r` must be the request's, as it is in a [`Reply`].
pub(crate) unsafe fn bytes<'r>(bytes: eg_bytes) -> Option<&'r [u8]> {
    // SAFETY: by this function's own contract.
    unsafe { bytes.get() }
}

/// The same as text; empty if it is absent or no UTF-8, which a host that keeps
/// the contract does not send.
///
/// # Safety
/// The same.
pub(crate) unsafe fn text<'r>(text: eg_bytes) -> &'r str {
    // SAFETY: by this function's own contract.
    std::str::from_utf8(unsafe { bytes(text) }.unwrap_or_default()).unwrap_or_default()
}

/// A list of a result.
///
/// # Safety
/// The same, and `list` must have `count` elements.
pub(crate) unsafe fn list<'r, T>(list: *const T, count: u64) -> &'r [T] {
    if count == 0 {
        return &[];
    }
    // SAFETY: by this function's own contract.
    unsafe { std::slice::from_raw_parts(list, count as usize) }
}
