use edge_gateway_sdk::{Error, Request, Response};
use serde_json::{json, Map, Value};

/// What a client wants a note to be.
pub struct Draft {
    pub title: String,
    pub body: String,
}

impl Draft {
    /// The body of the request, or the 400 that names what is wrong with it.
    pub fn read(request: &Request) -> Result<Draft, Error> {
        let mut fields: Map<String, Value> = request.json()?;
        Ok(Draft {
            title: text(&mut fields, "title", 1, 200)?,
            body: text(&mut fields, "body", 0, 10_000)?,
        })
    }
}

fn text(
    fields: &mut Map<String, Value>,
    name: &str,
    least: usize,
    most: usize,
) -> Result<String, Error> {
    match fields.remove(name) {
        // Not every database can hold a NUL.
        Some(Value::String(text))
            if (least..=most).contains(&text.chars().count()) && !text.contains('\0') =>
        {
            Ok(text)
        }
        _ => {
            let wanted = format!("a text of {least} to {most} characters is wanted");
            Err(problem(name, &wanted))
        }
    }
}

/// A 400 that names the field.
pub fn problem(field: &str, problem: &str) -> Error {
    match Response::json(&json!({ "field": field, "problem": problem })) {
        Ok(response) => response.with_status(400).into(),
        Err(error) => error,
    }
}
