use std::borrow::Cow;

/// Bytes of an answer: static data, which costs nothing, or a buffer that is
/// handed over as it is. Made by `Into` from strings, slices and vectors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub(crate) Cow<'static, [u8]>);

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<&'static str> for Bytes {
    fn from(text: &'static str) -> Self {
        Bytes(Cow::Borrowed(text.as_bytes()))
    }
}

impl From<&'static [u8]> for Bytes {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes(Cow::Borrowed(bytes))
    }
}

impl<const N: usize> From<&'static [u8; N]> for Bytes {
    fn from(bytes: &'static [u8; N]) -> Self {
        Bytes(Cow::Borrowed(bytes))
    }
}

impl From<String> for Bytes {
    fn from(text: String) -> Self {
        Bytes(Cow::Owned(text.into_bytes()))
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes(Cow::Owned(bytes))
    }
}

impl From<Cow<'static, str>> for Bytes {
    fn from(text: Cow<'static, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}
