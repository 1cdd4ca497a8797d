use std::time::{Duration, SystemTime};

use crate::driver::services::Answer;
use edge_gateway_sdk::abi::*;
use edge_gateway_sdk::email::{Delivery, Message};
use edge_gateway_sdk::params;

fn accepted() -> Answer {
    Answer::result(|memory| eg_email_accepted {
        struct_size: size_of::<eg_email_accepted>() as u32,
        reserved: 0,
        message_id: memory.text("1@example.com"),
    })
}

#[test]
fn send() {
    both! {
        concat!(
            r#"send from "me@x.y" to ["Ann <a@b.c>", "d@e.f"] cc ["c@x.y"] bcc ["b@x.y"] "#,
            r#"reply_to ["r@x.y"] subject "S\xc3\xa4" text "T" html "<p>" "#,
            r#"file "a.txt" - "\x00\xff" - file "b" "image/png" "" - file "c.png" - "c" "pic""#,
        ),
        [accepted()],
        |request| {
            let message = Message::new()
                .from("me@x.y")
                .to("Ann <a@b.c>")
                .to(String::from("d@e.f"))
                .cc("c@x.y")
                .bcc("b@x.y")
                .reply_to("r@x.y")
                .subject("Sä")
                .text("T")
                .html("<p>")
                .attach("a.txt", b"\0\xff")
                .attach_as("b", "image/png", Vec::new())
                .inline("pic", "c.png", "c");
            request.email("mail")?.send(message)
        },
        |id| assert_eq!(id?, "1@example.com")
    }
    both! {
        r#"send from - to ["a@b.c"] cc [] bcc [] reply_to [] subject "" text "" html -"#,
        [Answer::problem(EG_E_INVALID, "no such address", "")],
        |request| request.email("mail")?.send(Message::new().to("a@b.c").text("")),
        |id| assert_eq!(id.unwrap_err().status(), EG_E_INVALID)
    }
}

#[test]
fn send_in_a_transaction() {
    use crate::{both, driver};
    use edge_gateway_sdk::{Error, Request, Response};
    async fn answer(request: &Request) -> Result<Response, Error> {
        let transaction = request.sql("db")?.begin().await?;
        let message = Message::new().to("a@b.c").html("h");
        let mail = request.email("mail")?;
        assert_eq!(mail.send_in(&transaction, message).await?, "1@example.com");
        let _ = transaction.execute("q", params![]).await;
        transaction.commit().await?;
        Ok(Response::new(204))
    }
    let host = both::host(vec![Answer::status(EG_OK), accepted()]);
    let outcome = crate::serve!(async_entry, &host, driver::Call::get("/"), answer);
    let received = both::received(&host, &outcome);
    let want =
        r#"send from - to ["a@b.c"] cc [] bcc [] reply_to [] subject "" text - html "h" in db"#;
    assert_eq!(received[1], want);
    assert_eq!(received[3], "commit");
}

#[test]
fn state() {
    fn state(state: u32, next: i64, reason: Option<&'static str>) -> Answer {
        Answer::result(move |memory| eg_email_state {
            struct_size: size_of::<eg_email_state>() as u32,
            state,
            attempts: 2,
            accepted: 1_000_000_001,
            next,
            reason: reason.map_or(eg_bytes::ABSENT, |reason| memory.text(reason)),
        })
    }
    both! { r#"state "1@example.com""#, [state(EG_EMAIL_QUEUED, 5_000_000_000, Some("busy"))],
        |request| request.email("mail")?.state("1@example.com"),
        |state| {
            let state = state?.unwrap();
            assert_eq!((state.delivery, state.attempts), (Delivery::Queued, 2));
            let start = SystemTime::UNIX_EPOCH;
            assert_eq!(state.accepted, start + Duration::from_nanos(1_000_000_001));
            assert_eq!(state.next, Some(start + Duration::from_secs(5)));
            assert_eq!(state.reason, Some("busy"));
        }
    }
    both! { r#"state "x""#, [state(EG_EMAIL_DELIVERED, 0, None)],
        |request| request.email("mail")?.state("x"),
        |state| {
            let state = state?.unwrap();
            assert_eq!(state.delivery, Delivery::Delivered);
            assert_eq!((state.next, state.reason), (None, None));
        }
    }
    both! { r#"state "x""#, [state(EG_EMAIL_FAILED, 0, Some("gone"))],
        |request| request.email("mail")?.state("x"),
        |state| assert_eq!(state?.unwrap().delivery, Delivery::Failed)
    }
    both! { r#"state "x""#, [Answer::status(EG_E_NOT_FOUND)],
        |request| request.email("mail")?.state("x"),
        |state| assert!(state?.is_none())
    }
}
