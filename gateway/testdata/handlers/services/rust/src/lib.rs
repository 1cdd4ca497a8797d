//! Uses every operation of every service, as a handler in Rust. The handlers in
//! the folders beside it do the same in other languages; what a scenario answers
//! is the same in all of them, to the letter.

mod all;
mod cache;
mod email;
mod http;
mod sql;
mod storage;

use std::fmt::{Display, Write};

use edge_gateway_sdk::{async_handler, Error, Request, Response};

async_handler!(answer);

/// One scenario under way: `GET /{how}/{scenario}`.
struct Run<'r> {
    request: &'r Request,
    facts: String,
}

async fn answer(request: &Request) -> Result<Response, Error> {
    let mut run = Run {
        request,
        facts: String::new(),
    };
    let name = request.param_str("scenario").unwrap_or_default();
    let group = name.split('-').next().unwrap_or_default();
    let known = match group {
        "sql" => sql::run(&mut run, name).await?,
        "cache" => cache::run(&mut run, name).await?,
        "storage" => storage::run(&mut run, name).await?,
        "email" => email::run(&mut run, name).await?,
        "http" => http::run(&mut run, name).await?,
        "all" => all::run(&mut run, name).await?,
        _ => false,
    };
    match known {
        true => Ok(Response::text(run.facts)),
        false => Ok(Response::text("there is no such scenario\n").with_status(404)),
    }
}

impl<'r> Run<'r> {
    /// A fact, a line.
    fn say(&mut self, label: &str, fact: impl Display) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.facts, "{label}: {fact}");
    }

    /// A key of this run's own.
    fn key(&self, name: impl Display) -> String {
        let how = self.request.param_str("how").unwrap_or_default();
        format!("{how}/{name}")
    }

    /// Says how an operation ended whose result does not matter: by status and
    /// code.
    fn outcome<T>(&mut self, label: &str, outcome: Result<T, Error>) {
        match outcome {
            Ok(_) => self.say(label, "ok"),
            Err(error) => {
                let fact = format!("error {}{}", error.status(), spaced(error.code()));
                self.say(label, fact);
            }
        }
    }

    fn whether(&mut self, label: &str, yes: bool) {
        self.say(label, if yes { "yes" } else { "no" });
    }

    fn url(&self, path: &str) -> String {
        self.request
            .config_str("url")
            .unwrap_or_default()
            .to_owned()
            + path
    }
}

fn spaced(text: Option<&str>) -> String {
    text.map_or(String::new(), |text| format!(" {text}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
