//! `/ledger/{id}`: as ledger, with an async fn. Bindings: db, cache.

use edge_gateway_sdk::{async_handler, params, Error, Request, Response};

async_handler!(ledger);

const VERSION: &str = "unversioned";

async fn ledger(request: &Request) -> Result<Response, Error> {
    let (db, cache) = (request.sql("db")?, request.cache("cache")?);
    let id = request.param_str("id").unwrap_or_default();
    if request.method() == "POST" {
        let rows = db
            .batch([
                (
                    "create table if not exists ledger (id text primary key, n bigint not null)",
                    params![],
                ),
                (
                    "insert into ledger (id, n) values ($1, 1)
                     on conflict (id) do update set n = ledger.n + 1 returning n",
                    params![id],
                ),
            ])
            .await?;
        let row = rows[1]
            .row(0)
            .ok_or_else(|| Error::new("nothing came back"))?;
        let number: i64 = row.get("n")?;
        cache.set(id, number.to_string(), None).await?;
        return Ok(Response::text(format!("{VERSION} counted {number}\n")));
    }
    if let Some(number) = cache.get(id).await? {
        let number = number.text().unwrap_or_default();
        return Ok(Response::text(format!("{VERSION} remembered {number}\n")));
    }
    let row = db
        .query_one("select n from ledger where id = $1", params![id])
        .await?;
    let number: i64 = match row {
        Some(row) => row.get("n")?,
        None => 0,
    };
    cache.set(id, number.to_string(), None).await?;
    Ok(Response::text(format!("{VERSION} read {number}\n")))
}
