use edge_gateway_sdk::email::{Delivery, Email, Message};
use edge_gateway_sdk::{params, Error};

use crate::sql::INSERT_NOTE;
use crate::Run;

pub(crate) async fn run(run: &mut Run<'_>, name: &str) -> Result<bool, Error> {
    let mail = run.request.email("mail")?;
    match name {
        "email-send" => {
            let id = mail.send(run.message("sent")).await?;
            run.facts = format!("{id}\n");
        }
        "email-commit" => in_transaction(run, mail, "committed", true).await?,
        "email-rollback" => in_transaction(run, mail, "rolled back", false).await?,
        "email-state" => state(run, mail).await?,
        "email-refused" => refused(run, mail).await,
        _ => return Ok(false),
    }
    Ok(true)
}

impl Run<'_> {
    fn message(&self, subject: &str) -> Message {
        let how = self.request.param_str("how").unwrap_or_default();
        Message::new()
            .to("Ann <ann@example.com>")
            .cc("bob@example.com")
            .bcc("secret@example.com")
            .reply_to("desk@example.com")
            .subject(format!("{subject} by {how}"))
            .text("plain text")
            .html("<p>html</p>")
            .attach("data.bin", b"\0content\xff".to_vec())
    }
}

async fn in_transaction<'r>(
    run: &mut Run<'r>,
    mail: Email<'r>,
    subject: &str,
    commit: bool,
) -> Result<(), Error> {
    let transaction = run.database().await?.begin().await?;
    transaction.execute(INSERT_NOTE, params![1, "a", 1]).await?;
    let id = mail.send_in(&transaction, run.message(subject)).await?;
    run.facts = format!("{id}\n");
    match commit {
        true => transaction.commit().await,
        false => transaction.rollback().await,
    }
}

/// Tells of the mail whose id is the query.
async fn state<'r>(run: &mut Run<'r>, mail: Email<'r>) -> Result<(), Error> {
    let id = run.request.query_str().unwrap_or_default();
    run.facts = match mail.state(id).await? {
        None => "none\n".to_owned(),
        Some(state) => {
            let delivery = match state.delivery {
                Delivery::Queued => "queued",
                Delivery::Delivered => "delivered",
                _ => "failed",
            };
            format!("{delivery} after {}\n", state.attempts)
        }
    };
    Ok(())
}

async fn refused<'r>(run: &mut Run<'r>, mail: Email<'r>) {
    let to = || Message::new().to("a@example.com");
    for (label, message) in [
        ("nobody", Message::new().subject("s").text("t")),
        ("no body", to().subject("s")),
        (
            "injection",
            to().subject("s\r\nBcc: b@example.com").text("t"),
        ),
        (
            "address",
            Message::new().to("no address").subject("s").text("t"),
        ),
    ] {
        let sent = mail.send(message).await;
        run.outcome(label, sent);
    }
}
