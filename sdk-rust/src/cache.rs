//! Caches.
//!
//! ```
//! use std::time::Duration;
//! use edge_gateway_sdk::{async_handler, Error, Request, Response};
//!
//! async_handler!(greet);
//!
//! async fn greet(request: &Request) -> Result<Response, Error> {
//!     let cache = request.cache("cache")?;
//!     if let Some(greeting) = cache.get("greeting").await? {
//!         return Ok(Response::text(greeting.to_vec()));
//!     }
//!     let greeting = "Hello!"; // think of something slow
//!     cache.set("greeting", greeting, Duration::from_secs(60)).await?;
//!     Ok(Response::text(greeting))
//! }
//! ```
//!
//! Keys and values are any bytes. What a cache holds may be gone at any time.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use crate::abi::{
    self, eg_bytes, eg_cache_count, eg_cache_entries, eg_cache_entry, eg_cache_key, eg_cache_keys,
    eg_cache_number, eg_cache_put, eg_cache_touch,
};
use crate::arguments::Arguments;
use crate::operation::{bytes, list, Reply};
use crate::services::Lent;
use crate::timer::nanoseconds;
use crate::{Error, Operation, Request};

/// A cache that the endpoint is bound to, made by [`Request::cache`]. Cheap to
/// make and to copy.
///
/// A time to live is a `Duration`, or `None` for no end.
#[derive(Clone, Copy)]
pub struct Cache<'r>(Lent<'r>);

impl Request {
    /// The cache that the endpoint calls `name`. An error with the status
    /// `EG_E_DENIED` if it is bound to none of that name.
    pub fn cache(&self, name: &str) -> Result<Cache<'_>, Error> {
        Ok(Cache(self.lent(abi::EG_CACHE, name)?))
    }
}

/// A value that was found, in memory of the request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Entry<'r> {
    value: &'r [u8],
    version: u64,
}

impl<'r> Entry<'r> {
    pub fn value(&self) -> &'r [u8] {
        self.value
    }

    /// The value as text; `None` if it is not UTF-8.
    pub fn text(&self) -> Option<&'r str> {
        std::str::from_utf8(self.value).ok()
    }
}

impl Deref for Entry<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.value
    }
}

impl<'r> Cache<'r> {
    /// Reads a value; `None` if it is not there.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Operation<'r, Option<Entry<'r>>> {
        let arguments = keys([key]);
        // SAFETY: the arguments and the result of EG_CACHE_GET.
        unsafe {
            self.operation("cache get", abi::EG_CACHE_GET, arguments, |reply| {
                Ok(entries(&reply)?.first().and_then(entry))
            })
        }
    }

    /// Reads values in one go; one for each key, in the same order.
    pub fn get_many<K: AsRef<[u8]>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Operation<'r, Vec<Option<Entry<'r>>>> {
        let arguments = self::keys(keys);
        // SAFETY: the arguments and the result of EG_CACHE_GET.
        unsafe {
            self.operation("cache get", abi::EG_CACHE_GET, arguments, |reply| {
                Ok(entries(&reply)?.iter().map(entry).collect())
            })
        }
    }

    /// Stores a value, whatever is there.
    pub fn set(
        &self,
        key: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
        ttl: impl Into<Option<Duration>>,
    ) -> Operation<'r, ()> {
        let arguments = put(abi::EG_CACHE_SET, key, value, ttl, 0);
        // SAFETY: the arguments of EG_CACHE_PUT; no result.
        unsafe {
            self.operation("cache set", abi::EG_CACHE_PUT, arguments, |reply| {
                reply.done()
            })
        }
    }

    /// Stores a value if there is none of the key. Tells whether it did.
    pub fn add(
        &self,
        key: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
        ttl: impl Into<Option<Duration>>,
    ) -> Operation<'r, bool> {
        let arguments = put(abi::EG_CACHE_ADD, key, value, ttl, 0);
        // SAFETY: the same.
        unsafe {
            self.operation("cache add", abi::EG_CACHE_PUT, arguments, |reply| {
                reply.unless(abi::EG_E_CONFLICT)
            })
        }
    }

    /// Stores a value if there is one of the key. Tells whether it did.
    pub fn replace(
        &self,
        key: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
        ttl: impl Into<Option<Duration>>,
    ) -> Operation<'r, bool> {
        let arguments = put(abi::EG_CACHE_REPLACE, key, value, ttl, 0);
        // SAFETY: the same.
        unsafe {
            self.operation("cache replace", abi::EG_CACHE_PUT, arguments, |reply| {
                reply.unless(abi::EG_E_NOT_FOUND)
            })
        }
    }

    /// Stores a value if what is there is still the entry that was read. Tells
    /// whether it did; if not, it has been changed or is gone: read it again.
    ///
    /// ```
    /// # use edge_gateway_sdk::{Error, Request};
    /// # async fn f(request: &Request) -> Result<(), Error> {
    /// let cache = request.cache("cache")?;
    /// while let Some(entry) = cache.get("names").await? {
    ///     let longer = [entry.value(), b",Ann"].concat();
    ///     if cache.swap("names", &entry, longer, None).await? {
    ///         break;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn swap(
        &self,
        key: impl AsRef<[u8]>,
        read: &Entry<'_>,
        value: impl AsRef<[u8]>,
        ttl: impl Into<Option<Duration>>,
    ) -> Operation<'r, bool> {
        let arguments = put(abi::EG_CACHE_SWAP, key, value, ttl, read.version);
        // SAFETY: the same.
        unsafe {
            self.operation("cache swap", abi::EG_CACHE_PUT, arguments, |reply| {
                Ok(reply.status != abi::EG_E_CONFLICT && reply.unless(abi::EG_E_NOT_FOUND)?)
            })
        }
    }

    /// Deletes a value. Tells whether there was one.
    pub fn delete(&self, key: impl AsRef<[u8]>) -> Operation<'r, bool> {
        // SAFETY: the arguments of EG_CACHE_DELETE; no result.
        unsafe {
            self.operation(
                "cache delete",
                abi::EG_CACHE_DELETE,
                self::key(key),
                |reply| reply.unless(abi::EG_E_NOT_FOUND),
            )
        }
    }

    /// Tells whether a key is there.
    pub fn exists(&self, key: impl AsRef<[u8]>) -> Operation<'r, bool> {
        // SAFETY: the arguments of EG_CACHE_EXISTS; no result.
        unsafe {
            self.operation(
                "cache exists",
                abi::EG_CACHE_EXISTS,
                self::key(key),
                |reply| reply.unless(abi::EG_E_NOT_FOUND),
            )
        }
    }

    /// Adds to the decimal number that a value is, at once, and gives the sum;
    /// `None` if the key is not there.
    pub fn increment(&self, key: impl AsRef<[u8]>, by: u32) -> Operation<'r, Option<u64>> {
        self.count(key, i64::from(by))
    }

    /// Takes away from the decimal number that a value is; it stops at 0.
    pub fn decrement(&self, key: impl AsRef<[u8]>, by: u32) -> Operation<'r, Option<u64>> {
        self.count(key, -i64::from(by))
    }

    /// Adds to a number; a key that is not there starts as `initial`, which is
    /// the outcome then, and lives for `ttl`.
    pub fn increment_or_start(
        &self,
        key: impl AsRef<[u8]>,
        by: u32,
        initial: u64,
        ttl: impl Into<Option<Duration>>,
    ) -> Operation<'r, u64> {
        let arguments = Arguments::of(|arguments| eg_cache_count {
            struct_size: size_of::<eg_cache_count>() as u32,
            flags: abi::EG_CACHE_CREATE,
            key: arguments.bytes(key.as_ref()),
            delta: i64::from(by),
            initial,
            ttl: time_to_live(ttl),
        });
        // SAFETY: the arguments and the result of EG_CACHE_COUNT.
        unsafe { self.operation("cache count", abi::EG_CACHE_COUNT, arguments, number) }
    }

    /// Gives a key another time to live. Tells whether it was there.
    pub fn touch(
        &self,
        key: impl AsRef<[u8]>,
        ttl: impl Into<Option<Duration>>,
    ) -> Operation<'r, bool> {
        let arguments = Arguments::of(|arguments| eg_cache_touch {
            struct_size: size_of::<eg_cache_touch>() as u32,
            reserved: 0,
            key: arguments.bytes(key.as_ref()),
            ttl: time_to_live(ttl),
        });
        // SAFETY: the arguments of EG_CACHE_TOUCH; no result.
        unsafe {
            self.operation("cache touch", abi::EG_CACHE_TOUCH, arguments, |reply| {
                reply.unless(abi::EG_E_NOT_FOUND)
            })
        }
    }

    fn count(&self, key: impl AsRef<[u8]>, delta: i64) -> Operation<'r, Option<u64>> {
        let arguments = Arguments::of(|arguments| eg_cache_count {
            struct_size: size_of::<eg_cache_count>() as u32,
            flags: 0,
            key: arguments.bytes(key.as_ref()),
            delta,
            initial: 0,
            ttl: 0,
        });
        // SAFETY: the arguments and the result of EG_CACHE_COUNT.
        unsafe {
            self.operation(
                "cache count",
                abi::EG_CACHE_COUNT,
                arguments,
                |reply| match reply.unless(abi::EG_E_NOT_FOUND)? {
                    true => number(reply).map(Some),
                    false => Ok(None),
                },
            )
        }
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
        // SAFETY: the table of eg.cache/1; the rest by this function's contract.
        unsafe { Operation::new(self.0.request, what, self.0.table, code, arguments, read) }
    }
}

fn keys<K: AsRef<[u8]>>(keys: impl IntoIterator<Item = K>) -> Arguments {
    Arguments::of(|arguments| {
        let keys: Vec<eg_bytes> = keys
            .into_iter()
            .map(|key| arguments.bytes(key.as_ref()))
            .collect();
        eg_cache_keys {
            struct_size: size_of::<eg_cache_keys>() as u32,
            reserved: 0,
            keys: arguments.list(&keys),
            count: keys.len() as u64,
        }
    })
}

fn key(key: impl AsRef<[u8]>) -> Arguments {
    Arguments::of(|arguments| eg_cache_key {
        struct_size: size_of::<eg_cache_key>() as u32,
        reserved: 0,
        key: arguments.bytes(key.as_ref()),
    })
}

fn put(
    mode: u32,
    key: impl AsRef<[u8]>,
    value: impl AsRef<[u8]>,
    ttl: impl Into<Option<Duration>>,
    version: u64,
) -> Arguments {
    Arguments::of(|arguments| eg_cache_put {
        struct_size: size_of::<eg_cache_put>() as u32,
        mode,
        key: arguments.bytes(key.as_ref()),
        value: arguments.bytes(value.as_ref()),
        ttl: time_to_live(ttl),
        version,
    })
}

/// To the host 0 is no end: what is over at once lives as short as it can.
fn time_to_live(ttl: impl Into<Option<Duration>>) -> i64 {
    ttl.into().map_or(0, |ttl| nanoseconds(ttl).max(1))
}

fn entries<'r>(reply: &Reply<'r>) -> Result<&'r [eg_cache_entry], Error> {
    // SAFETY: used for EG_CACHE_GET alone.
    unsafe {
        let entries: &eg_cache_entries = reply.result()?;
        Ok(list(entries.entries, entries.count))
    }
}

fn entry(entry: &eg_cache_entry) -> Option<Entry<'_>> {
    // SAFETY: of a result of the request.
    let value = unsafe { bytes(entry.value) }?;
    Some(Entry {
        value,
        version: entry.version,
    })
}

fn number(reply: Reply<'_>) -> Result<u64, Error> {
    // SAFETY: used for EG_CACHE_COUNT alone.
    let number: &eg_cache_number = unsafe { reply.result()? };
    Ok(number.value)
}

impl fmt::Debug for Cache<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cache")
    }
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({} bytes)", self.value.len())
    }
}
