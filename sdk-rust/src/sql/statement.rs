use crate::abi::{self, eg_bytes, eg_sql_statement, eg_sql_value};
use crate::arguments::Arguments;
use crate::sql::Value;

/// A statement for the host; what it points to is in `arguments`.
pub(super) fn statement(
    arguments: &mut Arguments,
    text: &str,
    params: &[Value<'_>],
    flags: u32,
    page: u64,
) -> eg_sql_statement {
    let values: Vec<_> = params
        .iter()
        .map(|value| encode(arguments, *value))
        .collect();
    eg_sql_statement {
        struct_size: size_of::<eg_sql_statement>() as u32,
        flags,
        text: arguments.bytes(text.as_bytes()),
        params: arguments.list(&values),
        param_count: values.len() as u64,
        page,
    }
}

fn encode(arguments: &mut Arguments, value: Value<'_>) -> eg_sql_value {
    let mut bytes = |bytes| arguments.bytes(bytes);
    let none = eg_bytes::ABSENT;
    let (type_, number, bytes) = match value {
        Value::Null => (abi::EG_SQL_NULL, 0, none),
        Value::Bool(value) => (abi::EG_SQL_BOOL, u64::from(value), none),
        Value::Int(value) => (abi::EG_SQL_INT64, value as u64, none),
        Value::Float(value) => (abi::EG_SQL_FLOAT64, value.to_bits(), none),
        Value::Text(value) => (abi::EG_SQL_TEXT, 0, bytes(value.as_bytes())),
        Value::Bytes(value) => (abi::EG_SQL_BYTES, 0, bytes(value)),
        Value::Timestamp(value) => (abi::EG_SQL_TIMESTAMP, value.0 as u64, none),
        Value::Json(value) => (abi::EG_SQL_JSON, 0, bytes(value.as_bytes())),
    };
    eg_sql_value {
        type_,
        reserved: 0,
        number,
        bytes,
    }
}
