use std::time::Duration;

use edge_gateway_sdk::cache::{Cache, Entry};
use edge_gateway_sdk::{join, Error};

use crate::{hex, Run};

const HOUR: Duration = Duration::from_secs(3600);

pub(crate) async fn run(run: &mut Run<'_>, name: &str) -> Result<bool, Error> {
    let cache = run.request.cache("cache")?;
    match name {
        "cache-values" => values(run, cache).await?,
        "cache-modes" => modes(run, cache).await?,
        "cache-swap" => swap(run, cache).await?,
        "cache-count" => count(run, cache).await?,
        "cache-touch" => touch(run, cache).await?,
        "cache-refused" => refused(run, cache).await,
        "cache-short" => {
            let key = run.key("short");
            cache.set(&key, "v", Duration::from_millis(900)).await?;
            run.value("value", cache, &key).await?;
        }
        "cache-peek" => run.value("value", cache, &run.key("short")).await?,
        _ => return Ok(false),
    }
    Ok(true)
}

pub(crate) fn text(entry: Option<Entry<'_>>) -> String {
    entry.map_or("none".to_owned(), |entry| {
        format!("'{}'", hex(entry.value()))
    })
}

impl<'r> Run<'r> {
    /// Says what a key holds.
    async fn value(
        &mut self,
        label: &str,
        cache: Cache<'r>,
        key: impl AsRef<[u8]>,
    ) -> Result<(), Error> {
        let entry = cache.get(key).await?;
        self.say(label, text(entry));
        Ok(())
    }
}

async fn values<'r>(run: &mut Run<'r>, cache: Cache<'r>) -> Result<(), Error> {
    let (one, none) = (run.key("one"), run.key("none"));
    let odd = [run.key("odd ").as_bytes(), b"\0\xff\r\n"].concat();
    run.value("nothing", cache, &none).await?;
    let (first, second) = join(cache.set(&one, "1", HOUR), cache.set(&odd, [0, 255], None)).await;
    (first?, second?);
    run.value("one", cache, &one).await?;
    run.value("odd", cache, &odd).await?;
    cache.set(&one, "", None).await?;
    run.value("empty", cache, &one).await?;
    let keys = [&odd, none.as_bytes(), one.as_bytes(), &odd];
    let all = cache.get_many(keys).await?.into_iter().map(text);
    run.say("many", all.collect::<Vec<_>>().join(" "));
    Ok(())
}

async fn modes<'r>(run: &mut Run<'r>, cache: Cache<'r>) -> Result<(), Error> {
    let key = run.key("modes");
    cache.delete(&key).await?;
    run.whether("replace nothing", cache.replace(&key, "1", None).await?);
    run.whether("add", cache.add(&key, "2", HOUR).await?);
    run.whether("add again", cache.add(&key, "3", None).await?);
    run.value("value", cache, &key).await?;
    run.whether("replace", cache.replace(&key, "4", None).await?);
    run.value("value", cache, &key).await?;
    run.whether("exists", cache.exists(&key).await?);
    run.whether("delete", cache.delete(&key).await?);
    run.whether("delete again", cache.delete(&key).await?);
    run.whether("exists still", cache.exists(&key).await?);
    Ok(())
}

async fn swap<'r>(run: &mut Run<'r>, cache: Cache<'r>) -> Result<(), Error> {
    let key = run.key("swap");
    cache.set(&key, "one", None).await?;
    let Some(read) = cache.get(&key).await? else {
        return Err(Error::new("what was stored is not there"));
    };
    run.whether("swap", cache.swap(&key, &read, "two", None).await?);
    let again = cache.swap(&key, &read, "three", None).await?;
    run.whether("with an old version", again);
    run.value("value", cache, &key).await?;
    cache.delete(&key).await?;
    let gone = cache.swap(&key, &read, "four", None).await?;
    run.whether("of what is gone", gone);
    Ok(())
}

async fn count<'r>(run: &mut Run<'r>, cache: Cache<'r>) -> Result<(), Error> {
    let key = run.key("count");
    let number = |n: Option<u64>| n.map_or("none".to_owned(), |n| n.to_string());
    run.say("nothing", number(cache.increment(&key, 1).await?));
    run.say("start", cache.increment_or_start(&key, 1, 5, HOUR).await?);
    run.say("go on", cache.increment_or_start(&key, 10, 5, None).await?);
    run.say("up", number(cache.increment(&key, 1).await?));
    run.say("down", number(cache.decrement(&key, 100).await?));
    cache.set(&key, "ten", None).await?;
    let counted = cache.increment(&key, 1).await;
    run.outcome("no number", counted);
    cache.delete(&key).await?;
    Ok(())
}

async fn touch<'r>(run: &mut Run<'r>, cache: Cache<'r>) -> Result<(), Error> {
    let key = run.key("touch");
    cache.delete(&key).await?;
    run.whether("nothing", cache.touch(&key, HOUR).await?);
    cache.set(&key, "v", HOUR / 60).await?;
    run.whether("touch", cache.touch(&key, HOUR).await?);
    run.value("value", cache, &key).await
}

async fn refused<'r>(run: &mut Run<'r>, cache: Cache<'r>) {
    let got = cache.get("").await;
    run.outcome("no key", got);
    let got = cache.get_many([""; 1001]).await;
    run.outcome("too many keys", got);
    let stored = cache.set(vec![b'k'; (64 << 10) + 1], "", None).await;
    run.outcome("long key", stored);
}
