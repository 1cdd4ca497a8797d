use std::time::Duration;

use crate::abi::{eg_timer_sleep, EG_TIMER_SLEEP};
use crate::op::Op;
use crate::{Error, Request};

impl Request {
    /// Waits. The request is suspended meanwhile and holds no thread. For
    /// async handlers; errors if the host has no timer or is shutting down.
    pub async fn sleep(&self, duration: Duration) -> Result<(), Error> {
        let timer = self.shared().timer(self.raw_host())?;
        let args = eg_timer_sleep {
            struct_size: size_of::<eg_timer_sleep>() as u32,
            reserved: 0,
            duration: i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX),
        };
        // SAFETY: the timer's table, and the arguments of its sleep.
        unsafe { Op::new(self, timer, EG_TIMER_SLEEP, args) }.await?;
        Ok(())
    }
}
