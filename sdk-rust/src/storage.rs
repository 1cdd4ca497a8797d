//! Object storage.
//!
//! ```
//! use edge_gateway_sdk::{async_handler, Error, Request, Response};
//!
//! async_handler!(file);
//!
//! async fn file(request: &Request) -> Result<Response, Error> {
//!     let files = request.storage("files")?;
//!     let key = request.param_str("key").unwrap_or_default();
//!     if request.method() == "PUT" {
//!         files.put(key, request.body().to_vec()).await?;
//!         return Ok(Response::new(204));
//!     }
//!     match files.get(key).await? {
//!         Some(object) => Ok(Response::new(200).with_body(object.body().to_vec())),
//!         None => Ok(Response::new(404)),
//!     }
//! }
//! ```
//!
//! A key is text of 1 to 1,024 bytes. An object is whole or not there: nobody
//! sees half of one. What has been acknowledged is durable.

mod chunks;
mod listing;
mod object;
mod upload;

pub use chunks::{Chunks, Next};
pub use listing::{Entry, List, Page};
pub use object::{NewObject, Object};
pub use upload::Upload;

use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::time::Duration;

use crate::abi::{
    self, eg_storage_copy, eg_storage_get, eg_storage_key, eg_storage_presign, eg_storage_url,
};
use crate::arguments::Arguments;
use crate::operation::{text, Reply};
use crate::services::Lent;
use crate::timer::nanoseconds;
use crate::{Bytes, Error, Operation, Request};

/// Object storage that the endpoint is bound to, made by [`Request::storage`].
/// Cheap to make and to copy.
#[derive(Clone, Copy)]
pub struct Storage<'r>(Lent<'r>);

impl Request {
    /// The storage that the endpoint calls `name`. An error with the status
    /// `EG_E_DENIED` if it is bound to none of that name.
    pub fn storage(&self, name: &str) -> Result<Storage<'_>, Error> {
        Ok(Storage(self.lent(abi::EG_STORAGE, name)?))
    }
}

/// What a presigned URL lets its holder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Access {
    /// GET
    Read = abi::EG_STORAGE_READ_URL,
    /// PUT
    Write = abi::EG_STORAGE_WRITE_URL,
}

impl<'r> Storage<'r> {
    /// Reads an object; `None` if it is not there.
    pub fn get(&self, key: &str) -> Operation<'r, Option<Object<'r>>> {
        self.read(key, 0, 0, None)
    }

    /// Reads a part of an object, which must not start behind its end. It may
    /// be shorter than asked for.
    ///
    /// ```
    /// # use edge_gateway_sdk::{Error, Request};
    /// # async fn f(request: &Request) -> Result<(), Error> {
    /// let files = request.storage("files")?;
    /// let start = files.get_range("log", ..100).await?;
    /// let rest = files.get_range("log", 100..).await?;
    /// # let _ = (start, rest);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_range(
        &self,
        key: &str,
        range: impl RangeBounds<u64>,
    ) -> Operation<'r, Option<Object<'r>>> {
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(last) => last.saturating_add(1),
            Bound::Excluded(end) => *end,
            Bound::Unbounded => return self.read(key, start, 0, None),
        };
        if end <= start {
            let error = Error::failure(abi::EG_E_INVALID, "storage get: an empty range");
            return Operation::known(self.0.request, Err(error));
        }
        self.read(key, start, end - start, None)
    }

    /// Reads an object in parts of `size` bytes, all of the same version of it.
    ///
    /// ```
    /// # use edge_gateway_sdk::{Error, Request};
    /// # async fn f(request: &Request) -> Result<(), Error> {
    /// let mut chunks = request.storage("files")?.chunks("log", 1 << 20);
    /// while let Some(chunk) = chunks.next().await? {
    ///     let bytes = chunk.body();
    /// #   let _ = bytes;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn chunks(&self, key: &str, size: u64) -> Chunks<'r> {
        Chunks::new(*self, key, size)
    }

    /// All about an object but its body; `None` if it is not there.
    pub fn head(&self, key: &str) -> Operation<'r, Option<Object<'r>>> {
        // SAFETY: the arguments and the result of EG_STORAGE_HEAD.
        unsafe { self.operation("storage head", abi::EG_STORAGE_HEAD, self::key(key), found) }
    }

    /// Stores an object. See [`object`](Storage::object) for more than a body.
    pub fn put(&self, key: &str, body: impl Into<Bytes>) -> Operation<'r, Object<'r>> {
        self.object(key).put(body)
    }

    /// An object to be stored, with its content type and the like.
    pub fn object(&self, key: impl Into<String>) -> NewObject<'r> {
        NewObject::new(*self, key.into())
    }

    /// Deletes an object. No error when there was none.
    pub fn delete(&self, key: &str) -> Operation<'r, ()> {
        // SAFETY: the arguments of EG_STORAGE_DELETE; no result.
        unsafe {
            self.operation(
                "storage delete",
                abi::EG_STORAGE_DELETE,
                self::key(key),
                |reply| reply.done(),
            )
        }
    }

    /// Lists the keys that start with `prefix`, in the order of their bytes.
    pub fn list(&self, prefix: impl Into<String>) -> List<'r> {
        List::new(*self, prefix.into())
    }

    /// Copies an object within the storage, metadata too. An error for which
    /// [`Error::is_not_found`] is true if there is none.
    pub fn copy(&self, from: &str, to: &str) -> Operation<'r, Object<'r>> {
        let arguments = Arguments::of(|arguments| eg_storage_copy {
            struct_size: size_of::<eg_storage_copy>() as u32,
            reserved: 0,
            from: arguments.bytes(from.as_bytes()),
            to: arguments.bytes(to.as_bytes()),
        });
        // SAFETY: the arguments and the result of EG_STORAGE_COPY.
        unsafe { self.operation("storage copy", abi::EG_STORAGE_COPY, arguments, object) }
    }

    /// A URL that works for some time, up to 7 days, without more authority.
    pub fn presigned_url(
        &self,
        access: Access,
        key: &str,
        lifetime: Duration,
    ) -> Operation<'r, &'r str> {
        let arguments = Arguments::of(|arguments| eg_storage_presign {
            struct_size: size_of::<eg_storage_presign>() as u32,
            kind: access as u32,
            key: arguments.bytes(key.as_bytes()),
            lifetime: nanoseconds(lifetime),
        });
        // SAFETY: the arguments and the result of EG_STORAGE_PRESIGN.
        unsafe {
            self.operation(
                "storage presign",
                abi::EG_STORAGE_PRESIGN,
                arguments,
                |reply| {
                    let url: &eg_storage_url = reply.result()?;
                    Ok(text(url.url))
                },
            )
        }
    }

    fn read(
        &self,
        key: &str,
        offset: u64,
        length: u64,
        etag: Option<&str>,
    ) -> Operation<'r, Option<Object<'r>>> {
        let arguments = Arguments::of(|arguments| eg_storage_get {
            struct_size: size_of::<eg_storage_get>() as u32,
            reserved: 0,
            key: arguments.bytes(key.as_bytes()),
            offset,
            length,
            etag: arguments.optional(etag),
        });
        // SAFETY: the arguments and the result of EG_STORAGE_GET.
        unsafe { self.operation("storage get", abi::EG_STORAGE_GET, arguments, found) }
    }

    /// # Safety
    /// As for [`Operation::new`].
    unsafe fn operation<T>(
        &self,
        what: &'static str,
        code: u32,
        arguments: Arguments,
        read: fn(Reply<'r>) -> Result<T, Error>,
    ) -> Operation<'r, T> {
        // SAFETY: the table of eg.storage/1; the rest by this function's contract.
        unsafe { Operation::new(self.0.request, what, self.0.table, code, arguments, read) }
    }
}

fn key(key: &str) -> Arguments {
    Arguments::of(|arguments| eg_storage_key {
        struct_size: size_of::<eg_storage_key>() as u32,
        reserved: 0,
        key: arguments.bytes(key.as_bytes()),
    })
}

fn object(reply: Reply<'_>) -> Result<Object<'_>, Error> {
    // SAFETY: used where the result is an eg_storage_object.
    unsafe { reply.result() }.map(Object::new)
}

fn found(reply: Reply<'_>) -> Result<Option<Object<'_>>, Error> {
    match reply.unless(abi::EG_E_NOT_FOUND)? {
        true => object(reply).map(Some),
        false => Ok(None),
    }
}

impl fmt::Debug for Storage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Storage")
    }
}
