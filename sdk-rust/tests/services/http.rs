use std::time::Duration;

use crate::driver::services::Answer;
use edge_gateway_sdk::abi::*;

fn answer(status: i32, body: Option<&'static [u8]>) -> Answer {
    Answer::result(move |memory| eg_http_response {
        struct_size: size_of::<eg_http_response>() as u32,
        status,
        headers: memory.fields(&[("A", "1"), ("a", "2"), ("B", "")]),
        header_count: 3,
        body: body.map_or(eg_bytes::ABSENT, |body| memory.bytes(body)),
        url: memory.text("http://x/end"),
        elapsed: 1_500,
    })
}

#[test]
fn get() {
    both! { r#"fetch "GET" "http://x/" [] - 0 0 0"#, [answer(404, Some(b"\xff"))],
        |request| request.http("api")?.get("http://x/").send(),
        |answer| {
            let answer = answer?;
            assert_eq!((answer.status(), answer.url()), (404, "http://x/end"));
            assert_eq!((answer.body(), answer.body_str()), (&b"\xff"[..], None));
            assert_eq!((answer.header("a"), answer.header("b")), (Some(&b"1"[..]), Some(&b""[..])));
            assert_eq!((answer.header("c"), answer.headers().len()), (None, 3));
            assert_eq!(answer.elapsed(), Duration::from_nanos(1_500));
        }
    }
}

#[test]
fn a_request_with_all_of_its_parts() {
    both! {
        r#"fetch "PATCH" "http://x/" ["A": "1", "B": "2"] "body" 2000000000 99 1"#,
        [answer(200, None)],
        |request| request
            .http("api")?
            .request("PATCH", format!("http://{}/", "x"))
            .header("A", "1")
            .header("B", String::from("2"))
            .body(b"body".to_vec())
            .timeout(Duration::from_secs(2))
            .max_body(99)
            .no_redirects()
            .send(),
        |answer| assert!(answer?.body().is_empty())
    }
    both! { r#"fetch "POST" "http://x/" [] "" 0 0 0"#, [Answer::status(EG_E_DENIED)],
        |request| request.http("api")?.post("http://x/", "").send(),
        |answer| assert_eq!(answer.unwrap_err().status(), EG_E_DENIED)
    }
}

#[cfg(feature = "serde")]
#[test]
fn json() {
    both! {
        r#"fetch "POST" "http://x/" ["content-type": "application/json"] "[1,2]" 0 0 0"#,
        [answer(200, Some(b"{\"a\":3}"))],
        |request| request.http("api")?.request("POST", "http://x/").json(&[1, 2])?.send(),
        |answer| assert_eq!(answer?.json::<std::collections::BTreeMap<String, u8>>()?["a"], 3)
    }
}
