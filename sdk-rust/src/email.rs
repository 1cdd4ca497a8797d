//! Sending mail.
//!
//! ```
//! use edge_gateway_sdk::email::Message;
//! use edge_gateway_sdk::{async_handler, Error, Request, Response};
//!
//! async_handler!(greet);
//!
//! async fn greet(request: &Request) -> Result<Response, Error> {
//!     let message = Message::new()
//!         .to("Ann <ann@example.com>")
//!         .subject("Hello")
//!         .text("How are you?");
//!     let id = request.email("mail")?.send(message).await?;
//!     Ok(Response::text(format!("accepted as {id}\n")).with_status(202))
//! }
//! ```
//!
//! A mail that was accepted is durable in the service's outbox and will be
//! delivered at least once, always with the same id.

use std::ffi::c_void;
use std::fmt;
use std::ptr;
use std::time::SystemTime;

use crate::abi::{
    self, eg_bytes, eg_email_accepted, eg_email_attachment, eg_email_message, eg_email_query,
    eg_email_state,
};
use crate::arguments::Arguments;
use crate::context::time;
use crate::operation::text;
use crate::services::Lent;
use crate::sql::Transaction;
use crate::{Bytes, Error, Operation, Request};

/// An email service that the endpoint is bound to, made by [`Request::email`].
/// Cheap to make and to copy.
#[derive(Clone, Copy)]
pub struct Email<'r>(Lent<'r>);

impl Request {
    /// The email service that the endpoint calls `name`. An error with the
    /// status `EG_E_DENIED` if it is bound to none of that name.
    pub fn email(&self, name: &str) -> Result<Email<'_>, Error> {
        Ok(Email(self.lent(abi::EG_EMAIL, name)?))
    }
}

impl<'r> Email<'r> {
    /// Accepts a mail and gives its id, without angle brackets.
    pub fn send(&self, message: Message) -> Operation<'r, &'r str> {
        self.accept(message, ptr::null())
    }

    /// Accepts a mail as a part of a transaction: it is sent if that is
    /// committed, and never if not. An error with the status `EG_E_DENIED` if
    /// the service is not set up to take mail from that database.
    ///
    /// ```
    /// # use edge_gateway_sdk::{email::Message, params, Error, Request};
    /// # async fn f(request: &Request, message: Message) -> Result<(), Error> {
    /// let transaction = request.sql("db")?.begin().await?;
    /// transaction.execute("insert into orders (item) values ($1)", params!["tea"]).await?;
    /// request.email("mail")?.send_in(&transaction, message).await?;
    /// transaction.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_in(
        &self,
        transaction: &Transaction<'r>,
        message: Message,
    ) -> Operation<'r, &'r str> {
        self.accept(message, transaction.table())
    }

    /// What became of a mail, by its id; `None` if there is none of that id.
    pub fn state(&self, id: &str) -> Operation<'r, Option<State<'r>>> {
        let arguments = Arguments::of(|arguments| eg_email_query {
            struct_size: size_of::<eg_email_query>() as u32,
            reserved: 0,
            message_id: arguments.bytes(id.as_bytes()),
        });
        // SAFETY: the table, the arguments and the result of EG_EMAIL_STATE.
        unsafe {
            Operation::new(
                self.0.request,
                "email state",
                self.0.table,
                abi::EG_EMAIL_STATE,
                arguments,
                |reply| match reply.unless(abi::EG_E_NOT_FOUND)? {
                    true => reply.result().map(State::new).map(Some),
                    false => Ok(None),
                },
            )
        }
    }

    fn accept(&self, message: Message, transaction: *const c_void) -> Operation<'r, &'r str> {
        let arguments = Arguments::of(|arguments| message.encode(arguments, transaction));
        // SAFETY: the table, the arguments and the result of EG_EMAIL_SEND.
        unsafe {
            Operation::new(
                self.0.request,
                "email send",
                self.0.table,
                abi::EG_EMAIL_SEND,
                arguments,
                |reply| {
                    let accepted: &eg_email_accepted = reply.result()?;
                    Ok(text(accepted.message_id))
                },
            )
        }
    }
}

/// A mail, put together step by step. It needs a recipient, and a text or an
/// HTML body or both. An address is `"ann@example.com"` or
/// `"Ann <ann@example.com>"`.
#[derive(Clone, Debug, Default)]
#[must_use = "a message is not sent before it is given to Email::send"]
pub struct Message {
    from: Option<String>,
    to: Vec<String>,
    cc: Vec<String>,
    bcc: Vec<String>,
    reply_to: Vec<String>,
    subject: String,
    text: Option<String>,
    html: Option<String>,
    attachments: Vec<Attachment>,
}

#[derive(Clone, Debug)]
struct Attachment {
    name: String,
    content_type: Option<String>,
    content: Bytes,
    content_id: Option<String>,
}

impl Message {
    pub fn new() -> Message {
        Message::default()
    }

    /// The sender, if it is not the service's own.
    pub fn from(mut self, address: impl Into<String>) -> Message {
        self.from = Some(address.into());
        self
    }

    /// One more recipient.
    pub fn to(mut self, address: impl Into<String>) -> Message {
        self.to.push(address.into());
        self
    }

    /// One more recipient of a copy.
    pub fn cc(mut self, address: impl Into<String>) -> Message {
        self.cc.push(address.into());
        self
    }

    /// One more recipient whom the others do not see.
    pub fn bcc(mut self, address: impl Into<String>) -> Message {
        self.bcc.push(address.into());
        self
    }

    /// One more address that an answer should go to.
    pub fn reply_to(mut self, address: impl Into<String>) -> Message {
        self.reply_to.push(address.into());
        self
    }

    pub fn subject(mut self, subject: impl Into<String>) -> Message {
        self.subject = subject.into();
        self
    }

    pub fn text(mut self, text: impl Into<String>) -> Message {
        self.text = Some(text.into());
        self
    }

    pub fn html(mut self, html: impl Into<String>) -> Message {
        self.html = Some(html.into());
        self
    }

    /// A file, its type told by its name.
    pub fn attach(self, name: impl Into<String>, content: impl Into<Bytes>) -> Message {
        self.attach_as(name, None, content)
    }

    /// A file of a type such as `"image/png"`.
    pub fn attach_as<'t>(
        mut self,
        name: impl Into<String>,
        content_type: impl Into<Option<&'t str>>,
        content: impl Into<Bytes>,
    ) -> Message {
        self.attachments.push(Attachment {
            name: name.into(),
            content_type: content_type.into().map(str::to_owned),
            content: content.into(),
            content_id: None,
        });
        self
    }

    /// A picture that the HTML shows as `<img src="cid:ID">`.
    pub fn inline(
        mut self,
        id: impl Into<String>,
        name: impl Into<String>,
        content: impl Into<Bytes>,
    ) -> Message {
        self.attachments.push(Attachment {
            name: name.into(),
            content_type: None,
            content: content.into(),
            content_id: Some(id.into()),
        });
        self
    }

    fn encode(self, arguments: &mut Arguments, transaction: *const c_void) -> eg_email_message {
        let addresses = |arguments: &mut Arguments, all: &[String]| -> *const eg_bytes {
            let all: Vec<_> = all
                .iter()
                .map(|address| arguments.bytes(address.as_bytes()))
                .collect();
            arguments.list(&all)
        };
        let count = |all: &[String]| all.len() as u64;
        let attachment_count = self.attachments.len() as u64;
        let attachments: Vec<_> = self
            .attachments
            .into_iter()
            .map(|attachment| eg_email_attachment {
                name: arguments.bytes(attachment.name.as_bytes()),
                content_type: arguments.optional(attachment.content_type),
                content: arguments.keep(attachment.content),
                content_id: arguments.optional(attachment.content_id),
            })
            .collect();
        eg_email_message {
            struct_size: size_of::<eg_email_message>() as u32,
            reserved: 0,
            from: arguments.optional(self.from),
            to: addresses(arguments, &self.to),
            to_count: count(&self.to),
            cc: addresses(arguments, &self.cc),
            cc_count: count(&self.cc),
            bcc: addresses(arguments, &self.bcc),
            bcc_count: count(&self.bcc),
            reply_to: addresses(arguments, &self.reply_to),
            reply_to_count: count(&self.reply_to),
            subject: arguments.bytes(self.subject.as_bytes()),
            text: arguments.optional(self.text),
            html: arguments.optional(self.html),
            attachments: arguments.list(&attachments),
            attachment_count,
            transaction,
        }
    }
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State<'r> {
    pub delivery: Delivery,
    /// How often it was tried.
    pub attempts: u64,
    pub accepted: SystemTime,
    /// When it will be tried next.
    pub next: Option<SystemTime>,
    /// Why the last try failed.
    pub reason: Option<&'r str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// It waits for its first or next try.
    Queued,
    /// It was taken by the server, or written to the folder.
    Delivered,
    /// It was given up.
    Failed,
}

impl<'r> State<'r> {
    fn new(state: &'r eg_email_state) -> State<'r> {
        State {
            delivery: match state.state {
                abi::EG_EMAIL_DELIVERED => Delivery::Delivered,
                abi::EG_EMAIL_FAILED => Delivery::Failed,
                _ => Delivery::Queued,
            },
            attempts: state.attempts,
            accepted: time(state.accepted),
            next: (state.next != 0).then(|| time(state.next)),
            // SAFETY: of a result of the request.
            reason: (!state.reason.ptr.is_null()).then(|| unsafe { text(state.reason) }),
        }
    }
}

impl fmt::Debug for Email<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email")
    }
}
