//! handler_entry for an `async fn`: the future is polled here, and what it
//! waits for becomes an EG_AWAIT.
//!
//! The task is one allocation, and its address the state that the host keeps
//! between an EG_AWAIT and its resume. The future may be polled on a different
//! thread each time, hence it must be Send.

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use crate::abi::{self, eg_host, eg_request, eg_response};
use crate::answer::{fail, fill, IntoAnswer};
use crate::entry::{instance_of, Plain, WithState};
use crate::guard::guard;
use crate::ops::Ops;
use crate::{Init, Level, Request};

/// What `async_handler!` takes.
pub trait AsyncHandler<'r, S, Kind> {
    type Future: Future<Output: IntoAnswer> + Send + 'r;

    fn call(&self, state: &'r S, request: &'r Request) -> Self::Future;
}

impl<'r, H, F> AsyncHandler<'r, (), Plain> for H
where
    H: Fn(&'r Request) -> F,
    F: Future<Output: IntoAnswer> + Send + 'r,
{
    type Future = F;

    fn call(&self, _: &'r (), request: &'r Request) -> F {
        self(request)
    }
}

impl<'r, H, S, F> AsyncHandler<'r, S, WithState> for H
where
    S: 'r,
    H: Fn(&'r S, &'r Request) -> F,
    F: Future<Output: IntoAnswer> + Send + 'r,
{
    type Future = F;

    fn call(&self, state: &'r S, request: &'r Request) -> F {
        self(state, request)
    }
}

/// The body of handler_entry.
///
/// # Safety
/// As for handler_entry in the header; the request's `self` must come from
/// [`start`](crate::instance::start) with the same `new`.
pub unsafe fn async_entry<S, E, Kind>(
    host: *const eg_host,
    request: *const eg_request,
    out: *mut eg_response,
    handler: &impl for<'r> AsyncHandler<'r, S, Kind>,
    _new: &impl Fn(&Init) -> Result<S, E>,
) -> i32
where
    S: 'static,
{
    // SAFETY: pointers of the host, by this function's own contract.
    let instance = match unsafe { instance_of::<S>(host, request, out) } {
        Ok(instance) => instance,
        Err(status) => return status,
    };
    let task = Arc::new_cyclic(|weak: &Weak<Task<_>>| Task {
        // SAFETY: the host keeps the request until it has been answered, and
        // the task, which has the list as well, does not live longer.
        request: unsafe {
            let ops = &raw const (*weak.as_ptr()).ops;
            Request::new(host, request, &instance.shared, ops)
        },
        ops: Ops::new(),
        woken: AtomicBool::new(false),
        future: UnsafeCell::new(None),
    });
    let task = Arc::into_raw(task);
    // SAFETY: the future, which alone gets this reference, is dropped before
    // the task is; the task does not move.
    let view = unsafe { &(*task).request };
    match guard(|| handler.call(&instance.state, view)) {
        Ok(future) => {
            // SAFETY: no other thread knows of the task yet.
            unsafe {
                *(*task).future.get() = Some(future);
                drive(task, out)
            }
        }
        // SAFETY: the task ends here; the response is this request's.
        Err(panic) => unsafe {
            end(task);
            fail(abi::EG_E_INTERNAL, panic, &mut *out)
        },
    }
}

struct Task<F> {
    request: Request,
    ops: Ops,
    /// Something that the future waits for has changed since it was polled.
    woken: AtomicBool,
    /// Touched by the thread that the host is on with this request, alone.
    /// None before the start and after the end.
    future: UnsafeCell<Option<F>>,
}

/// How often a future that wakes itself while operations wait to be sent is
/// polled before they are sent all the same.
const EAGER_POLLS: usize = 64;

/// Polls the future until it has an answer or waits for the host.
///
/// # Safety
/// `task` must hold a future and be used by this thread alone; it is given up
/// unless the result is EG_AWAIT. `out` must be its request's empty response.
unsafe fn drive<F: Future<Output: IntoAnswer>>(task: *const Task<F>, out: *mut eg_response) -> i32 {
    // SAFETY: by this function's own contract.
    let this = unsafe { &*task };
    // SAFETY: the waker is a reference that is not counted, and not dropped.
    let waker = ManuallyDrop::new(unsafe { Waker::from_raw(raw_waker(task)) });
    let mut cx = Context::from_waker(&waker);
    let mut polls = 0;
    let failure = loop {
        this.woken.store(false, Ordering::Relaxed);
        let polled = guard(|| {
            // SAFETY: this thread alone; a future in a task never moves.
            let future = unsafe { (*this.future.get()).as_mut() };
            let future = future.map(|future| unsafe { Pin::new_unchecked(future) });
            let answer = future.map(|future| future.poll(&mut cx));
            answer.map(|poll| poll.map(IntoAnswer::into_answer))
        });
        match polled {
            Ok(Some(Poll::Ready(answer))) => {
                // SAFETY: the task ends here; `out` by the contract.
                unsafe {
                    let token = this.request.context().token();
                    end(task);
                    return fill(answer, token, out);
                }
            }
            Ok(Some(Poll::Pending)) => {}
            Ok(None) => break "resumed after the end".to_owned(),
            Err(panic) => break panic,
        }
        polls += 1;
        let woken = this.woken.load(Ordering::Acquire);
        if woken && polls < EAGER_POLLS {
            continue;
        }
        if let Some((ops, count)) = this.ops.send() {
            // SAFETY: `out` by the contract; the list stays in the task.
            unsafe {
                (*out).ops = ops;
                (*out).op_count = count;
                (*out).resume = Some(resume::<F>);
                (*out).state = task.cast_mut().cast();
            }
            return abi::EG_AWAIT;
        }
        if !woken {
            break "await on a future that is not the host's".to_owned();
        }
    };
    // SAFETY: the task ends here; `out` by the contract.
    unsafe {
        end(task);
        fail(abi::EG_E_INTERNAL, failure, &mut *out)
    }
}

/// # Safety
/// As for eg_resume in the header; `state` must come from an EG_AWAIT of
/// `drive` with the same F, and be given once.
unsafe extern "C" fn resume<F: Future<Output: IntoAnswer>>(
    _host: *const eg_host,
    _request: *const eg_request,
    out: *mut eg_response,
    state: *mut c_void,
    reason: i32,
) -> i32 {
    let task = state.cast_const().cast::<Task<F>>();
    // SAFETY: by this function's own contract.
    unsafe {
        if reason != abi::EG_OK {
            end(task);
            return abi::EG_OK;
        }
        if let Err(panic) = guard(|| (*task).ops.finish()) {
            end(task);
            return fail(abi::EG_E_INTERNAL, panic, &mut *out);
        }
        drive(task, out)
    }
}

/// Drops the future and gives the task up. The memory goes with the last
/// waker that somebody may still have.
///
/// # Safety
/// `task` must come from Arc::into_raw and not be used afterwards.
unsafe fn end<F>(task: *const Task<F>) {
    // SAFETY: by this function's own contract.
    let task = unsafe { Arc::from_raw(task) };
    // SAFETY: this thread alone; what the future borrows is still there.
    let dropped = guard(|| unsafe { *task.future.get() = None });
    if let Err(panic) = dropped.and_then(|()| guard(|| task.ops.clear())) {
        let message = format_args!("while dropping the handler's future: {panic}");
        task.request.log(Level::Error, message);
    }
}

fn raw_waker<F>(task: *const Task<F>) -> RawWaker {
    RawWaker::new(task.cast(), const { &vtable::<F>() })
}

/// A waker is a counted reference to the task, of which it uses `woken` alone,
/// from any thread.
const fn vtable<F>() -> RawWakerVTable {
    /// # Safety (of all four)
    /// `data` must be the task that `raw_waker` was given.
    unsafe fn clone<F>(data: *const ()) -> RawWaker {
        let task = data.cast::<Task<F>>();
        // SAFETY: the task came from Arc::into_raw and is alive.
        unsafe { Arc::increment_strong_count(task) };
        raw_waker(task)
    }
    unsafe fn wake<F>(data: *const ()) {
        // SAFETY: the same; the waker's count ends here.
        unsafe {
            wake_by_ref::<F>(data);
            release::<F>(data);
        }
    }
    unsafe fn wake_by_ref<F>(data: *const ()) {
        // SAFETY: the same; the field is made for every thread.
        let woken = unsafe { &(*data.cast::<Task<F>>()).woken };
        woken.store(true, Ordering::Release);
    }
    unsafe fn release<F>(data: *const ()) {
        // SAFETY: the same. The future is gone if this is the last reference.
        unsafe { Arc::decrement_strong_count(data.cast::<Task<F>>()) };
    }
    RawWakerVTable::new(clone::<F>, wake::<F>, wake_by_ref::<F>, release::<F>)
}
