use std::fmt::Display;
use std::time::{Duration, SystemTime};

use crate::abi::{self, eg_bytes, eg_host};
use crate::Error;

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    Debug = abi::EG_LOG_DEBUG,
    Info = abi::EG_LOG_INFO,
    Warn = abi::EG_LOG_WARN,
    Error = abi::EG_LOG_ERROR,
}

/// Reaches the host in the name of one request, or of the instance.
///
/// May be copied to any thread and kept: once the request is over its calls
/// have no effect but a log line, once the instance is over none at all.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    host: *const eg_host,
    token: u64,
}

// SAFETY: the host's table is valid for ever and immutable, and every function
// that Context calls through it may be called from any thread.
unsafe impl Send for Context {}
unsafe impl Sync for Context {}

impl Context {
    /// # Safety
    /// `host` must be the table that the host gave this instance.
    pub(crate) unsafe fn new(host: *const eg_host, token: u64) -> Context {
        Context { host, token }
    }

    /// Writes a line to the gateway's log, with the endpoint, the version and
    /// the request's id. Over 8 KiB is cut.
    pub fn log(&self, level: Level, message: impl Display) {
        let message = message.to_string();
        // A log line that cannot be written has nobody to be told.
        // SAFETY: the table is valid for ever; the host copies the text.
        let _ = unsafe {
            ((*self.host).log)(
                self.host,
                self.token,
                level as i32,
                &eg_bytes::of(message.as_bytes()),
            )
        };
    }

    /// The time by the clock of [`Request::deadline`](crate::Request::deadline).
    /// An error once the instance is shut down.
    pub fn now(&self) -> Result<SystemTime, Error> {
        let mut now = 0;
        // SAFETY: the table is valid for ever; `now` outlives the call.
        let status = unsafe { ((*self.host).now)(self.host, &mut now) };
        Error::check(status, "read the clock")?;
        Ok(time(now))
    }

    /// An error that says why, if nobody waits for the answer any more.
    pub fn check_canceled(&self) -> Result<(), Error> {
        // SAFETY: the table is valid for ever.
        let status = unsafe { ((*self.host).canceled)(self.host, self.token) };
        Error::check(status, "go on with the request")
    }

    pub(crate) fn token(&self) -> u64 {
        self.token
    }

    pub(crate) fn host(&self) -> *const eg_host {
        self.host
    }
}

pub(crate) fn time(unix_nanoseconds: i64) -> SystemTime {
    let span = Duration::from_nanos(unix_nanoseconds.unsigned_abs());
    if unix_nanoseconds < 0 {
        SystemTime::UNIX_EPOCH - span
    } else {
        SystemTime::UNIX_EPOCH + span
    }
}
