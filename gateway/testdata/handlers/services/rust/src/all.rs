use edge_gateway_sdk::{join, params, Error};

use crate::cache::text;
use crate::Run;

pub(crate) async fn run(run: &mut Run<'_>, name: &str) -> Result<bool, Error> {
    match name {
        "all-together" => together(run).await?,
        "all-denied" => denied(run).await?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Four services in one list.
async fn together(run: &mut Run<'_>) -> Result<(), Error> {
    let request = run.request;
    let key = run.key("together");
    let (db, cache) = (request.sql("db")?, request.cache("cache")?);
    let (files, web) = (request.storage("files")?, request.http("web")?);
    let ((row, entry), (object, answer)) = join(
        join(db.query_one("select 7", params![]), cache.get(&key)),
        join(files.head(&key), web.get(run.url("/here")).send()),
    )
    .await;
    if let Some(row) = row? {
        run.row("sql", row, 1)?;
    }
    run.say("cache", text(entry?));
    run.say("http", answer?.status());
    run.object("storage", object?, false);
    Ok(())
}

/// Services that the endpoint is not bound to, and one of another kind.
async fn denied(run: &mut Run<'_>) -> Result<(), Error> {
    let request = run.request;
    run.outcome("sql", request.sql("nowhere"));
    run.outcome("cache", request.cache("nowhere"));
    run.outcome("storage", request.storage("nowhere"));
    run.outcome("email", request.email("nowhere"));
    run.outcome("http", request.http("nowhere"));
    let asked = request.sql("cache")?.query("select 1", params![]).await;
    run.outcome("a cache as a database", asked);
    Ok(())
}
