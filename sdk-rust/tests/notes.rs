//! The notes sample: what it asks of the services, and what it answers.
#![cfg(feature = "serde")]

mod driver;

#[path = "../examples/notes/src/lib.rs"]
mod notes;

use std::ffi::c_void;
use std::ptr;

use driver::services::sql::{executed, rows};
use driver::services::Answer;
use driver::{Call, Host, Outcome};
use edge_gateway_sdk::abi::*;
use edge_gateway_sdk::sql::Value;
use serde_json::{json, Value as Json};

extern "C" {
    fn handler_init(host: *const eg_host, init: *const eg_init, this: *mut *mut c_void) -> i32;
    fn handler_entry(
        host: *const eg_host,
        request: *const eg_request,
        response: *mut eg_response,
    ) -> i32;
    fn handler_shutdown(host: *const eg_host, this: *mut c_void);
}

const ID: &str = "17979cfe362a0001deadbeef";

/// Makes a request; gives the outcome and what the services got, but for the
/// statement that makes the table.
fn ask(call: Call, answers: Vec<Answer>) -> (Outcome, Vec<String>) {
    let host = Host::new();
    let mut queue = host.services.answers.lock().unwrap();
    queue.push_back(executed(0, 0, 0));
    queue.extend(answers);
    drop(queue);
    let mut this = ptr::null_mut();
    let outcome = unsafe {
        assert_eq!(
            handler_init(host.raw(), host.init_memory(0), &mut this),
            EG_OK
        );
        let entry = |host, request, response| handler_entry(host, request, response);
        let outcome = call.run(&host, this, &entry);
        handler_shutdown(host.raw(), this);
        outcome
    };
    let mut received = host.services.received.lock().unwrap().clone();
    assert!(received
        .remove(0)
        .starts_with("query \"create table if not exists"));
    (outcome, received)
}

fn call(method: &'static str, id: Option<&'static str>, body: Option<Json>) -> Call {
    Call {
        method,
        params: id
            .map(|id| (&b"id"[..], id.as_bytes()))
            .into_iter()
            .collect(),
        body: body.map(|body| body.to_string().into_bytes()),
        ..Call::get("/notes")
    }
}

fn json_of(outcome: &Outcome) -> Json {
    serde_json::from_slice(&outcome.body).unwrap()
}

fn missing_entry() -> Answer {
    entry(None)
}

fn entry(value: Option<&'static str>) -> Answer {
    Answer::result(move |memory| {
        let entry = eg_cache_entry {
            value: value.map_or(eg_bytes::ABSENT, |value| memory.text(value)),
            version: 1,
        };
        eg_cache_entries {
            struct_size: size_of::<eg_cache_entries>() as u32,
            reserved: 0,
            entries: memory.put(entry),
            count: 1,
        }
    })
}

const COLUMNS: &[&str] = &["id", "title", "body"];

#[test]
fn a_note_is_created() {
    let note = json!({ "title": "T", "body": "B\n" });
    let (outcome, received) = ask(call("POST", None, Some(note)), vec![executed(1, 0, 0)]);
    assert_eq!(outcome.status, 201, "{outcome:?}");
    let made = json_of(&outcome);
    let id = made["id"].as_str().unwrap();
    assert_eq!(id.len(), 24, "{id}");
    assert_eq!(made, json!({ "id": id, "title": "T", "body": "B\n" }));
    let location = (b"location".to_vec(), format!("/notes/{id}").into_bytes());
    assert!(outcome.headers.contains(&location), "{:?}", outcome.headers);
    let insert = "insert into notes (id, title, body) values ($1, $2, $3)";
    assert_eq!(
        received,
        [format!(
            "query \"{insert}\" 4:0:\"{id}\" 4:0:\"T\" 4:0:\"B\\n\""
        )]
    );
}

#[test]
fn what_is_wrong_is_named() {
    for (note, field) in [
        (json!({ "body": "B" }), "title"),
        (json!({ "title": 7, "body": "B" }), "title"),
        (json!({ "title": "", "body": "B" }), "title"),
        (json!({ "title": "ä".repeat(201), "body": "B" }), "title"),
        (json!({ "title": "a\0b", "body": "B" }), "title"),
        (json!({ "title": "T" }), "body"),
        (json!({ "title": "T", "body": null }), "body"),
        (json!({ "title": "T", "body": "x".repeat(10_001) }), "body"),
    ] {
        for (method, id) in [("POST", None), ("PUT", Some(ID))] {
            let (outcome, received) = ask(call(method, id, Some(note.clone())), vec![]);
            assert_eq!((outcome.status, received.len()), (400, 0), "{outcome:?}");
            assert_eq!(json_of(&outcome)["field"], field);
        }
    }
    let (outcome, _) = ask(call("POST", None, Some(json!([1]))), vec![]);
    assert_eq!(outcome.status, 400);
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("after=x", "after"),
    ] {
        let list = Call {
            query: Some(query.as_bytes()),
            ..call("GET", None, None)
        };
        let (outcome, _) = ask(list, vec![]);
        assert_eq!(
            (outcome.status, json_of(&outcome)["field"].as_str()),
            (400, Some(field))
        );
    }
}

#[test]
fn a_title_that_is_taken_is_a_conflict() {
    let note = json!({ "title": "T", "body": "B" });
    let conflict = |subject| Answer::problem_about(EG_E_CONFLICT, "duplicate", "23505", subject);
    for (method, id) in [("POST", None), ("PUT", Some(ID))] {
        for subject in ["notes_title", "notes.title"] {
            let (outcome, _) = ask(
                call(method, id, Some(note.clone())),
                vec![conflict(subject)],
            );
            assert_eq!(outcome.status, 409, "{outcome:?}");
            assert_eq!(json_of(&outcome)["field"], "title");
        }
    }
    let (outcome, _) = ask(call("POST", None, Some(note)), vec![conflict("notes_pkey")]);
    assert_eq!(outcome.returned, EG_E_CONFLICT);
}

#[test]
fn a_note_is_read_through_the_cache() {
    let cached = r#"{"id":"x"}"#;
    let (outcome, received) = ask(call("GET", Some(ID), None), vec![entry(Some(cached))]);
    assert_eq!((outcome.status, outcome.body_str()), (200, cached));
    assert_eq!(received, [format!("get [\"note:{ID}\"]")]);

    let found = rows(
        COLUMNS,
        &[Value::Text(ID), Value::Text("T"), Value::Text("B")],
    );
    let (outcome, received) = ask(call("GET", Some(ID), None), vec![missing_entry(), found]);
    assert_eq!(
        json_of(&outcome),
        json!({ "id": ID, "title": "T", "body": "B" })
    );
    assert_eq!(received.len(), 3);
    let set = format!(
        "set \"note:{ID}\" \"{}\" 60000000000 0",
        outcome.body.escape_ascii()
    );
    assert_eq!(received[2], set);

    // A cache that is down is no reason to fail.
    let down = Answer::status(EG_E_UNAVAILABLE);
    let found = rows(
        COLUMNS,
        &[Value::Text(ID), Value::Text("T"), Value::Text("B")],
    );
    let (outcome, _) = ask(call("GET", Some(ID), None), vec![down, found]);
    assert_eq!(outcome.status, 200);
}

#[test]
fn what_is_not_there_is_a_404() {
    let note = json!({ "title": "T", "body": "B" });
    let (outcome, _) = ask(
        call("GET", Some(ID), None),
        vec![missing_entry(), rows(COLUMNS, &[])],
    );
    assert_eq!(outcome.status, 404);
    let (outcome, _) = ask(call("PUT", Some(ID), Some(note)), vec![executed(0, 0, 0)]);
    assert_eq!(outcome.status, 404);
    let (outcome, _) = ask(call("DELETE", Some(ID), None), vec![executed(0, 0, 0)]);
    assert_eq!(outcome.status, 404);
    let (outcome, received) = ask(call("GET", Some("no id"), None), vec![]);
    assert_eq!((outcome.status, received.len()), (404, 0));
}

#[test]
fn a_change_leaves_nothing_old_in_the_cache() {
    let note = json!({ "title": "T", "body": "B" });
    let (outcome, received) = ask(call("PUT", Some(ID), Some(note)), vec![executed(1, 0, 0)]);
    assert_eq!(
        json_of(&outcome),
        json!({ "id": ID, "title": "T", "body": "B" })
    );
    assert_eq!(received[1], format!("delete \"note:{ID}\""));
    let (outcome, received) = ask(call("DELETE", Some(ID), None), vec![executed(1, 0, 0)]);
    assert_eq!((outcome.status, outcome.body.len()), (204, 0));
    assert_eq!(received[1], format!("delete \"note:{ID}\""));
}

#[test]
fn notes_come_in_pages() {
    const OTHER: &str = "17979cfe362a0002deadbeef";
    let three = || {
        let values = &[
            Value::Text(ID),
            Value::Text("T"),
            Value::Text("B"),
            Value::Text(OTHER),
            Value::Text("U"),
            Value::Text("C"),
            Value::Text("x"),
            Value::Text("V"),
            Value::Text("D"),
        ];
        rows(COLUMNS, values)
    };
    let list = |query: &'static str| Call {
        query: Some(query.as_bytes()),
        ..call("GET", None, None)
    };
    let (outcome, received) = ask(list("limit=2"), vec![three()]);
    let page = json_of(&outcome);
    assert_eq!(page["notes"].as_array().unwrap().len(), 2);
    assert_eq!(page["next"], OTHER);
    assert!(received[0].ends_with(" 4:0:\"\" 2:3:-"), "{received:?}");

    let after = "limit=3&after=17979cfe362a0001deadbeef";
    let (outcome, received) = ask(list(after), vec![three()]);
    assert_eq!(json_of(&outcome)["next"], Json::Null);
    assert!(
        received[0].ends_with(&format!(" 4:0:\"{ID}\" 2:4:-")),
        "{received:?}"
    );
}

#[test]
fn other_methods_are_refused() {
    for id in [None, Some(ID)] {
        let (outcome, received) = ask(call("PATCH", id, None), vec![]);
        assert_eq!((outcome.status, received.len()), (405, 0));
    }
}
