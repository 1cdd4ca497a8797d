//! The feature `serde`.
#![cfg(feature = "serde")]

mod driver;

use driver::{Call, Host};
use edge_gateway_sdk::abi::*;
use edge_gateway_sdk::{Error, Request, Response};

fn double(request: &Request) -> Result<Response, Error> {
    let numbers: Vec<u32> = request.json()?;
    let doubled: Vec<_> = numbers.iter().map(|number| number * 2).collect();
    Response::json(&doubled)
}

fn post(body: &str) -> driver::Outcome {
    let call = Call {
        method: "POST",
        body: Some(body.into()),
        ..Call::get("/")
    };
    serve!(entry, &Host::new(), call, double)
}

#[test]
fn json_goes_in_and_out() {
    let outcome = post("[1, 20]");
    assert_eq!((outcome.status, outcome.body_str()), (200, "[2,40]"));
    let content_type = (b"content-type".to_vec(), b"application/json".to_vec());
    assert_eq!(outcome.headers, [content_type]);
}

#[test]
fn what_is_not_the_json_expected_is_a_400_with_its_place() {
    for (body, place) in [
        ("", "line 1 column 0"),
        ("[1,\n x]", "line 2 column 2"),
        ("[1] 2", "line 1 column 5"),
        ("[\"a\"]", "line 1 column 4"),
    ] {
        let outcome = post(body);
        assert_eq!((outcome.returned, outcome.status), (EG_OK, 400), "{body}");
        assert!(outcome.body_str().contains(place), "{}", outcome.body_str());
    }
}

#[test]
fn what_cannot_be_json_is_an_error() {
    fn answer(_: &Request) -> Result<Response, Error> {
        Response::json(&std::collections::BTreeMap::from([(vec![1], 2)]))
    }
    let outcome = serve!(entry, &Host::new(), Call::get("/"), answer);
    assert_eq!(outcome.returned, EG_E_INTERNAL);
    assert_eq!(outcome.message, "key must be a string");
}
