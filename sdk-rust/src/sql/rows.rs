use std::fmt;

use crate::abi::{self, eg_sql_column, eg_sql_result, eg_sql_value};
use crate::operation::{bytes, list, text};
use crate::sql::{FromValue, Timestamp, Value};
use crate::Error;

/// The rows that a statement gave, in memory of the request.
#[derive(Clone, Copy)]
pub struct Rows<'r>(&'r eg_sql_result);

// SAFETY: a result is not changed before the request has been answered.
unsafe impl Send for Rows<'_> {}
unsafe impl Sync for Rows<'_> {}

/// What a statement did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Rows inserted, updated or deleted.
    pub affected: u64,
    /// The id of the row inserted last, where the database tells it (sqlite;
    /// in postgres ask with `returning`).
    pub last_id: Option<i64>,
}

impl<'r> Rows<'r> {
    pub(super) fn new(result: &'r eg_sql_result) -> Rows<'r> {
        Rows(result)
    }

    pub fn len(&self) -> usize {
        self.0.row_count as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row at a place, from 0.
    pub fn row(&self, place: usize) -> Option<Row<'r>> {
        (place < self.len()).then_some(Row { rows: *self, place })
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row<'r>> + use<'r> {
        let rows = *self;
        (0..self.len()).map(move |place| Row { rows, place })
    }

    /// The columns in the order of the statement; names may repeat.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = Column<'r>> + use<'r> {
        self.columns_raw().iter().map(Column)
    }

    pub fn executed(&self) -> Executed {
        let has_id = self.0.flags & abi::EG_SQL_HAS_LAST_ID != 0;
        Executed {
            affected: self.0.affected,
            last_id: has_id.then_some(self.0.last_id),
        }
    }

    /// For the next page; 0 if there is none.
    pub(super) fn cursor(&self) -> u64 {
        self.0.cursor
    }

    fn columns_raw(&self) -> &'r [eg_sql_column] {
        // SAFETY: a result of the request.
        unsafe { list(self.0.columns, self.0.column_count) }
    }

    fn values(&self) -> &'r [eg_sql_value] {
        // SAFETY: the same; the header says that there are so many.
        unsafe { list(self.0.values, self.0.row_count * self.0.column_count) }
    }
}

impl<'r> IntoIterator for Rows<'r> {
    type Item = Row<'r>;
    type IntoIter = IntoIter<'r>;

    fn into_iter(self) -> IntoIter<'r> {
        IntoIter {
            rows: self,
            next: 0,
        }
    }
}

impl<'r> IntoIterator for &Rows<'r> {
    type Item = Row<'r>;
    type IntoIter = IntoIter<'r>;

    fn into_iter(self) -> IntoIter<'r> {
        (*self).into_iter()
    }
}

/// Goes over [`Rows`].
pub struct IntoIter<'r> {
    rows: Rows<'r>,
    next: usize,
}

impl<'r> Iterator for IntoIter<'r> {
    type Item = Row<'r>;

    fn next(&mut self) -> Option<Row<'r>> {
        let row = self.rows.row(self.next)?;
        self.next += 1;
        Some(row)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.rows.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for IntoIter<'_> {}

/// A column of a result.
#[derive(Clone, Copy)]
pub struct Column<'r>(&'r eg_sql_column);

impl<'r> Column<'r> {
    pub fn name(&self) -> &'r str {
        // SAFETY: of a result of the request.
        unsafe { text(self.0.name) }
    }

    /// The type as the database calls it, if it tells.
    pub fn native_type(&self) -> Option<&'r str> {
        // SAFETY: the same.
        let name = unsafe { bytes(self.0.native) }?;
        std::str::from_utf8(name).ok()
    }
}

/// A row of a result.
#[derive(Clone, Copy)]
pub struct Row<'r> {
    rows: Rows<'r>,
    place: usize,
}

/// Names a column: by its place from 0, or by its name (the first of that
/// name).
pub trait At: fmt::Debug {
    #[doc(hidden)]
    fn find(&self, rows: &Rows<'_>) -> Option<usize>;
}

impl At for usize {
    fn find(&self, rows: &Rows<'_>) -> Option<usize> {
        (*self < rows.columns_raw().len()).then_some(*self)
    }
}

impl At for &str {
    fn find(&self, rows: &Rows<'_>) -> Option<usize> {
        rows.columns().position(|column| column.name() == *self)
    }
}

impl<'r> Row<'r> {
    /// The value of a column as a type of your choice; `Option<T>` where it may
    /// be NULL. An error if there is no such column, or the value is no `T`.
    ///
    /// ```
    /// # use edge_gateway_sdk::{sql::Row, Error};
    /// # fn f(row: Row<'_>) -> Result<(), Error> {
    /// let id: i64 = row.get(0)?;
    /// let name: &str = row.get("name")?;
    /// let age = row.get::<Option<u8>>("age")?;
    /// # let _ = (id, name, age);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get<T: FromValue<'r>>(&self, column: impl At) -> Result<T, Error> {
        let place = column
            .find(&self.rows)
            .ok_or_else(|| Error::new(format!("the result has no column {column:?}")))?;
        let count = self.rows.columns_raw().len();
        let value = decode(&self.rows.values()[self.place * count + place])
            .ok_or_else(|| Error::new(format!("column {column:?}: a value of unknown type")))?;
        T::from_value(value).ok_or_else(|| {
            let (kind, wanted) = (value.kind(), std::any::type_name::<T>());
            Error::new(format!(
                "column {column:?}: {kind} is no {wanted}, or out of its range"
            ))
        })
    }
}

fn decode<'r>(value: &'r eg_sql_value) -> Option<Value<'r>> {
    // SAFETY: of a result of the request.
    let bytes = || unsafe { bytes::<'r>(value.bytes) }.unwrap_or_default();
    let text = || std::str::from_utf8(bytes()).ok();
    Some(match value.type_ {
        abi::EG_SQL_NULL => Value::Null,
        abi::EG_SQL_BOOL => Value::Bool(value.number != 0),
        abi::EG_SQL_INT64 => Value::Int(value.number as i64),
        abi::EG_SQL_FLOAT64 => Value::Float(f64::from_bits(value.number)),
        abi::EG_SQL_TEXT => Value::Text(text()?),
        abi::EG_SQL_BYTES => Value::Bytes(bytes()),
        abi::EG_SQL_TIMESTAMP => Value::Timestamp(Timestamp(value.number as i64)),
        abi::EG_SQL_JSON => Value::Json(text()?),
        _ => return None,
    })
}

impl fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (place, column) in self.rows.columns().enumerate() {
            map.entry(&column.name(), &self.get::<Value>(place));
        }
        map.finish()
    }
}
