use crate::abi::{self, eg_storage_upload, eg_storage_write};
use crate::arguments::Arguments;
use crate::operation::Reply;
use crate::storage::{object, Object, Storage};
use crate::{Bytes, Error, Operation};

/// An object whose bytes come part by part; made by
/// [`NewObject::start`](crate::storage::NewObject::start). It is there after
/// [`finish`](Upload::finish), whole; without it the host gives it up when the
/// request has been answered.
///
/// ```
/// # use edge_gateway_sdk::{Error, Request};
/// # async fn f(request: &Request) -> Result<(), Error> {
/// let mut upload = request.storage("files")?.object("numbers").start().await?;
/// for number in 0..1000 {
///     upload.write(format!("{number}\n")).await?;
/// }
/// upload.finish().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "an upload without `finish` is given up"]
pub struct Upload<'r> {
    storage: Storage<'r>,
    upload: u64,
}

impl<'r> Upload<'r> {
    pub(super) fn start(storage: Storage<'r>, arguments: Arguments) -> Operation<'r, Upload<'r>> {
        // SAFETY: the arguments and the result of EG_STORAGE_START.
        unsafe {
            storage.operation("storage start", abi::EG_STORAGE_START, arguments, |reply| {
                let started: &eg_storage_upload = reply.result()?;
                Ok(Upload {
                    storage: Storage(reply.lent()),
                    upload: started.upload,
                })
            })
        }
    }

    /// Adds a part. One at a time.
    pub fn write(&mut self, part: impl Into<Bytes>) -> Operation<'r, ()> {
        // SAFETY: no result.
        unsafe {
            self.send("storage write", abi::EG_STORAGE_WRITE, part, |reply| {
                reply.done()
            })
        }
    }

    /// Makes it an object.
    pub fn finish(self) -> Operation<'r, Object<'r>> {
        // SAFETY: the result of EG_STORAGE_FINISH.
        unsafe { self.send("storage finish", abi::EG_STORAGE_FINISH, "", object) }
    }

    /// Gives it up.
    pub fn abort(self) -> Operation<'r, ()> {
        // SAFETY: no result.
        unsafe {
            self.send("storage abort", abi::EG_STORAGE_ABORT, "", |reply| {
                reply.done()
            })
        }
    }

    /// # Safety
    /// `code` must take an eg_storage_write, and `read` its result for what the
    /// header says it is.
    unsafe fn send<T>(
        &self,
        what: &'static str,
        code: u32,
        part: impl Into<Bytes>,
        read: fn(Reply<'r>) -> Result<T, Error>,
    ) -> Operation<'r, T> {
        let arguments = Arguments::of(|arguments| eg_storage_write {
            struct_size: size_of::<eg_storage_write>() as u32,
            reserved: 0,
            upload: self.upload,
            bytes: arguments.keep(part.into()),
        });
        // SAFETY: by this function's own contract.
        unsafe { self.storage.operation(what, code, arguments, read) }
    }
}
