//! `GET /item/{id}`: one row by its primary key, as "name: stock". Binding: db.

use edge_gateway_sdk::{async_handler, params, Error, Request, Response};

async_handler!(item);

async fn item(request: &Request) -> Result<Response, Error> {
    let Some(id) = request.param_str("id").and_then(|id| id.parse::<i64>().ok()) else {
        return Ok(Response::text("id must be a number\n").with_status(400));
    };
    let row = request
        .sql("db")?
        .query_one("select name, stock from item where id = $1", params![id])
        .await?;
    let Some(row) = row else {
        return Ok(Response::text("no such item\n").with_status(404));
    };
    let (name, stock): (&str, i64) = (row.get(0)?, row.get(1)?);
    Ok(Response::text(format!("{name}: {stock}\n")))
}
