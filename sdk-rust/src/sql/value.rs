use std::borrow::Cow;
use std::time::{Duration, SystemTime};

/// A value as the database knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Timestamp(Timestamp),
    /// A JSON document as text.
    Json(&'a str),
}

impl Value<'_> {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "NULL",
            Value::Bool(_) => "a bool",
            Value::Int(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Text(_) => "a text",
            Value::Bytes(_) => "bytes",
            Value::Timestamp(_) => "a timestamp",
            Value::Json(_) => "JSON",
        }
    }
}

/// A point in time: microseconds since 1970 in UTC. Converts from and into
/// `SystemTime`, of which less than a microsecond is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Timestamp(match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => micros(after),
            Err(before) => -micros(before.duration()),
        })
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        let span = Duration::from_micros(timestamp.0.unsigned_abs());
        match timestamp.0 < 0 {
            true => SystemTime::UNIX_EPOCH - span,
            false => SystemTime::UNIX_EPOCH + span,
        }
    }
}

/// A JSON document as text, to tell it from a text: `Json(&text)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

#[cfg(feature = "serde")]
impl Json<String> {
    /// The document of a value. An error if it cannot be written as JSON.
    pub fn of<T: serde::Serialize + ?Sized>(value: &T) -> Result<Json<String>, crate::Error> {
        Ok(Json(serde_json::to_string(value)?))
    }
}

#[cfg(feature = "serde")]
impl<T: AsRef<str>> Json<T> {
    /// The value that the document is of.
    pub fn parse<V: serde::de::DeserializeOwned>(&self) -> Result<V, crate::Error> {
        Ok(serde_json::from_str(self.0.as_ref())?)
    }
}

/// The parameters of a statement, of any types that are [`ToValue`]:
/// `params![name, 7, None::<i64>]`. To be written where it is used: it borrows
/// what it is made of.
#[macro_export]
macro_rules! params {
    () => { &[] as &[$crate::sql::Value<'static>] };
    ($($value:expr),+ $(,)?) => {
        &[$($crate::sql::ToValue::to_value(&$value)),+] as &[$crate::sql::Value<'_>]
    };
}

/// What can be a parameter of a statement.
pub trait ToValue {
    fn to_value(&self) -> Value<'_>;
}

macro_rules! to_value {
    ($($type:ty: $this:ident => $value:expr;)*) => {$(
        impl ToValue for $type {
            fn to_value(&self) -> Value<'_> {
                let $this = self;
                $value
            }
        }
    )*};
}

to_value! {
    bool: this => Value::Bool(*this);
    i8: this => Value::Int((*this).into());
    i16: this => Value::Int((*this).into());
    i32: this => Value::Int((*this).into());
    i64: this => Value::Int(*this);
    u8: this => Value::Int((*this).into());
    u16: this => Value::Int((*this).into());
    u32: this => Value::Int((*this).into());
    f32: this => Value::Float((*this).into());
    f64: this => Value::Float(*this);
    str: this => Value::Text(this);
    String: this => Value::Text(this);
    Cow<'_, str>: this => Value::Text(this);
    [u8]: this => Value::Bytes(this);
    Vec<u8>: this => Value::Bytes(this);
    Cow<'_, [u8]>: this => Value::Bytes(this);
    Timestamp: this => Value::Timestamp(*this);
    SystemTime: this => Value::Timestamp((*this).into());
    Value<'_>: this => *this;
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl<T: AsRef<str>> ToValue for Json<T> {
    fn to_value(&self) -> Value<'_> {
        Value::Json(self.0.as_ref())
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        T::to_value(self)
    }
}

/// What a value of a row can be read as, without loss.
pub trait FromValue<'r>: Sized {
    /// `None` if it is of another type, or out of range.
    fn from_value(value: Value<'r>) -> Option<Self>;
}

macro_rules! from_value {
    ($($type:ty: $($pattern:pat => $value:expr),+;)*) => {$(
        impl<'r> FromValue<'r> for $type {
            fn from_value(value: Value<'r>) -> Option<Self> {
                match value {
                    $($pattern => $value,)+
                    #[allow(unreachable_patterns)] // Value itself takes all
                    _ => None,
                }
            }
        }
    )*};
}

from_value! {
    // sqlite has no bool of its own
    bool: Value::Bool(value) => Some(value), Value::Int(0) => Some(false), Value::Int(1) => Some(true);
    i8: Value::Int(value) => value.try_into().ok();
    i16: Value::Int(value) => value.try_into().ok();
    i32: Value::Int(value) => value.try_into().ok();
    i64: Value::Int(value) => Some(value);
    u8: Value::Int(value) => value.try_into().ok();
    u16: Value::Int(value) => value.try_into().ok();
    u32: Value::Int(value) => value.try_into().ok();
    u64: Value::Int(value) => value.try_into().ok();
    f64: Value::Float(value) => Some(value), Value::Int(value) => exactly(value);
    &'r str: Value::Text(value) | Value::Json(value) => Some(value);
    String: Value::Text(value) | Value::Json(value) => Some(value.to_owned());
    &'r [u8]: Value::Bytes(value) => Some(value);
    Vec<u8>: Value::Bytes(value) => Some(value.to_owned());
    Timestamp: Value::Timestamp(value) => Some(value);
    SystemTime: Value::Timestamp(value) => Some(value.into());
    Json<&'r str>: Value::Json(value) | Value::Text(value) => Some(Json(value));
    Json<String>: Value::Json(value) | Value::Text(value) => Some(Json(value.to_owned()));
    Value<'r>: value => Some(value);
}

impl<'r, T: FromValue<'r>> FromValue<'r> for Option<T> {
    fn from_value(value: Value<'r>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// An integer as a float, if there is one that is equal.
fn exactly(value: i64) -> Option<f64> {
    const EXACT: i64 = 1 << f64::MANTISSA_DIGITS;
    (-EXACT..=EXACT).contains(&value).then_some(value as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_without_loss_or_not_at_all() {
        assert_eq!(i8::from_value(Value::Int(-128)), Some(-128));
        assert_eq!(i8::from_value(Value::Int(128)), None);
        assert_eq!(u64::from_value(Value::Int(-1)), None);
        assert_eq!(i64::from_value(Value::Float(1.0)), None);
        assert_eq!(f64::from_value(Value::Int(3)), Some(3.0));
        assert_eq!(f64::from_value(Value::Int(i64::MAX)), None);
        assert_eq!(bool::from_value(Value::Int(1)), Some(true));
        assert_eq!(bool::from_value(Value::Int(2)), None);
        assert_eq!(String::from_value(Value::Null), None);
        assert_eq!(Option::<i64>::from_value(Value::Null), Some(None));
        assert_eq!(Option::<i64>::from_value(Value::Text("1")), None);
        assert_eq!(<&[u8]>::from_value(Value::Text("a")), None);
    }

    #[test]
    fn timestamps_are_times_on_both_sides_of_1970() {
        for micros in [0, 1, -1, 1_700_000_000_000_001, -62_135_596_800_000_000] {
            let time = SystemTime::from(Timestamp(micros));
            assert_eq!(Timestamp::from(time), Timestamp(micros));
        }
    }
}
