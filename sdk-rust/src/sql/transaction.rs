use std::ops::Deref;

use crate::abi::{self, eg_sql_begin};
use crate::arguments::Arguments;
use crate::sql::Sql;
use crate::Operation;

/// A transaction, which has a connection to itself; made by [`Sql::begin`].
///
/// While it is open every operation of this request on the service is a part of
/// it, whichever handle it is made with, and they run one after the other.
///
/// ```
/// # use edge_gateway_sdk::{params, Error, Request};
/// # async fn f(request: &Request) -> Result<(), Error> {
/// let transaction = request.sql("db")?.begin().await?;
/// transaction.execute("update stock set count = count - 1 where item = $1", params!["tea"]).await?;
/// transaction.execute("insert into orders (item) values ($1)", params!["tea"]).await?;
/// transaction.commit().await?;
/// # Ok(())
/// # }
/// ```
///
/// **Dropped without a commit** it stays open until the request has been
/// answered, and is rolled back by the host then: so an early return with `?`
/// has no effect on the database. It is also rolled back when no operation
/// comes for the service's `tx_idle`; later operations, the commit too, then end
/// with the status `EG_E_TX_GONE`.
#[derive(Debug)]
#[must_use = "a transaction without a commit is rolled back"]
pub struct Transaction<'r>(Sql<'r>);

impl<'r> Transaction<'r> {
    pub(super) fn begin(sql: Sql<'r>, options: TransactionOptions) -> Operation<'r, Self> {
        let arguments = Arguments::of(|_| eg_sql_begin {
            struct_size: size_of::<eg_sql_begin>() as u32,
            flags: match options.read_only {
                true => abi::EG_SQL_READ_ONLY,
                false => 0,
            },
            isolation: options.isolation as u32,
            reserved: 0,
        });
        // SAFETY: the arguments of EG_SQL_BEGIN; no result.
        unsafe {
            sql.operation("sql begin", abi::EG_SQL_BEGIN, arguments, |reply| {
                reply.done()?;
                Ok(Transaction(Sql(reply.lent())))
            })
        }
    }

    /// Makes it last. An error with the status `EG_E_CONFLICT` says that it
    /// could not be serialised and should be run again, `EG_E_TX_GONE` that it
    /// was rolled back before, `EG_E_UNKNOWN_OUTCOME` that nobody knows whether
    /// it was committed.
    pub fn commit(self) -> Operation<'r, ()> {
        self.end("sql commit", abi::EG_SQL_COMMIT)
    }

    /// Ends it without effect.
    pub fn rollback(self) -> Operation<'r, ()> {
        self.end("sql rollback", abi::EG_SQL_ROLLBACK)
    }

    fn end(self, what: &'static str, code: u32) -> Operation<'r, ()> {
        // SAFETY: both take no arguments and have no result.
        unsafe {
            self.0
                .operation(what, code, Arguments::none(), |reply| reply.done())
        }
    }

    pub(crate) fn table(&self) -> *const std::ffi::c_void {
        self.0 .0.table
    }
}

impl<'r> Deref for Transaction<'r> {
    type Target = Sql<'r>;

    fn deref(&self) -> &Sql<'r> {
        &self.0
    }
}

/// How much of others' work a transaction may see, at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Isolation {
    /// The database's own.
    #[default]
    Default = abi::EG_SQL_ISOLATION_DEFAULT,
    ReadCommitted = abi::EG_SQL_READ_COMMITTED,
    RepeatableRead = abi::EG_SQL_REPEATABLE_READ,
    /// sqlite is never less.
    Serializable = abi::EG_SQL_SERIALIZABLE,
}

/// How to start a transaction, for [`Sql::begin_with`].
///
/// ```
/// use edge_gateway_sdk::sql::{Isolation, TransactionOptions};
///
/// let options = TransactionOptions {
///     isolation: Isolation::Serializable,
///     ..Default::default()
/// };
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransactionOptions {
    pub isolation: Isolation,
    /// Statements that write are refused.
    pub read_only: bool,
}
