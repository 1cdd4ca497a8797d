use std::future::Future;
use std::pin::Pin;
use std::task::{ready, Context, Poll};

use crate::storage::{Object, Storage};
use crate::{abi, Error, Operation};

/// An object that is read part by part, made by [`Storage::chunks`].
pub struct Chunks<'r> {
    storage: Storage<'r>,
    key: String,
    size: u64,
    stage: Stage<'r>,
}

enum Stage<'r> {
    First,
    /// From this offset, of the object with this etag.
    At(u64, &'r str),
    Over,
}

impl<'r> Chunks<'r> {
    pub(super) fn new(storage: Storage<'r>, key: &str, size: u64) -> Chunks<'r> {
        Chunks {
            storage,
            key: key.to_owned(),
            size: size.max(1),
            stage: Stage::First,
        }
    }

    /// The next part, or `None` after the last. Awaited, or waited for with
    /// [`Next::wait`]. An error for which [`Error::is_not_found`] is true if there
    /// is no such object, and [`Error::is_conflict`] if it was changed meanwhile.
    /// If it fails, or is dropped before its end, there are no more.
    #[allow(clippy::should_implement_trait)] // it has to be awaited
    pub fn next(&mut self) -> Next<'_, 'r> {
        let (offset, etag) = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::First => (0, None),
            Stage::At(offset, etag) => (offset, Some(etag)),
            Stage::Over => {
                return Next {
                    chunks: self,
                    operation: None,
                }
            }
        };
        let operation = self.storage.read(&self.key, offset, self.size, etag);
        Next {
            chunks: self,
            operation: Some(operation),
        }
    }

    fn take(&mut self, object: Option<Object<'r>>) -> Result<Option<Object<'r>>, Error> {
        let Some(object) = object else {
            return Err(Error::status_of(abi::EG_E_NOT_FOUND, "storage get"));
        };
        let end = object.offset() + object.body().len() as u64;
        // A part without bytes has no successor, whatever the size says.
        if end < object.size() && !object.body().is_empty() {
            self.stage = Stage::At(end, object.etag());
        }
        Ok(Some(object))
    }
}

/// A part to come, see [`Chunks::next`].
#[must_use = "nothing happens before it is awaited or waited for"]
pub struct Next<'c, 'r> {
    chunks: &'c mut Chunks<'r>,
    operation: Option<Operation<'r, Option<Object<'r>>>>,
}

impl<'r> Next<'_, 'r> {
    /// As [`Operation::wait`].
    pub fn wait(self) -> Result<Option<Object<'r>>, Error> {
        match self.operation {
            Some(operation) => self.chunks.take(operation.wait()?),
            None => Ok(None),
        }
    }
}

impl<'r> Future for Next<'_, 'r> {
    type Output = Result<Option<Object<'r>>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(operation) = &mut this.operation else {
            return Poll::Ready(Ok(None));
        };
        let object = ready!(Pin::new(operation).poll(cx));
        this.operation = None;
        Poll::Ready(object.and_then(|object| this.chunks.take(object)))
    }
}
