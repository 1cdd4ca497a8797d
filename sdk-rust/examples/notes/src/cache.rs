use std::time::Duration;

use edge_gateway_sdk::cache::Entry;
use edge_gateway_sdk::{warn, Error, Request};

/// Notes as the JSON that is sent, for a minute. A cache that fails is a line in
/// the log and not the client's problem. A note that is read and changed at the
/// same time may be out of date in it, until that minute is over.
pub struct Cache<'r> {
    request: &'r Request,
    cache: edge_gateway_sdk::cache::Cache<'r>,
}

const TIME_TO_LIVE: Duration = Duration::from_secs(60);

impl<'r> Cache<'r> {
    pub fn open(request: &'r Request) -> Result<Cache<'r>, Error> {
        let cache = request.cache("cache")?;
        Ok(Cache { request, cache })
    }

    pub async fn get(&self, id: &str) -> Option<Entry<'r>> {
        self.or_log(self.cache.get(key(id)).await).flatten()
    }

    pub async fn set(&self, id: &str, note: &[u8]) {
        self.or_log(self.cache.set(key(id), note, TIME_TO_LIVE).await);
    }

    pub async fn forget(&self, id: &str) {
        self.or_log(self.cache.delete(key(id)).await);
    }

    fn or_log<T>(&self, outcome: Result<T, Error>) -> Option<T> {
        outcome.map_err(|error| warn!(self.request, "{error}")).ok()
    }
}

fn key(id: &str) -> String {
    format!("note:{id}")
}
