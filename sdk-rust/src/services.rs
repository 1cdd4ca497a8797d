use std::ffi::{c_void, CStr};
use std::ptr;
use std::sync::{PoisonError, RwLock};

use crate::abi::{eg_bytes, eg_host, EG_E_DENIED};
use crate::{Error, Request};

/// A service that the endpoint is bound to, for one request.
#[derive(Clone, Copy)]
pub(crate) struct Lent<'r> {
    pub(crate) request: &'r Request,
    pub(crate) table: *const c_void,
}

// SAFETY: the table is immutable and may be used on every thread.
unsafe impl Send for Lent<'_> {}
unsafe impl Sync for Lent<'_> {}

/// The tables of services that an instance has asked for, each once: they are
/// valid as long as it is.
#[derive(Default)]
pub(crate) struct Services(RwLock<Vec<Known>>);

struct Known {
    id: &'static CStr,
    name: Option<Box<str>>,
    table: *const c_void,
}

// SAFETY: the tables are immutable and may be used on every thread.
unsafe impl Send for Known {}
unsafe impl Sync for Known {}

impl Services {
    /// A table by id and the local name of the binding, if it takes one.
    pub(crate) fn find(
        &self,
        host: *const eg_host,
        id: &'static CStr,
        name: Option<&str>,
    ) -> Result<*const c_void, Error> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = known
            .iter()
            .find(|known| known.id == id && known.name.as_deref() == name);
        if let Some(found) = found {
            return Ok(found.table);
        }
        drop(known);
        let table = look_up(host, id, name)?;
        // Two threads may look the same up at a time; they get the same.
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.push(Known {
            id,
            name: name.map(Into::into),
            table,
        });
        Ok(table)
    }
}

fn look_up(host: *const eg_host, id: &CStr, name: Option<&str>) -> Result<*const c_void, Error> {
    let mut table = ptr::null();
    let bytes = name.map(|name| eg_bytes::of(name.as_bytes()));
    let pointer = bytes.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the table is valid for ever, the arguments outlive the call.
    let status = unsafe { ((*host).service)(host, id.as_ptr(), pointer, &mut table) };
    let what = match name {
        Some(name) => format!("find {} {name:?}", id.to_string_lossy()),
        None => format!("find service {}", id.to_string_lossy()),
    };
    if status == EG_E_DENIED {
        let why = format!("{what}: the endpoint has no binding of that name");
        return Err(Error::failure(status, why));
    }
    Error::check(status, &what)?;
    Ok(table)
}
