//! Results of SQL.

use super::{Answer, Memory};
use edge_gateway_sdk::abi::*;
use edge_gateway_sdk::sql::Value;

fn value(memory: &mut Memory, value: Value<'_>) -> eg_sql_value {
    let (type_, number, bytes) = match value {
        Value::Null => (EG_SQL_NULL, 0, eg_bytes::ABSENT),
        Value::Bool(value) => (EG_SQL_BOOL, value.into(), eg_bytes::ABSENT),
        Value::Int(value) => (EG_SQL_INT64, value as u64, eg_bytes::ABSENT),
        Value::Float(value) => (EG_SQL_FLOAT64, value.to_bits(), eg_bytes::ABSENT),
        Value::Text(value) => (EG_SQL_TEXT, 0, memory.text(value)),
        Value::Bytes(value) => (EG_SQL_BYTES, 0, memory.bytes(value)),
        Value::Timestamp(value) => (EG_SQL_TIMESTAMP, value.0 as u64, eg_bytes::ABSENT),
        Value::Json(value) => (EG_SQL_JSON, 0, memory.text(value)),
    };
    eg_sql_value {
        type_,
        reserved: 0,
        number,
        bytes,
    }
}

/// A result with rows of these columns.
pub fn result(
    memory: &mut Memory,
    names: &[&str],
    values: &[Value<'_>],
    cursor: u64,
) -> eg_sql_result {
    let columns = names
        .iter()
        .map(|name| eg_sql_column {
            name: memory.text(name),
            native: match *name {
                "id" => memory.text("bigint"),
                _ => eg_bytes::ABSENT,
            },
            type_: EG_SQL_NULL,
            reserved: 0,
        })
        .collect();
    let encoded = values.iter().map(|one| value(memory, *one)).collect();
    eg_sql_result {
        struct_size: size_of::<eg_sql_result>() as u32,
        flags: 0,
        affected: 0,
        last_id: 0,
        columns: memory.list(columns),
        column_count: names.len() as u64,
        values: memory.list(encoded),
        row_count: (values.len() / names.len().max(1)) as u64,
        cursor,
    }
}

/// Rows of these columns.
pub fn rows(names: &'static [&'static str], values: &'static [Value<'static>]) -> Answer {
    Answer::result(|memory| result(memory, names, values, 0))
}

/// What a statement did that gives no rows.
pub fn executed(affected: u64, flags: u32, last_id: i64) -> Answer {
    Answer::result(move |memory| eg_sql_result {
        affected,
        flags,
        last_id,
        ..result(memory, &[], &[], 0)
    })
}
