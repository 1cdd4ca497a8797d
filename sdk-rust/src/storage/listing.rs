use std::fmt;
use std::time::SystemTime;

use crate::abi::{self, eg_storage_entry, eg_storage_list, eg_storage_page};
use crate::arguments::Arguments;
use crate::context::time;
use crate::operation::{list, text};
use crate::storage::Storage;
use crate::Operation;

/// Which keys to list, put together step by step; made by [`Storage::list`].
///
/// ```
/// # use edge_gateway_sdk::{Error, Request};
/// # async fn f(request: &Request) -> Result<(), Error> {
/// let files = request.storage("files")?;
/// let mut after = None;
/// loop {
///     let page = files.list("photos/").after(after).page().await?;
///     for entry in page.entries() {
///         println!("{} {}", entry.key(), entry.size());
///     }
///     after = page.next();
///     if after.is_none() {
///         break;
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is listed before `page`"]
pub struct List<'r> {
    storage: Storage<'r>,
    prefix: String,
    delimiter: Option<String>,
    after: Option<String>,
    limit: u64,
}

impl<'r> List<'r> {
    pub(super) fn new(storage: Storage<'r>, prefix: String) -> List<'r> {
        List {
            storage,
            prefix,
            delimiter: None,
            after: None,
            limit: 0,
        }
    }

    /// Keys with this text behind the prefix are rolled up to one entry: with
    /// `"/"` it is as if they were in folders.
    pub fn delimiter(mut self, delimiter: impl Into<String>) -> Self {
        self.delimiter = Some(delimiter.into());
        self
    }

    /// Goes on where [`Page::next`] of another page says.
    pub fn after<'a>(mut self, next: impl Into<Option<&'a str>>) -> Self {
        self.after = next.into().map(str::to_owned);
        self
    }

    /// At most so many entries; 1,000 if not given, which is the most.
    pub fn limit(mut self, entries: u64) -> Self {
        self.limit = entries;
        self
    }

    pub fn page(self) -> Operation<'r, Page<'r>> {
        let arguments = Arguments::of(|arguments| eg_storage_list {
            struct_size: size_of::<eg_storage_list>() as u32,
            reserved: 0,
            prefix: arguments.bytes(self.prefix.as_bytes()),
            delimiter: arguments.optional(self.delimiter),
            after: arguments.optional(self.after),
            limit: self.limit,
        });
        // SAFETY: the arguments and the result of EG_STORAGE_LIST.
        unsafe {
            self.storage
                .operation("storage list", abi::EG_STORAGE_LIST, arguments, |reply| {
                    reply.result().map(Page)
                })
        }
    }
}

/// A part of a list, in memory of the request.
#[derive(Clone, Copy)]
pub struct Page<'r>(&'r eg_storage_page);

// SAFETY: a result is not changed before the request has been answered.
unsafe impl Send for Page<'_> {}
unsafe impl Sync for Page<'_> {}

impl<'r> Page<'r> {
    pub fn entries(&self) -> impl ExactSizeIterator<Item = Entry<'r>> {
        // SAFETY: a result of the request.
        let entries: &'r [eg_storage_entry] = unsafe { list(self.0.entries, self.0.count) };
        entries.iter().map(Entry)
    }

    /// Where the next page starts, for [`List::after`]; `None` if this was the
    /// last.
    pub fn next(&self) -> Option<&'r str> {
        // SAFETY: of a result of the request.
        (!self.0.next.ptr.is_null()).then(|| unsafe { text(self.0.next) })
    }
}

/// An object of a list, or several with the same prefix.
#[derive(Clone, Copy)]
pub struct Entry<'r>(&'r eg_storage_entry);

// SAFETY: the same.
unsafe impl Send for Entry<'_> {}
unsafe impl Sync for Entry<'_> {}

impl<'r> Entry<'r> {
    /// The key, or the prefix with its delimiter.
    pub fn key(&self) -> &'r str {
        // SAFETY: of a result of the request.
        unsafe { text(self.0.key) }
    }

    /// Whether it stands for all keys with this prefix.
    pub fn is_prefix(&self) -> bool {
        self.0.etag.ptr.is_null()
    }

    pub fn etag(&self) -> Option<&'r str> {
        // SAFETY: of a result of the request.
        (!self.is_prefix()).then(|| unsafe { text(self.0.etag) })
    }

    /// In bytes; 0 for a prefix.
    pub fn size(&self) -> u64 {
        self.0.size
    }

    /// `None` for a prefix, or if the backend did not say.
    pub fn modified(&self) -> Option<SystemTime> {
        (self.0.modified != 0).then(|| time(self.0.modified))
    }
}

impl fmt::Debug for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.key(), self.size())
    }
}
