use std::fmt;
use std::time::SystemTime;

use crate::abi::{self, eg_bytes, eg_field, eg_storage_object, eg_storage_put};
use crate::arguments::Arguments;
use crate::context::time;
use crate::fields;
use crate::operation::{bytes, text};
use crate::storage::{object, Storage, Upload};
use crate::{Bytes, Operation};

/// An object that is stored, in memory of the request.
#[derive(Clone, Copy)]
pub struct Object<'r>(&'r eg_storage_object);

// SAFETY: a result is not changed before the request has been answered.
unsafe impl Send for Object<'_> {}
unsafe impl Sync for Object<'_> {}

impl<'r> Object<'r> {
    pub(super) fn new(object: &'r eg_storage_object) -> Object<'r> {
        Object(object)
    }

    /// What was asked for of its bytes; empty unless it was read with `get` and
    /// its like.
    pub fn body(&self) -> &'r [u8] {
        // SAFETY: of a result of the request.
        unsafe { bytes(self.0.body) }.unwrap_or_default()
    }

    /// Of the whole object, in bytes.
    pub fn size(&self) -> u64 {
        self.0.size
    }

    /// Where `body` starts in it.
    pub fn offset(&self) -> u64 {
        self.0.offset
    }

    /// Changes with the content; without quotes.
    pub fn etag(&self) -> &'r str {
        // SAFETY: of a result of the request.
        unsafe { text(self.0.etag) }
    }

    pub fn content_type(&self) -> &'r str {
        // SAFETY: of a result of the request.
        unsafe { text(self.0.content_type) }
    }

    /// `None` if the backend did not say.
    pub fn modified(&self) -> Option<SystemTime> {
        (self.0.modified != 0).then(|| time(self.0.modified))
    }

    /// Names and values that were stored with it.
    pub fn metadata(&self) -> impl ExactSizeIterator<Item = (&'r [u8], &'r [u8])> {
        // SAFETY: of a result of the request.
        unsafe { fields::iter(self.0.metadata, self.0.metadata_count) }
    }
}

impl fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object")
            .field("size", &self.size())
            .field("etag", &self.etag())
            .field("content_type", &self.content_type())
            .finish()
    }
}

/// An object to be stored, put together step by step; made by
/// [`Storage::object`].
///
/// ```
/// # use edge_gateway_sdk::{Error, Request};
/// # async fn f(request: &Request) -> Result<(), Error> {
/// let stored = request
///     .storage("files")?
///     .object("greeting.txt")
///     .content_type("text/plain")
///     .metadata("author", "Ann")
///     .put("Hello!")
///     .await?;
/// let etag = stored.etag();
/// # let _ = etag;
/// # Ok(())
/// # }
/// ```
#[must_use = "an object is not stored before `put` or `start`"]
pub struct NewObject<'r> {
    storage: Storage<'r>,
    key: String,
    content_type: Option<String>,
    metadata: Vec<(String, String)>,
    flags: u32,
}

impl<'r> NewObject<'r> {
    pub(super) fn new(storage: Storage<'r>, key: String) -> NewObject<'r> {
        NewObject {
            storage,
            key,
            content_type: None,
            metadata: Vec::new(),
            flags: 0,
        }
    }

    /// `application/octet-stream` if not given.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// One more name and value to be stored with it, 2 KiB in all. Names are
    /// compared in lower case.
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.push((name.into(), value.into()));
        self
    }

    /// Only if there is no object of this key yet; if there is, it is an error
    /// for which [`Error::is_conflict`](crate::Error::is_conflict) is true.
    pub fn only_new(mut self) -> Self {
        self.flags |= abi::EG_STORAGE_CREATE;
        self
    }

    /// Stores it with a body that is at hand.
    pub fn put(self, body: impl Into<Bytes>) -> Operation<'r, Object<'r>> {
        let storage = self.storage;
        let arguments = self.arguments(body.into());
        // SAFETY: the arguments and the result of EG_STORAGE_PUT.
        unsafe { storage.operation("storage put", abi::EG_STORAGE_PUT, arguments, object) }
    }

    /// Starts an object of unknown length. See [`Upload`].
    pub fn start(self) -> Operation<'r, Upload<'r>> {
        let storage = self.storage;
        Upload::start(storage, self.arguments(Bytes::default()))
    }

    fn arguments(self, body: Bytes) -> Arguments {
        Arguments::of(|arguments| {
            let metadata: Vec<_> = self
                .metadata
                .iter()
                .map(|(name, value)| eg_field {
                    name: arguments.bytes(name.as_bytes()),
                    value: arguments.bytes(value.as_bytes()),
                })
                .collect();
            let body: eg_bytes = arguments.keep(body);
            eg_storage_put {
                struct_size: size_of::<eg_storage_put>() as u32,
                flags: self.flags,
                key: arguments.bytes(self.key.as_bytes()),
                content_type: arguments.optional(self.content_type),
                metadata: arguments.list(&metadata),
                metadata_count: metadata.len() as u64,
                body,
            }
        })
    }
}
