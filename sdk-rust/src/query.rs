//! Values in a query: `name=value&...`, form-encoded.

use std::borrow::Cow;

/// The decoded value of the first pair of this name.
pub(crate) fn find<'q>(query: &'q [u8], name: &[u8]) -> Option<Cow<'q, [u8]>> {
    query.split(|byte| *byte == b'&').find_map(|pair| {
        if pair.is_empty() {
            return None;
        }
        let end = pair.iter().position(|byte| *byte == b'=');
        let (found, value) = match end {
            Some(end) => (&pair[..end], &pair[end + 1..]),
            None => (pair, &pair[pair.len()..]),
        };
        (*decode(found) == *name).then(|| decode(value))
    })
}

/// A `%` without two hex digits stays as it is.
fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        decoded.push(match (first, tail) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => b'%',
            },
            (byte, _) => *byte,
        });
    }
    Cow::Owned(decoded)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn finds_and_decodes() {
        for (query, name, want) in [
            ("a=1", "a", Some("1")),
            ("a=1&b=2", "b", Some("2")),
            ("a=1&a=2", "a", Some("1")),
            ("a=x%20y+z", "a", Some("x y z")),
            ("%61=1", "a", Some("1")),
            ("a", "a", Some("")),
            ("a=", "a", Some("")),
            ("a=b=c", "a", Some("b=c")),
            ("a=%", "a", Some("%")),
            ("a=%4", "a", Some("%4")),
            ("a=%zz%41", "a", Some("%zzA")),
            ("a=%+1", "a", Some("% 1")),
            ("", "", None),
            ("&&", "", None),
            ("=1", "", Some("1")),
            ("ab=1", "a", None),
            ("A=1", "a", None),
        ] {
            let got = find(query.as_bytes(), name.as_bytes());
            assert_eq!(got.as_deref(), want.map(str::as_bytes), "{query:?}");
        }
    }
}
