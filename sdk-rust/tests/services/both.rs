use crate::driver::services::Answer;
use crate::driver::{Host, Outcome};

/// A host that gives these answers, in this order.
pub fn host(answers: Vec<Answer>) -> Box<Host> {
    let host = Host::new();
    host.services.answers.lock().unwrap().extend(answers);
    host
}

/// What the host got with a request, which had to end well.
pub fn received(host: &Host, outcome: &Outcome) -> Vec<String> {
    assert_eq!((outcome.returned, outcome.status), (0, 204), "{outcome:?}");
    host.services.received.lock().unwrap().clone()
}

/// Makes an operation in an async handler and in an ordinary one; in both the
/// host has to get what is wanted, and the handler's check to pass.
macro_rules! both {
    (
        $want:expr, [$($answer:expr),* $(,)?],
        |$request:ident| $operation:expr, |$outcome:pat_param| $check:expr
    ) => {{
        use crate::{both, driver};
        use edge_gateway_sdk::{Error, Request, Response};

        async fn awaited($request: &Request) -> Result<Response, Error> {
            let $outcome = $operation.await;
            $check;
            Ok(Response::new(204))
        }
        fn waited($request: &Request) -> Result<Response, Error> {
            let $outcome = $operation.wait();
            $check;
            Ok(Response::new(204))
        }
        let host = both::host(vec![$($answer),*]);
        let outcome = crate::serve!(async_entry, &host, driver::Call::get("/"), awaited);
        assert_eq!(both::received(&host, &outcome), [$want]);
        assert_eq!(outcome.awaits.len(), 1);
        let host = both::host(vec![$($answer),*]);
        let outcome = crate::serve!(entry, &host, driver::Call::get("/"), waited);
        assert_eq!(both::received(&host, &outcome), [$want]);
    }};
}
