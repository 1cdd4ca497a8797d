//! The operations of one request.
//!
//! An operation that is polled puts itself on the list of its request. When
//! the handler's future can go no further, all that are on the list are handed
//! to the host in one EG_AWAIT; the resume brings their results and wakes the
//! futures that wait for them.

use std::ffi::c_void;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::abi::{self, eg_op};
use crate::few::Few;

/// The operations of one request that are not finished.
pub(crate) struct Ops(Mutex<Table>);

struct Table {
    slots: Few<Slot>,
    /// What the host works on between an EG_AWAIT and its resume. Nothing
    /// here touches it meanwhile.
    batch: Few<Sent>,
}

// SAFETY: the pointers in it are to arguments, which are kept until their slot
// is free, and to results of the host, valid until the request is answered; both
// on every thread.
unsafe impl Send for Table {}

#[derive(Default)]
enum Slot {
    #[default]
    Free,
    Queued(eg_op, Waker),
    /// At this place of the batch.
    Sent(usize, Waker),
    Done(i32, *const c_void),
}

#[repr(transparent)]
struct Sent(eg_op);

impl Default for Sent {
    fn default() -> Self {
        Sent(eg_op {
            service: ptr::null(),
            code: 0,
            status: 0,
            args: ptr::null(),
            result: ptr::null(),
        })
    }
}

impl Ops {
    pub(crate) fn new() -> Ops {
        Ops(Mutex::new(Table {
            slots: Few::new(),
            batch: Few::new(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // No code of the handler runs under the lock, so none panics.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The list for the host, or `None` if no operation waits to be handed on.
    /// Stays in place until `finish`.
    pub(crate) fn send(&self) -> Option<(*mut eg_op, u64)> {
        let mut table = self.lock();
        let Table { slots, batch } = &mut *table;
        batch.clear();
        let mut count = 0;
        for slot in slots.as_mut_slice() {
            if count == abi::EG_AWAIT_MAX {
                break; // the rest goes with the next EG_AWAIT
            }
            match std::mem::take(slot) {
                Slot::Queued(op, waker) => {
                    *slot = Slot::Sent(count, waker);
                    batch.push(Sent(op));
                    count += 1;
                }
                other => *slot = other,
            }
        }
        (count > 0).then(|| (batch.as_mut_slice().as_mut_ptr().cast(), count as u64))
    }

    /// Takes over the results that the host wrote and wakes who waits.
    pub(crate) fn finish(&self) {
        for place in 0.. {
            let mut table = self.lock();
            let Table { slots, batch } = &mut *table;
            let Some(slot) = slots.as_mut_slice().get_mut(place) else {
                return;
            };
            match std::mem::take(slot) {
                Slot::Sent(sent, waker) => {
                    let op = &batch.as_mut_slice()[sent].0;
                    *slot = Slot::Done(op.status, op.result);
                    drop(table); // wake may run code of the handler
                    waker.wake();
                }
                other => *slot = other,
            }
        }
    }

    pub(crate) fn queue(&self, op: eg_op, waker: Waker) -> usize {
        let mut table = self.lock();
        let slots = table.slots.as_mut_slice();
        let place = slots.iter().position(|slot| matches!(slot, Slot::Free));
        let queued = Slot::Queued(op, waker);
        match place {
            Some(place) => {
                slots[place] = queued;
                place
            }
            None => {
                let place = slots.len();
                table.slots.push(queued);
                place
            }
        }
    }

    /// Status and result once the host has written them; frees the slot then.
    pub(crate) fn poll(&self, place: usize, waker: &Waker) -> Poll<(i32, *const c_void)> {
        let mut table = self.lock();
        let slot = &mut table.slots.as_mut_slice()[place];
        let old = match slot {
            Slot::Done(status, result) => {
                let done = (*status, *result);
                *slot = Slot::Free;
                return Poll::Ready(done);
            }
            Slot::Queued(_, known) | Slot::Sent(_, known) if !known.will_wake(waker) => {
                Some(std::mem::replace(known, waker.clone()))
            }
            _ => None,
        };
        drop(table); // before what may run code of the handler
        drop(old);
        Poll::Pending
    }

    pub(crate) fn free(&self, place: usize) {
        let slot = std::mem::take(&mut self.lock().slots.as_mut_slice()[place]);
        drop(slot); // after the lock
    }

    /// Forgets everything, for a request that is over.
    pub(crate) fn clear(&self) {
        let slots = std::mem::replace(&mut self.lock().slots, Few::new());
        drop(slots); // after the lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Queues an operation and returns the place of its slot.
    fn queue(ops: &Ops) -> usize {
        ops.queue(Sent::default().0, Waker::noop().clone())
    }

    #[test]
    fn slots_are_used_again_once_their_result_is_read() {
        let ops = Ops::new();
        for round in 0..100 {
            let places: Vec<_> = (0..7).map(|_| queue(&ops)).collect();
            assert_eq!(places, [0, 1, 2, 3, 4, 5, 6], "round {round}");
            assert_eq!(ops.send().unwrap().1, 7);
            ops.finish();
            for place in places {
                assert!(ops.poll(place, Waker::noop()).is_ready());
            }
        }
    }

    #[test]
    fn a_result_that_is_not_read_yet_survives_the_next_batch() {
        let ops = Ops::new();
        let (early, late) = (queue(&ops), queue(&ops));
        let (list, count) = ops.send().unwrap();
        // SAFETY: the list is valid until finish.
        let list = unsafe { std::slice::from_raw_parts_mut(list, count as usize) };
        (list[0].status, list[1].status) = (-1, -2);
        ops.finish();
        let status = |place| match ops.poll(place, Waker::noop()) {
            Poll::Ready((status, _)) => Some(status),
            Poll::Pending => None,
        };
        assert_eq!(status(early), Some(-1));
        let next = queue(&ops);
        assert_eq!(ops.send().unwrap().1, 1);
        ops.finish();
        assert_eq!(status(late), Some(-2));
        assert_eq!(status(next), Some(0));
        assert!(ops.send().is_none());
    }
}
