use std::ffi::c_void;
use std::ptr;

use crate::abi::eg_bytes;
use crate::Bytes;

/// The argument struct of one operation and all that it points to: a copy of
/// what the caller gave, on the heap.
///
/// A copy and no borrow, since the host reads it after the handler's future has
/// returned, and a future that was forgotten (`mem::forget`) no longer holds
/// what it borrowed. Nothing here moves before the whole is dropped, and what
/// is forgotten is never freed.
pub(crate) struct Arguments {
    root: *const c_void,
    /// The present block, of which `used` words are taken. It is written
    /// through its pointer; to the Vec it stays empty.
    block: Vec<u64>,
    used: usize,
    /// Earlier blocks, and buffers that were handed over.
    full: Vec<Vec<u64>>,
    kept: Vec<Vec<u8>>,
}

/// Words of the first block: enough for most operations.
const BLOCK: usize = 48;
const WORD: usize = size_of::<u64>();

// SAFETY: the pointers in it are to memory that it owns, or static.
unsafe impl Send for Arguments {}

impl Arguments {
    /// For an operation that takes none.
    pub(crate) fn none() -> Arguments {
        Arguments {
            root: ptr::null(),
            block: Vec::new(),
            used: 0,
            full: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// With the struct that `make` returns, made of what it puts here.
    pub(crate) fn of<T: Copy>(make: impl FnOnce(&mut Arguments) -> T) -> Arguments {
        let mut arguments = Arguments::none();
        let root = make(&mut arguments);
        arguments.root = arguments.put(root).cast();
        arguments
    }

    pub(crate) fn root(&self) -> *const c_void {
        self.root
    }

    /// A copy of `value`, which stays where it is.
    pub(crate) fn put<T: Copy>(&mut self, value: T) -> *const T {
        self.list(&[value])
    }

    /// A copy of `values`, which stays where it is.
    pub(crate) fn list<T: Copy>(&mut self, values: &[T]) -> *const T {
        const { assert!(align_of::<T>() <= WORD) };
        let place = self.room(size_of_val(values)).cast::<T>();
        // SAFETY: the room is as large as `values`, aligned, and new.
        unsafe { ptr::copy_nonoverlapping(values.as_ptr(), place, values.len()) };
        place
    }

    /// A copy of `bytes`, which is not absent even when empty.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> eg_bytes {
        eg_bytes {
            ptr: self.list(bytes),
            len: bytes.len() as u64,
        }
    }

    /// The same, or absent.
    pub(crate) fn optional(&mut self, bytes: Option<impl AsRef<[u8]>>) -> eg_bytes {
        bytes.map_or(eg_bytes::ABSENT, |bytes| self.bytes(bytes.as_ref()))
    }

    /// Takes a buffer over without a copy.
    pub(crate) fn keep(&mut self, bytes: Bytes) -> eg_bytes {
        let place = eg_bytes::of(&bytes);
        if let std::borrow::Cow::Owned(buffer) = bytes.0 {
            self.kept.push(buffer);
        }
        place
    }

    /// New memory of `size` bytes, aligned to a word.
    fn room(&mut self, size: usize) -> *mut u8 {
        let words = size.div_ceil(WORD);
        if words > self.block.capacity() - self.used {
            let block = Vec::with_capacity(words.max(BLOCK));
            let old = std::mem::replace(&mut self.block, block);
            if old.capacity() > 0 {
                self.full.push(old);
            }
            self.used = 0;
        }
        // SAFETY: within the block, or at its end.
        let place = unsafe { self.block.as_mut_ptr().add(self.used) };
        self.used += words;
        place.cast()
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use crate::abi::{eg_bytes, eg_field};

    #[test]
    fn nothing_moves_however_much_follows() {
        let mut arguments = Arguments::none();
        let mut places = Vec::new();
        for size in [0usize, 1, 7, 8, 9, 300, 385, 1, 5000, 0, 3] {
            let content = vec![size as u8; size];
            places.push((arguments.bytes(&content), content.clone()));
            places.push((arguments.keep(content.clone().into()), content));
        }
        let moved = Box::new(arguments);
        for (place, content) in &places {
            assert!(!place.ptr.is_null());
            // SAFETY: `moved` owns the memory.
            assert_eq!(unsafe { place.get() }, Some(&content[..]));
        }
        drop(moved);
    }

    #[test]
    fn the_struct_is_found_at_the_root() {
        let arguments = Arguments::of(|arguments| eg_field {
            name: arguments.bytes(b"name"),
            value: arguments.optional(None::<&str>),
        });
        // SAFETY: what `of` has put there.
        let field = unsafe { *arguments.root().cast::<eg_field>() };
        let absent = |bytes: eg_bytes| bytes.ptr.is_null();
        assert!(!absent(field.name) && absent(field.value));
        // SAFETY: `arguments` owns it.
        assert_eq!(unsafe { field.name.get() }, Some(&b"name"[..]));
        assert!(Arguments::none().root().is_null());
    }
}
