//! Notes, in a database and through a cache:
//!
//! ```text
//! POST   /notes               {"title","body"}: 201 with Location and the note
//! GET    /notes?limit=&after= a page of notes, the oldest first
//! GET    /notes/{id}          one note
//! PUT    /notes/{id}          {"title","body"}: the note as it is now
//! DELETE /notes/{id}          204
//! ```
//!
//! 400 names the field that is wrong, 404 says that there is no such note, 409
//! that another one has the title. The bindings are `db` (sql; sqlite and
//! postgres take the same statements) and `cache`.

mod cache;
mod draft;
mod store;

use edge_gateway_sdk::{async_handler, Error, Init, Request, Response};
use serde_json::json;

use cache::Cache;
use draft::Draft;
use store::Store;

async_handler!(Notes::answer, init = Notes::start);

#[derive(Default)]
pub struct Notes {
    table: store::Table,
}

impl Notes {
    fn start(_: &Init) -> Result<Notes, Error> {
        Ok(Notes::default())
    }

    async fn answer(&self, request: &Request) -> Result<Response, Error> {
        let store = Store::open(request, &self.table).await?;
        let cache = Cache::open(request)?;
        let Some(id) = request.param("id") else {
            return match request.method() {
                "POST" => create(request, store).await,
                "GET" | "HEAD" => list(request, store).await,
                _ => Ok(Response::new(405)),
            };
        };
        let Some(id) = std::str::from_utf8(id).ok().filter(|id| store::is_id(id)) else {
            return missing();
        };
        match request.method() {
            "GET" | "HEAD" => read(id, store, cache).await,
            "PUT" => update(request, id, store, cache).await,
            "DELETE" => delete(id, store, cache).await,
            _ => Ok(Response::new(405)),
        }
    }
}

async fn create(request: &Request, store: Store<'_>) -> Result<Response, Error> {
    let draft = Draft::read(request)?;
    let id = store::new_id(request.received());
    let note = store.insert(&id, &draft).await.map_err(title_taken)?;
    let location = format!("{}/{id}", request.path_str().unwrap_or_default());
    Ok(Response::json(&note)?
        .with_status(201)
        .with_header("location", location))
}

async fn list(request: &Request, store: Store<'_>) -> Result<Response, Error> {
    let limit = match request.query_value_str("limit") {
        None => 20,
        Some(text) => match text.parse() {
            Ok(limit @ 1..=100) => limit,
            _ => return Err(draft::problem("limit", "a number from 1 to 100 is wanted")),
        },
    };
    let after = request.query_value_str("after").unwrap_or_default();
    if !after.is_empty() && !store::is_id(&after) {
        return Err(draft::problem("after", "the id of a note is wanted"));
    }
    Response::json(&store.page(&after, limit).await?)
}

async fn read(id: &str, store: Store<'_>, cache: Cache<'_>) -> Result<Response, Error> {
    if let Some(note) = cache.get(id).await {
        return Ok(json_response(note.to_vec()));
    }
    let Some(note) = store.get(id).await? else {
        return missing();
    };
    let note = serde_json::to_vec(&note)?;
    cache.set(id, &note).await;
    Ok(json_response(note))
}

async fn update(
    request: &Request,
    id: &str,
    store: Store<'_>,
    cache: Cache<'_>,
) -> Result<Response, Error> {
    let draft = Draft::read(request)?;
    let Some(note) = store.update(id, &draft).await.map_err(title_taken)? else {
        return missing();
    };
    cache.forget(id).await;
    Response::json(&note)
}

async fn delete(id: &str, store: Store<'_>, cache: Cache<'_>) -> Result<Response, Error> {
    let was_there = store.delete(id).await?;
    cache.forget(id).await;
    match was_there {
        true => Ok(Response::new(204)),
        false => missing(),
    }
}

fn missing() -> Result<Response, Error> {
    let problem = json!({ "problem": "there is no such note" });
    Ok(Response::json(&problem)?.with_status(404))
}

/// Turns the violation of the constraint on the title into a 409.
fn title_taken(error: Error) -> Error {
    let subject = error.subject().unwrap_or_default();
    if !error.is_conflict() || !subject.contains("title") {
        return error;
    }
    let problem = json!({ "field": "title", "problem": "another note has this title" });
    match Response::json(&problem) {
        Ok(response) => response.with_status(409).into(),
        Err(error) => error,
    }
}

fn json_response(body: Vec<u8>) -> Response {
    Response::new(200)
        .with_header("content-type", "application/json")
        .with_body(body)
}
