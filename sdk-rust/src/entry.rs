//! handler_entry for a handler that is an ordinary function.

use std::ptr;

use crate::abi::{self, eg_host, eg_request, eg_response};
use crate::answer::{fail, fill, IntoAnswer};
use crate::guard::guard;
use crate::instance::Instance;
use crate::{Error, Init, Request, Response};

/// Marks a handler that takes the request alone.
pub struct Plain;

/// Marks a handler that takes the instance's state and the request.
pub struct WithState;

/// What `handler!` takes.
pub trait Handler<S, Kind> {
    fn call(&self, state: &S, request: &Request) -> Result<Response, Error>;
}

impl<H, A> Handler<(), Plain> for H
where
    H: Fn(&Request) -> A,
    A: IntoAnswer,
{
    fn call(&self, _: &(), request: &Request) -> Result<Response, Error> {
        self(request).into_answer()
    }
}

impl<H, S, A> Handler<S, WithState> for H
where
    H: Fn(&S, &Request) -> A,
    A: IntoAnswer,
{
    fn call(&self, state: &S, request: &Request) -> Result<Response, Error> {
        self(state, request).into_answer()
    }
}

/// The body of handler_entry.
///
/// # Safety
/// As for handler_entry in the header; the request's `self` must come from
/// [`start`](crate::instance::start) with the same `new`.
pub unsafe fn entry<S, E, Kind>(
    host: *const eg_host,
    request: *const eg_request,
    out: *mut eg_response,
    handler: &impl Handler<S, Kind>,
    _new: &impl Fn(&Init) -> Result<S, E>,
) -> i32 {
    // SAFETY: pointers of the host, by this function's own contract.
    let instance = match unsafe { instance_of::<S>(host, request, out) } {
        Ok(instance) => instance,
        Err(status) => return status,
    };
    // SAFETY: the host keeps the request until it has been answered, and the
    // Request is gone when this returns.
    let (view, token) = unsafe {
        let view = Request::new(host, request, &instance.shared, ptr::null());
        (view, (*request).token)
    };
    match guard(|| handler.call(&instance.state, &view)) {
        // SAFETY: the response of this request, still empty.
        Ok(answer) => unsafe { fill(answer, token, out) },
        // SAFETY: the same.
        Err(panic) => fail(abi::EG_E_INTERNAL, panic, unsafe { &mut *out }),
    }
}

/// What `self` points to, or the status to return.
///
/// # Safety
/// As for [`entry`].
pub(crate) unsafe fn instance_of<'i, S>(
    host: *const eg_host,
    request: *const eg_request,
    out: *mut eg_response,
) -> Result<&'i Instance<S>, i32> {
    if host.is_null() || request.is_null() || out.is_null() {
        return Err(abi::EG_E_INVALID);
    }
    // SAFETY: by this function's own contract; an instance outlives its requests.
    unsafe { (*request).self_.cast::<Instance<S>>().as_ref() }.ok_or_else(|| {
        let message = "a request came before handler_init".to_owned();
        // SAFETY: the response of this request, still empty.
        fail(abi::EG_E_INVALID, message, unsafe { &mut *out })
    })
}
