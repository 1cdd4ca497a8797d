//! Keeps panics on this side of the contract.
//!
//! Nothing here may register a thread-local destructor: the host's threads do
//! not end, and one pending destructor keeps the library mapped for ever. The
//! standard panic hook may register one, so panics under a guard are noted by
//! a hook of our own.

use std::any::Any;
use std::cell::RefCell;
use std::fmt::Write;
use std::panic::{catch_unwind, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

#[cfg(panic = "abort")]
compile_error!(
    "a handler must be built with panic = \"unwind\": \
     the gateway answers a panic with 500 and goes on"
);

/// Runs `work`; a panic becomes the text for the log.
///
/// What a panic may leave half done belongs to the request that ends with it,
/// or is shared by the handler's own choice; hence no UnwindSafe is asked for.
pub(crate) fn guard<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    NOTE.with_borrow_mut(|note| note.depth += 1);
    let result = catch_unwind(AssertUnwindSafe(work));
    let result = result.map_err(|payload| {
        let text = NOTE.with_borrow(|note| describe(note, &*payload));
        discard(payload);
        text
    });
    NOTE.with_borrow_mut(|note| note.depth -= 1);
    result
}

/// Installs the hook, once for this library. Panics that no guard waits for,
/// on threads of the handler's own, still go to the hook that was there.
pub(crate) fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !note_place(info) {
                previous(info);
            }
        }));
    });
}

/// Where this thread panicked last. Without Drop, see above.
struct Note {
    /// Guards that this thread is in.
    depth: u32,
    length: usize,
    text: [u8; 128],
}

thread_local! {
    static NOTE: RefCell<Note> = const {
        RefCell::new(Note { depth: 0, length: 0, text: [0; 128] })
    };
}

fn note_place(info: &PanicHookInfo<'_>) -> bool {
    NOTE.with_borrow_mut(|note| {
        if note.depth == 0 {
            return false;
        }
        note.length = 0;
        if let Some(place) = info.location() {
            // A path too long for the note is cut.
            let _ = write!(note, "{place}");
        }
        true
    })
}

impl Write for Note {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = &mut self.text[self.length..];
        let taken = text.len().min(room.len());
        room[..taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.length += taken;
        Ok(())
    }
}

fn describe(note: &Note, payload: &(dyn Any + Send)) -> String {
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text");
    let place = String::from_utf8_lossy(&note.text[..note.length]);
    format!("panicked at {place}: {message}")
}

/// Drops what a panic carried, whose own drop may panic.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_text_with_its_place() {
        install_hook();
        let line = line!() + 1;
        let text = guard(|| panic!("number {}", 7)).unwrap_err();
        assert!(text.starts_with("panicked at src/guard.rs:"), "{text}");
        assert!(text.contains(&format!(":{line}:")), "{text}");
        assert!(text.ends_with(": number 7"), "{text}");
    }

    #[test]
    fn a_payload_that_panics_when_dropped_is_survived() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("in drop");
            }
        }
        install_hook();
        let text = guard(|| std::panic::panic_any(Bomb)).unwrap_err();
        assert!(text.ends_with(": no text"), "{text}");
    }

    #[test]
    fn guards_nest() {
        install_hook();
        let inner = guard(|| guard(|| panic!("inner")).unwrap_err()).unwrap();
        assert!(inner.ends_with(": inner"), "{inner}");
        NOTE.with_borrow(|note| assert_eq!(note.depth, 0));
    }
}
