use std::time::Duration;

use crate::abi::{eg_timer_sleep, EG_TIMER, EG_TIMER_SLEEP};
use crate::arguments::Arguments;
use crate::{Operation, Request};

impl Request {
    /// Waits. Awaited, the request is suspended meanwhile and holds no thread.
    /// An error if the host has no timer or is shutting down.
    pub fn sleep(&self, duration: Duration) -> Operation<'_, ()> {
        let timer = match self.service(EG_TIMER, None) {
            Ok(timer) => timer,
            Err(error) => return Operation::known(self, Err(error)),
        };
        let arguments = Arguments::of(|_| eg_timer_sleep {
            struct_size: size_of::<eg_timer_sleep>() as u32,
            reserved: 0,
            duration: nanoseconds(duration),
        });
        // SAFETY: the timer's table, the arguments of its sleep, no result.
        unsafe {
            Operation::new(self, "sleep", timer, EG_TIMER_SLEEP, arguments, |reply| {
                reply.done()
            })
        }
    }
}

/// As the host counts time; what is too long for it is cut.
pub(crate) fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
