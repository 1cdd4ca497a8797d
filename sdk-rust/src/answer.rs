use std::ffi::c_void;
use std::ptr;

use crate::abi::{self, eg_bytes, eg_response};
use crate::{Error, Response};

/// What a handler may return: a [`Response`], or a `Result` of one.
pub trait IntoAnswer {
    #[doc(hidden)]
    fn into_answer(self) -> Result<Response, Error>;
}

impl IntoAnswer for Response {
    fn into_answer(self) -> Result<Response, Error> {
        Ok(self)
    }
}

impl<E: Into<Error>> IntoAnswer for Result<Response, E> {
    fn into_answer(self) -> Result<Response, Error> {
        self.map_err(Into::into)
    }
}

/// Hands what a handler returned to the host, without copying it: it stays in
/// a box that the host's call of `release` drops.
///
/// # Safety
/// `out` must be the empty response that came with the request of `token`.
pub(crate) unsafe fn fill(
    answer: Result<Response, Error>,
    token: u64,
    out: *mut eg_response,
) -> i32 {
    // SAFETY: the host lends the response to one thread at a time.
    let out = unsafe { &mut *out };
    let response = match answer.or_else(Error::into_answer) {
        Ok(response) => response,
        Err((status, message)) => return fail(status, message, out),
    };
    match response.deferred_token() {
        Some(deferred) if deferred == token => return abi::EG_PENDING,
        Some(_) => {
            let message = "the handler returned what defer() gave for another request";
            return fail(abi::EG_E_INTERNAL, message.to_owned(), out);
        }
        None => {}
    }
    if response.is_static() {
        response.describe(out);
        return abi::EG_OK;
    }
    let response = Box::new(response);
    response.describe(out);
    hold(response, out);
    abi::EG_OK
}

/// Answers with an error whose text goes to the log.
pub(crate) fn fail(status: i32, message: String, out: &mut eg_response) -> i32 {
    let message = Box::new(message);
    out.message = eg_bytes::of(message.as_bytes());
    hold(message, out);
    status
}

fn hold<T>(what: Box<T>, out: &mut eg_response) {
    /// # Safety
    /// `context` must come from `hold::<T>`, and be given once.
    unsafe extern "C" fn release<T>(context: *mut c_void) {
        // SAFETY: by this function's own contract.
        drop(unsafe { Box::from_raw(context.cast::<T>()) });
    }
    out.release = Some(release::<T>);
    out.release_context = Box::into_raw(what).cast();
}

/// A response for the host with nothing in it.
pub(crate) fn empty() -> eg_response {
    eg_response {
        struct_size: size_of::<eg_response>() as u32,
        status: 0,
        headers: ptr::null(),
        header_count: 0,
        body: eg_bytes::ABSENT,
        message: eg_bytes::ABSENT,
        release: None,
        release_context: ptr::null_mut(),
        ops: ptr::null_mut(),
        op_count: 0,
        resume: None,
        state: ptr::null_mut(),
    }
}
