use std::future::Future;
use std::pin::Pin;
use std::task::{ready, Context, Poll};

use crate::abi::{self, eg_sql_cursor};
use crate::arguments::Arguments;
use crate::operation::Reply;
use crate::sql::statement::statement;
use crate::sql::{Rows, Sql, Value};
use crate::{Error, Operation};

/// Rows that come page after page, made by [`Sql::pages`]. They hold a
/// connection until the last page, [`close`](Pages::close), or the end of the
/// request.
pub struct Pages<'r> {
    sql: Sql<'r>,
    stage: Stage<'r>,
}

enum Stage<'r> {
    First(Operation<'r, Rows<'r>>),
    /// The next page is to be had with this cursor.
    Cursor(u64),
    Over,
}

impl<'r> Pages<'r> {
    pub(super) fn new(sql: Sql<'r>, text: &str, params: &[Value<'_>], size: u64) -> Self {
        let arguments =
            Arguments::of(|arguments| statement(arguments, text, params, 0, size.max(1)));
        // SAFETY: the arguments and the result of EG_SQL_QUERY.
        let first = unsafe { sql.operation("sql query", abi::EG_SQL_QUERY, arguments, rows) };
        Pages {
            sql,
            stage: Stage::First(first),
        }
    }

    /// The next page, or `None` after the last. Awaited, or waited for with
    /// [`Next::wait`]. If it fails, or is dropped before its end, there are no
    /// more.
    #[allow(clippy::should_implement_trait)] // it has to be awaited
    pub fn next(&mut self) -> Next<'_, 'r> {
        let operation = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::First(operation) => Some(operation),
            Stage::Cursor(cursor) => {
                let arguments = cursor_arguments(cursor);
                // SAFETY: the arguments and the result of EG_SQL_NEXT.
                Some(unsafe {
                    self.sql
                        .operation("sql page", abi::EG_SQL_NEXT, arguments, rows)
                })
            }
            Stage::Over => None,
        };
        Next {
            pages: self,
            operation,
        }
    }

    /// Gives up the pages that were not asked for, and the connection.
    pub fn close(self) -> Operation<'r, ()> {
        let Stage::Cursor(cursor) = self.stage else {
            return Operation::known(self.sql.0.request, Ok(()));
        };
        // SAFETY: the arguments of EG_SQL_CLOSE; no result.
        unsafe {
            self.sql.operation(
                "close sql pages",
                abi::EG_SQL_CLOSE,
                cursor_arguments(cursor),
                |reply| reply.done(),
            )
        }
    }
}

fn cursor_arguments(cursor: u64) -> Arguments {
    Arguments::of(|_| eg_sql_cursor {
        struct_size: size_of::<eg_sql_cursor>() as u32,
        reserved: 0,
        cursor,
    })
}

fn rows(reply: Reply<'_>) -> Result<Rows<'_>, Error> {
    // SAFETY: the result of EG_SQL_QUERY and of EG_SQL_NEXT.
    Ok(Rows::new(unsafe { reply.result()? }))
}

/// A page to come, see [`Pages::next`].
#[must_use = "nothing happens before it is awaited or waited for"]
pub struct Next<'p, 'r> {
    pages: &'p mut Pages<'r>,
    operation: Option<Operation<'r, Rows<'r>>>,
}

impl<'r> Next<'_, 'r> {
    /// As [`Operation::wait`].
    pub fn wait(self) -> Result<Option<Rows<'r>>, Error> {
        match self.operation {
            Some(operation) => self.pages.take(operation.wait()?),
            None => Ok(None),
        }
    }
}

impl<'r> Pages<'r> {
    fn take(&mut self, rows: Rows<'r>) -> Result<Option<Rows<'r>>, Error> {
        if rows.cursor() != 0 {
            self.stage = Stage::Cursor(rows.cursor());
        }
        Ok(Some(rows))
    }
}

impl<'r> Future for Next<'_, 'r> {
    type Output = Result<Option<Rows<'r>>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(operation) = &mut this.operation else {
            return Poll::Ready(Ok(None));
        };
        let rows = ready!(Pin::new(operation).poll(cx));
        this.operation = None;
        Poll::Ready(rows.and_then(|rows| this.pages.take(rows)))
    }
}
