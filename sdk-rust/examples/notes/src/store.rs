use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use edge_gateway_sdk::sql::{Row, Sql};
use edge_gateway_sdk::{params, Error, Request};
use serde::Serialize;

use super::draft::Draft;

#[derive(Serialize)]
pub struct Note<'n> {
    id: &'n str,
    title: &'n str,
    body: &'n str,
}

/// Notes, and the id to go on after if there are more.
#[derive(Serialize)]
pub struct Page<'n> {
    notes: Vec<Note<'n>>,
    next: Option<&'n str>,
}

/// Whether the table is known to be there.
#[derive(Default)]
pub struct Table(AtomicBool);

/// The notes in the database.
pub struct Store<'r>(Sql<'r>);

impl<'r> Store<'r> {
    pub async fn open(request: &'r Request, table: &Table) -> Result<Store<'r>, Error> {
        let db = request.sql("db")?;
        if !table.0.load(Ordering::Relaxed) {
            let made = db.execute(
                "create table if not exists notes (
                    id text primary key,
                    title text not null,
                    body text not null,
                    constraint notes_title unique (title)
                )",
                params![],
            );
            match made.await {
                // A conflict: somebody else is making it at this moment.
                Err(error) if !error.is_conflict() => return Err(error),
                _ => table.0.store(true, Ordering::Relaxed),
            }
        }
        Ok(Store(db))
    }

    pub async fn insert<'n>(&self, id: &'n str, draft: &'n Draft) -> Result<Note<'n>, Error> {
        let Draft { title, body } = draft;
        self.0
            .execute(
                "insert into notes (id, title, body) values ($1, $2, $3)",
                params![id, title, body],
            )
            .await?;
        Ok(Note { id, title, body })
    }

    pub async fn get(&self, id: &str) -> Result<Option<Note<'r>>, Error> {
        self.0
            .query_one(
                "select id, title, body from notes where id = $1",
                params![id],
            )
            .await?
            .map(note)
            .transpose()
    }

    /// At most `limit` notes behind the id `after`.
    pub async fn page(&self, after: &str, limit: usize) -> Result<Page<'r>, Error> {
        // One more than asked for tells whether there is a next page.
        let rows = self
            .0
            .query(
                "select id, title, body from notes where id > $1 order by id limit $2",
                params![after, limit as i64 + 1],
            )
            .await?;
        let notes: Vec<_> = rows
            .iter()
            .take(limit)
            .map(note)
            .collect::<Result<_, _>>()?;
        let next = match rows.len() > limit {
            true => notes.last().map(|note| note.id),
            false => None,
        };
        Ok(Page { notes, next })
    }

    /// `None` if there is no such note.
    pub async fn update<'n>(
        &self,
        id: &'n str,
        draft: &'n Draft,
    ) -> Result<Option<Note<'n>>, Error> {
        let Draft { title, body } = draft;
        let done = self
            .0
            .execute(
                "update notes set title = $2, body = $3 where id = $1",
                params![id, title, body],
            )
            .await?;
        Ok((done.affected > 0).then_some(Note { id, title, body }))
    }

    /// Tells whether there was such a note.
    pub async fn delete(&self, id: &str) -> Result<bool, Error> {
        let done = self
            .0
            .execute("delete from notes where id = $1", params![id])
            .await?;
        Ok(done.affected > 0)
    }
}

fn note<'r>(row: Row<'r>) -> Result<Note<'r>, Error> {
    Ok(Note {
        id: row.get("id")?,
        title: row.get("title")?,
        body: row.get("body")?,
    })
}

/// An id that sorts by time: 16 hex digits of nanoseconds, 8 of chance. So the
/// same statements work with every database, whatever it calls its own ids.
pub fn new_id(now: SystemTime) -> String {
    let since = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let chance = RandomState::new().hash_one(since) as u32;
    format!("{:016x}{chance:08x}", since.as_nanos() as u64)
}

pub fn is_id(text: &str) -> bool {
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 24 && text.bytes().all(is_digit)
}
