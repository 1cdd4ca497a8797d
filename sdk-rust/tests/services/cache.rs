use std::time::Duration;

use crate::driver::services::Answer;
use edge_gateway_sdk::abi::*;

const MINUTE: Duration = Duration::from_secs(60);

/// Values with versions 1, 2 and so on; None is not there.
fn entries(values: &'static [Option<&'static [u8]>]) -> Answer {
    Answer::result(|memory| {
        let entries = values
            .iter()
            .zip(1..)
            .map(|(value, version)| eg_cache_entry {
                value: value.map_or(eg_bytes::ABSENT, |value| memory.bytes(value)),
                version,
            });
        let entries = entries.collect();
        eg_cache_entries {
            struct_size: size_of::<eg_cache_entries>() as u32,
            reserved: 0,
            entries: memory.list(entries),
            count: values.len() as u64,
        }
    })
}

fn number(value: u64) -> Answer {
    Answer::result(move |_| eg_cache_number {
        struct_size: size_of::<eg_cache_number>() as u32,
        reserved: 0,
        value,
    })
}

#[test]
fn get() {
    both! { r#"get ["a\x00b"]"#, [entries(&[Some(b"v\xff")])],
        |request| request.cache("cache")?.get(b"a\0b"),
        |entry| {
            let entry = entry?.unwrap();
            assert_eq!((entry.value(), entry.text(), entry.len()), (&b"v\xff"[..], None, 2));
        }
    }
    both! { r#"get ["k"]"#, [entries(&[Some(b"")])],
        |request| request.cache("cache")?.get("k"),
        |entry| assert_eq!(entry?.unwrap().text(), Some(""))
    }
    both! { r#"get ["k"]"#, [entries(&[None])],
        |request| request.cache("cache")?.get(String::from("k")),
        |entry| assert!(entry?.is_none())
    }
    both! { r#"get ["k"]"#, [Answer::status(EG_E_UNAVAILABLE)],
        |request| request.cache("cache")?.get("k"),
        |entry| assert_eq!(entry.unwrap_err().status(), EG_E_UNAVAILABLE)
    }
}

#[test]
fn get_many() {
    both! { r#"get ["a", "b", "c"]"#, [entries(&[Some(b"1"), None, Some(b"3")])],
        |request| request.cache("cache")?.get_many(["a", "b", "c"]),
        |entries| {
            let texts: Vec<_> = entries?.iter().map(|entry| entry.as_ref().map(|e| e.value())).collect();
            assert_eq!(texts, [Some(&b"1"[..]), None, Some(&b"3"[..])]);
        }
    }
}

#[test]
fn set() {
    both! { r#"set "k" "v" 60000000000 0"#, [],
        |request| request.cache("cache")?.set("k", "v", MINUTE),
        |done| assert!(done.is_ok())
    }
    both! { r#"set "k" "" 0 0"#, [],
        |request| request.cache("cache")?.set("k", "", None),
        |done| assert!(done.is_ok())
    }
    both! { r#"set "k" "v" 1 0"#, [Answer::problem(EG_E_TOO_LARGE, "no room", "")],
        |request| request.cache("cache")?.set("k", "v", Duration::ZERO),
        |done| assert_eq!(done.unwrap_err().to_string(), "cache set: too large: no room")
    }
}

#[test]
fn add_and_replace_tell_whether_they_stored() {
    both! { r#"add "k" "v" 60000000000 0"#, [],
        |request| request.cache("cache")?.add("k", "v", MINUTE),
        |stored| assert!(stored?)
    }
    both! { r#"add "k" "v" 0 0"#, [Answer::status(EG_E_CONFLICT)],
        |request| request.cache("cache")?.add("k", "v", None),
        |stored| assert!(!stored?)
    }
    both! { r#"replace "k" "v" 0 0"#, [Answer::status(EG_E_NOT_FOUND)],
        |request| request.cache("cache")?.replace("k", "v", None),
        |stored| assert!(!stored?)
    }
    both! { r#"replace "k" "v" 0 0"#, [Answer::status(EG_E_CONFLICT)],
        |request| request.cache("cache")?.replace("k", "v", None),
        |stored| assert!(stored.unwrap_err().is_conflict())
    }
}

#[test]
fn swap_takes_the_version_that_was_read() {
    async fn answer(
        request: &edge_gateway_sdk::Request,
    ) -> Result<edge_gateway_sdk::Response, edge_gateway_sdk::Error> {
        let cache = request.cache("cache")?;
        let second = cache.get_many(["a", "k"]).await?[1].unwrap();
        let outcomes = [
            cache.swap("k", &second, "new", MINUTE).await?,
            cache.swap("k", &second, "new", None).await?,
            cache.swap("k", &second, "new", None).await?,
        ];
        assert_eq!(outcomes, [true, false, false]);
        let error = cache.swap("k", &second, "new", None).await.unwrap_err();
        assert_eq!(error.status(), EG_E_OVERLOADED);
        Ok(edge_gateway_sdk::Response::new(204))
    }
    use crate::{both, driver};
    let answers = [EG_OK, EG_E_CONFLICT, EG_E_NOT_FOUND, EG_E_OVERLOADED];
    let mut all = vec![entries(&[None, Some(b"v")])];
    all.extend(answers.map(Answer::status));
    let host = both::host(all);
    let outcome = crate::serve!(async_entry, &host, driver::Call::get("/"), answer);
    let received = both::received(&host, &outcome);
    assert_eq!(received[1], r#"swap "k" "new" 60000000000 2"#);
    assert_eq!(received[2], r#"swap "k" "new" 0 2"#);
}

#[test]
fn delete_exists_and_touch_tell_whether_it_was_there() {
    both! { r#"delete "k""#, [],
        |request| request.cache("cache")?.delete("k"), |was| assert!(was?)
    }
    both! { r#"delete "k""#, [Answer::status(EG_E_NOT_FOUND)],
        |request| request.cache("cache")?.delete("k"), |was| assert!(!was?)
    }
    both! { r#"exists "k""#, [],
        |request| request.cache("cache")?.exists("k"), |was| assert!(was?)
    }
    both! { r#"exists "k""#, [Answer::status(EG_E_NOT_FOUND)],
        |request| request.cache("cache")?.exists("k"), |was| assert!(!was?)
    }
    both! { r#"touch "k" 60000000000"#, [],
        |request| request.cache("cache")?.touch("k", MINUTE), |was| assert!(was?)
    }
    both! { r#"touch "k" 0"#, [Answer::status(EG_E_NOT_FOUND)],
        |request| request.cache("cache")?.touch("k", None), |was| assert!(!was?)
    }
}

#[test]
fn counting() {
    both! { r#"count "k" 5 0 0 0"#, [number(u64::MAX)],
        |request| request.cache("cache")?.increment("k", 5),
        |sum| assert_eq!(sum?, Some(u64::MAX))
    }
    both! { r#"count "k" -5 0 0 0"#, [Answer::status(EG_E_NOT_FOUND)],
        |request| request.cache("cache")?.decrement("k", 5),
        |sum| assert_eq!(sum?, None)
    }
    both! { r#"count "k" 1 100 60000000000 1"#, [number(100)],
        |request| request.cache("cache")?.increment_or_start("k", 1, 100, MINUTE),
        |sum| assert_eq!(sum?, 100)
    }
    both! { r#"count "k" 1 0 0 0"#, [Answer::status(EG_E_CONFLICT)],
        |request| request.cache("cache")?.increment("k", 1),
        |sum| assert!(sum.unwrap_err().is_conflict())
    }
}
