//! Lists of named values, as the host gives them.

use crate::abi::eg_field;

/// Names and values in the host's order.
///
/// # Safety
/// `list` must point to `count` fields that stay unchanged for all of `'a`,
/// with what they point to; it is not looked at if `count` is 0.
pub(crate) unsafe fn iter<'a>(
    list: *const eg_field,
    count: u64,
) -> impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])> {
    let list = if count == 0 {
        &[]
    } else {
        // SAFETY: by this function's own contract.
        unsafe { std::slice::from_raw_parts(list, count as usize) }
    };
    list.iter().map(|field| {
        // SAFETY: the same.
        let get = |bytes: crate::abi::eg_bytes| unsafe { bytes.get() }.unwrap_or_default();
        (get(field.name), get(field.value))
    })
}

/// The first value of exactly this name.
pub(crate) fn find<'a>(
    mut list: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    name: &str,
) -> Option<&'a [u8]> {
    list.find(|(found, _)| *found == name.as_bytes())
        .map(|(_, value)| value)
}
