//! Goes through what the SDK does, and at `/pin` registers the thread-local
//! destructor that keeps a library mapped.

use std::time::Duration;

use edge_gateway_sdk::{async_handler, info, Error, Init, Request, Response};

async_handler!(State::answer, init = State::start, unloadable);

struct State(Vec<String>);

thread_local! {
    static PINS: Vec<u8> = vec![1];
}

impl State {
    fn start(init: &Init) -> Result<State, Error> {
        Ok(State(vec![init.endpoint().to_owned()]))
    }

    async fn answer(&self, request: &Request) -> Result<Response, Error> {
        info!(request, "for {}", self.0[0]);
        request.sleep(Duration::from_millis(1)).await?;
        match request.path() {
            b"/pin" => PINS.with(|pins| assert_eq!(pins.len(), 1)),
            b"/panic" => panic!("asked for"),
            b"/error" => return Err(Error::new("asked for")),
            b"/defer" => return Ok(request.defer().1),
            _ => {}
        }
        Ok(Response::text(format!("{} done", self.0[0])))
    }
}
