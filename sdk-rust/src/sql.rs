//! SQL databases.
//!
//! ```
//! use edge_gateway_sdk::{async_handler, params, Error, Request, Response};
//!
//! async_handler!(stock);
//!
//! async fn stock(request: &Request) -> Result<Response, Error> {
//!     let db = request.sql("db")?;
//!     let item = request.param_str("item");
//!     let row = db
//!         .query_one("select count, note from stock where item = $1", params![item])
//!         .await?;
//!     let Some(row) = row else {
//!         return Ok(Response::new(404));
//!     };
//!     let count: i64 = row.get("count")?;
//!     let note: Option<&str> = row.get("note")?;
//!     Ok(Response::text(format!("{count} {}\n", note.unwrap_or_default())))
//! }
//! ```
//!
//! Statements have placeholders `$1`, `$2` and so on with every database; one
//! may be used again, and in any order.

mod pages;
mod rows;
mod statement;
mod transaction;
mod value;

pub use pages::{Next, Pages};
pub use rows::{At, Column, Executed, Row, Rows};
pub use transaction::{Isolation, Transaction, TransactionOptions};
pub use value::{FromValue, Json, Timestamp, ToValue, Value};

use crate::abi::{self, eg_sql_batch, eg_sql_result, eg_sql_results};
use crate::arguments::Arguments;
use crate::operation::{list, Reply};
use crate::services::Lent;
use crate::{Error, Operation, Request};
use statement::statement;

/// A database that the endpoint is bound to, made by [`Request::sql`]. Cheap to
/// make and to copy.
///
/// Errors of its operations tell by [`Error::code`] the SQLSTATE, and by
/// [`Error::subject`] the constraint if [`Error::is_conflict`] says that one was
/// violated.
#[derive(Clone, Copy)]
pub struct Sql<'r>(Lent<'r>);

impl Request {
    /// The database that the endpoint calls `name`. An error with the status
    /// `EG_E_DENIED` if it is bound to none of that name.
    pub fn sql(&self, name: &str) -> Result<Sql<'_>, Error> {
        Ok(Sql(self.lent(abi::EG_SQL, name)?))
    }
}

impl<'r> Sql<'r> {
    /// Runs a statement and gives all of its rows. An error with the status
    /// `EG_E_TOO_LARGE` if they are more than the service allows: see
    /// [`pages`](Sql::pages).
    pub fn query(&self, text: &str, params: &[Value<'_>]) -> Operation<'r, Rows<'r>> {
        self.run(text, params, 0, |reply| {
            // SAFETY: the result of EG_SQL_QUERY.
            Ok(Rows::new(unsafe { reply.result()? }))
        })
    }

    /// Runs a statement and gives its first row, if there is one; others are
    /// not read.
    pub fn query_one(&self, text: &str, params: &[Value<'_>]) -> Operation<'r, Option<Row<'r>>> {
        self.run(text, params, abi::EG_SQL_ONE, |reply| {
            // SAFETY: the result of EG_SQL_QUERY.
            Ok(Rows::new(unsafe { reply.result()? }).row(0))
        })
    }

    /// Runs a statement for its effect.
    pub fn execute(&self, text: &str, params: &[Value<'_>]) -> Operation<'r, Executed> {
        self.run(text, params, 0, |reply| {
            // SAFETY: the result of EG_SQL_QUERY.
            Ok(Rows::new(unsafe { reply.result()? }).executed())
        })
    }

    /// Runs statements in one round trip and as one transaction, all or none;
    /// within a [`Transaction`] of the request as a part of it. An error tells
    /// by [`Error::position`] which statement failed.
    ///
    /// ```
    /// # use edge_gateway_sdk::{params, Error, Request};
    /// # async fn f(request: &Request) -> Result<(), Error> {
    /// let db = request.sql("db")?;
    /// db.batch([
    ///     ("update accounts set sum = sum - $1 where id = $2", params![10, "a"]),
    ///     ("update accounts set sum = sum + $1 where id = $2", params![10, "b"]),
    /// ])
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn batch<'s>(
        &self,
        statements: impl IntoIterator<Item = (&'s str, &'s [Value<'s>])>,
    ) -> Operation<'r, Vec<Rows<'r>>> {
        let arguments = Arguments::of(|arguments| {
            let statements: Vec<_> = statements
                .into_iter()
                .map(|(text, params)| {
                    let statement = statement(arguments, text, params, 0, 0);
                    arguments.put(statement)
                })
                .collect();
            eg_sql_batch {
                struct_size: size_of::<eg_sql_batch>() as u32,
                reserved: 0,
                statements: arguments.list(&statements),
                count: statements.len() as u64,
            }
        });
        // SAFETY: the arguments and the result of EG_SQL_BATCH.
        unsafe {
            self.operation("sql batch", abi::EG_SQL_BATCH, arguments, |reply| {
                let results: &eg_sql_results = reply.result()?;
                let results: &[*const eg_sql_result] = list(results.results, results.count);
                Ok(results.iter().map(|result| Rows::new(&**result)).collect())
            })
        }
    }

    /// Runs a statement whose rows come in pages of `size`, for more rows than
    /// should be in memory at a time.
    ///
    /// ```
    /// # use edge_gateway_sdk::{params, Error, Request};
    /// # async fn f(request: &Request) -> Result<(), Error> {
    /// let db = request.sql("db")?;
    /// let mut pages = db.pages("select name from users", params![], 500);
    /// while let Some(rows) = pages.next().await? {
    ///     for row in rows {
    ///         let name: &str = row.get("name")?;
    /// #       let _ = name;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages(&self, text: &str, params: &[Value<'_>], size: u64) -> Pages<'r> {
        Pages::new(*self, text, params, size)
    }

    /// Starts a transaction. See [`Transaction`].
    pub fn begin(&self) -> Operation<'r, Transaction<'r>> {
        self.begin_with(TransactionOptions::default())
    }

    /// Starts a transaction with an isolation level, or one that only reads.
    pub fn begin_with(&self, options: TransactionOptions) -> Operation<'r, Transaction<'r>> {
        Transaction::begin(*self, options)
    }

    fn run<T>(
        &self,
        text: &str,
        params: &[Value<'_>],
        flags: u32,
        read: fn(Reply<'r>) -> Result<T, Error>,
    ) -> Operation<'r, T> {
        let arguments = Arguments::of(|arguments| statement(arguments, text, params, flags, 0));
        // SAFETY: the arguments of EG_SQL_QUERY; callers read its result.
        unsafe { self.operation("sql query", abi::EG_SQL_QUERY, arguments, read) }
    }

    /// # Safety
    /// As for [`Operation::new`].
    unsafe fn operation<T>(
        &self,
        what: &'static str,
        code: u32,
        arguments: Arguments,
        read: fn(Reply<'r>) -> Result<T, Error>,
    ) -> Operation<'r, T> {
        // SAFETY: the table of eg.sql/1; the rest by this function's contract.
        unsafe { Operation::new(self.0.request, what, self.0.table, code, arguments, read) }
    }
}

impl std::fmt::Debug for Sql<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sql")
    }
}
