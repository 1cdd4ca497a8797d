use std::fmt::Write;
use std::time::Duration;

use edge_gateway_sdk::storage::{Access, Object, Storage};
use edge_gateway_sdk::{join_all, Error};

use crate::Run;

pub(crate) async fn run(run: &mut Run<'_>, name: &str) -> Result<bool, Error> {
    let files = run.request.storage("files")?;
    match name {
        "storage-object" => object(run, files).await?,
        "storage-range" => range(run, files).await?,
        "storage-list" => list(run, files).await?,
        "storage-copy" => copy(run, files).await?,
        "storage-upload" => upload(run, files).await?,
        "storage-left" => left(run, files).await?,
        "storage-after" => {
            let head = files.head(&run.key("left")).await?;
            run.object("left", head, false);
        }
        "storage-presign" => presign(run, files).await?,
        "storage-refused" => refused(run, files).await,
        _ => return Ok(false),
    }
    Ok(true)
}

impl<'r> Run<'r> {
    /// Says all about an object but what differs from one to the next.
    pub(crate) fn object(&mut self, label: &str, object: Option<Object<'r>>, read: bool) {
        let Some(object) = object else {
            return self.say(label, "none");
        };
        let mut facts = format!("{} bytes", object.size());
        if read {
            let body = String::from_utf8_lossy(object.body());
            let _ = write!(facts, ", '{body}' at {}", object.offset());
        }
        let _ = write!(facts, ", {}", object.content_type());
        for (name, value) in object.metadata() {
            let [name, value] = [name, value].map(String::from_utf8_lossy);
            let _ = write!(facts, ", {name}={value}");
        }
        self.say(label, facts);
    }
}

async fn object<'r>(run: &mut Run<'r>, files: Storage<'r>) -> Result<(), Error> {
    let key = run.key("object");
    let new = || {
        files
            .object(&key)
            .content_type("text/plain")
            .metadata("Owner", "me")
            .metadata("colour", "grün")
            .only_new()
    };
    run.object("nothing", files.get(&key).await?, true);
    run.object("no head", files.head(&key).await?, false);
    let put = new().put("content").await?;
    run.say("put", format!("{} bytes", put.size()));
    let again = new().put("other").await;
    run.outcome("put again", again);
    let got = files.get(&key).await?;
    run.object("get", got, true);
    let head = files.head(&key).await?;
    run.object("head", head, false);
    let same = |other: Option<Object>| other.is_some_and(|other| other.etag() == put.etag());
    run.say(
        "one etag",
        !put.etag().is_empty() && same(got) && same(head),
    );
    files.put(&key, "").await?;
    run.object("empty", files.get(&key).await?, true);
    let deleted = files.delete(&key).await;
    run.outcome("delete", deleted);
    let deleted = files.delete(&key).await;
    run.outcome("delete again", deleted);
    run.object("gone", files.get(&key).await?, true);
    Ok(())
}

async fn range<'r>(run: &mut Run<'r>, files: Storage<'r>) -> Result<(), Error> {
    let key = run.key("range");
    files.put(&key, "0123456789").await?;
    run.object("middle", files.get_range(&key, 3..7).await?, true);
    run.object("rest", files.get_range(&key, 8..).await?, true);
    run.object(
        "more than there is",
        files.get_range(&key, 8..18).await?,
        true,
    );
    run.object("end", files.get_range(&key, 10..).await?, true);
    let behind = files.get_range(&key, 11..).await;
    run.outcome("behind", behind);
    let mut read = String::new();
    let mut chunks = files.chunks(&key, 4);
    while let Some(chunk) = chunks.next().await? {
        let _ = write!(read, " {}", String::from_utf8_lossy(chunk.body()));
    }
    run.say("chunks", read.trim_start());
    Ok(())
}

async fn list<'r>(run: &mut Run<'r>, files: Storage<'r>) -> Result<(), Error> {
    let prefix = run.key("list/");
    let puts =
        ["a/1", "a/2", "a/b/3", "b", "c/4"].map(|name| files.put(&format!("{prefix}{name}"), name));
    for put in join_all(puts).await {
        put?;
    }
    for (label, list) in [
        ("all", files.list(&prefix)),
        ("top", files.list(&prefix).delimiter("/")),
        (
            "in pages",
            files.list(format!("{prefix}a/")).delimiter("/").limit(2),
        ),
        ("none", files.list(format!("{prefix}x"))),
    ] {
        let mut entries = String::new();
        let mut page = list.page().await?;
        loop {
            for entry in page.entries() {
                let name = entry.key().strip_prefix(&*prefix).unwrap_or_default();
                let _ = write!(entries, " {name}");
                if !entry.is_prefix() {
                    let _ = write!(entries, "({})", entry.size());
                }
            }
            let Some(next) = page.next() else {
                break;
            };
            entries += " |";
            let rest = files.list(format!("{prefix}a/")).delimiter("/").limit(2);
            page = rest.after(next).page().await?;
        }
        run.facts += &format!("{label}:{entries}\n");
    }
    Ok(())
}

async fn copy<'r>(run: &mut Run<'r>, files: Storage<'r>) -> Result<(), Error> {
    let (from, to) = (run.key("from"), run.key("to"));
    let new = files
        .object(&from)
        .content_type("text/css")
        .metadata("owner", "me");
    new.put("content").await?;
    files.copy(&from, &to).await?;
    run.object("copy", files.get(&to).await?, true);
    let copied = files.copy(&run.key("nothing"), &to).await;
    run.outcome("of nothing", copied);
    Ok(())
}

async fn upload<'r>(run: &mut Run<'r>, files: Storage<'r>) -> Result<(), Error> {
    let (key, aborted) = (run.key("upload"), run.key("aborted"));
    files.delete(&key).await?;
    let mut upload = files
        .object(&key)
        .content_type("text/plain")
        .start()
        .await?;
    upload.write("one ").await?;
    upload.write("two ").await?;
    run.object("before", files.head(&key).await?, false);
    upload.finish().await?;
    run.object("after", files.get(&key).await?, true);
    let ended = files.object(&aborted).start().await?.abort().await;
    run.outcome("abort", ended);
    run.object("aborted", files.head(&aborted).await?, false);
    Ok(())
}

/// Leaves an upload open.
async fn left<'r>(run: &mut Run<'r>, files: Storage<'r>) -> Result<(), Error> {
    let mut upload = files.object(run.key("left")).start().await?;
    let written = upload.write("part").await;
    run.outcome("write", written);
    Ok(())
}

/// A URL to write and one to read.
async fn presign<'r>(run: &mut Run<'r>, files: Storage<'r>) -> Result<(), Error> {
    for access in [Access::Write, Access::Read] {
        let minute = Duration::from_secs(60);
        let url = files
            .presigned_url(access, &run.key("signed"), minute)
            .await?;
        run.facts += &format!("{url}\n");
    }
    Ok(())
}

async fn refused<'r>(run: &mut Run<'r>, files: Storage<'r>) {
    let got = files.get("").await;
    run.outcome("no key", got);
    let head = files.head("a\0b").await;
    run.outcome("NUL", head);
    let put = files.put(&"k".repeat(1025), "").await;
    run.outcome("long key", put);
    let put = files
        .object(run.key("x"))
        .content_type("a\nb")
        .put("")
        .await;
    run.outcome("content type", put);
    let put = files
        .object(run.key("x"))
        .metadata("a b", "c")
        .put("")
        .await;
    run.outcome("metadata", put);
    let long = Duration::from_secs(8 * 24 * 3600);
    let url = files.presigned_url(Access::Read, &run.key("x"), long).await;
    run.outcome("lifetime", url);
}
