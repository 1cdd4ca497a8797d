//! One load of the library for one endpoint: what `self` points to.

use std::ffi::c_void;
use std::fmt::Display;

use crate::abi::{self, eg_host, eg_init};
use crate::fields;
use crate::guard::{guard, install_hook};
use crate::services::Services;
use crate::{Context, Error, Level};

/// What an instance is for, given to the function named by `init = ...`.
pub struct Init {
    host: *const eg_host,
    raw: *const eg_init,
}

impl Init {
    fn raw(&self) -> &eg_init {
        // SAFETY: valid until handler_shutdown has returned; an Init lives
        // only as long as handler_init runs.
        unsafe { &*self.raw }
    }

    /// The endpoint's name.
    pub fn endpoint(&self) -> &str {
        // SAFETY: valid as long as raw.
        let name = unsafe { self.raw().endpoint.get() };
        std::str::from_utf8(name.unwrap_or_default()).unwrap_or_default()
    }

    /// Whether this is a trial load: no traffic follows, and nothing outside
    /// this process may be changed.
    pub fn is_trial(&self) -> bool {
        self.raw().flags & abi::EG_INIT_TRIAL != 0
    }

    /// The endpoint's config values, names and values.
    pub fn configs(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        // SAFETY: valid as long as raw.
        unsafe { config_of(self.raw) }
    }

    /// A config value, or `None` if the endpoint has none of that name.
    pub fn config(&self, name: &str) -> Option<&[u8]> {
        fields::find(self.configs(), name)
    }

    /// A config value as text; `None` also if it is not UTF-8.
    pub fn config_str(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.config(name)?).ok()
    }

    /// The host in the name of the instance, for work in the background.
    pub fn context(&self) -> Context {
        // SAFETY: the host gave this table to the instance.
        unsafe { Context::new(self.host, (*self.host).token) }
    }

    /// Writes a line to the gateway's log.
    pub fn log(&self, level: Level, message: impl Display) {
        self.context().log(level, message);
    }
}

/// # Safety
/// `init` must be the one given to handler_init, and `'a` end before
/// handler_shutdown has returned.
unsafe fn config_of<'a>(
    init: *const eg_init,
) -> impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])> {
    // SAFETY: by this function's own contract.
    unsafe { fields::iter((*init).config, (*init).config_count) }
}

/// What every instance has beside the handler's own state.
pub(crate) struct Shared {
    init: *const eg_init,
    pub(crate) services: Services,
}

impl Shared {
    pub(crate) fn config(&self, name: &str) -> Option<&[u8]> {
        // SAFETY: a Shared is dropped in handler_shutdown at the latest.
        fields::find(unsafe { config_of(self.init) }, name)
    }
}

/// What `self` points to.
pub(crate) struct Instance<S> {
    pub(crate) shared: Shared,
    pub(crate) state: S,
}

/// The init function of a handler that has none.
pub fn no_state(_: &Init) -> Result<(), Error> {
    Ok(())
}

/// The body of handler_init.
///
/// # Safety
/// As for handler_init in the header: pointers of the host, called once.
pub unsafe fn start<S, E>(
    host: *const eg_host,
    init: *const eg_init,
    out: *mut *mut c_void,
    new: &impl Fn(&Init) -> Result<S, E>,
) -> i32
where
    S: Send + Sync + 'static,
    E: Into<Error>,
{
    if host.is_null() || init.is_null() || out.is_null() {
        return abi::EG_E_INVALID;
    }
    // SAFETY: the host's table starts with these fields in every version.
    let (major, minor) = unsafe { ((*host).abi_major, (*host).abi_minor) };
    if (major, minor) != (abi::EG_ABI_MAJOR, abi::EG_ABI_MINOR) {
        return abi::EG_E_UNSUPPORTED;
    }
    install_hook();
    let init = Init { host, raw: init };
    let state = guard(|| new(&init).map_err(Into::into));
    match state.unwrap_or_else(|panic| Err(Error::new(panic))) {
        Ok(state) => {
            let shared = Shared {
                init: init.raw,
                services: Services::default(),
            };
            let instance = Box::new(Instance { shared, state });
            // SAFETY: where the host wants to find it.
            unsafe { *out = Box::into_raw(instance).cast() };
            abi::EG_OK
        }
        Err(error) => {
            init.log(Level::Error, &error);
            match error.status() {
                abi::EG_OK => abi::EG_E_INTERNAL,
                status => status,
            }
        }
    }
}

/// The body of handler_shutdown: drops the state.
///
/// # Safety
/// As for handler_shutdown in the header; `this` must come from [`start`] with
/// the same `new`, which is here for its type alone.
pub unsafe fn stop<S, E>(
    host: *const eg_host,
    this: *mut c_void,
    _new: &impl Fn(&Init) -> Result<S, E>,
) {
    if host.is_null() || this.is_null() {
        return;
    }
    // SAFETY: by this function's own contract; no request is left.
    let instance = unsafe { Box::from_raw(this.cast::<Instance<S>>()) };
    if let Err(panic) = guard(|| drop(instance)) {
        // SAFETY: the host gave this table to the instance.
        let context = unsafe { Context::new(host, (*host).token) };
        context.log(Level::Error, format_args!("in handler_shutdown: {panic}"));
    }
}
