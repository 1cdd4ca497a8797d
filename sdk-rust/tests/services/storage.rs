use std::time::{Duration, SystemTime};

use crate::driver::services::Answer;
use crate::{both, driver};
use edge_gateway_sdk::abi::*;
use edge_gateway_sdk::storage::Access;
use edge_gateway_sdk::{Error, Request, Response};

fn object(size: u64, offset: u64, body: &'static [u8]) -> Answer {
    Answer::result(move |memory| eg_storage_object {
        struct_size: size_of::<eg_storage_object>() as u32,
        reserved: 0,
        size,
        offset,
        body: memory.bytes(body),
        etag: memory.text("e1"),
        content_type: memory.text("text/plain"),
        modified: 1_000_000_001,
        metadata: memory.fields(&[("a", "1")]),
        metadata_count: 1,
    })
}

#[test]
fn get() {
    both! { r#"get "a/b" 0 0 -"#, [object(4, 0, b"\0abc")],
        |request| request.storage("files")?.get("a/b"),
        |object| {
            let object = object?.unwrap();
            assert_eq!((object.body(), object.size(), object.offset()), (&b"\0abc"[..], 4, 0));
            assert_eq!((object.etag(), object.content_type()), ("e1", "text/plain"));
            let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_000_000_001);
            assert_eq!(object.modified(), Some(time));
            assert_eq!(object.metadata().collect::<Vec<_>>(), [(&b"a"[..], &b"1"[..])]);
        }
    }
    both! { r#"get "k" 0 0 -"#, [Answer::status(EG_E_NOT_FOUND)],
        |request| request.storage("files")?.get("k"),
        |object| assert!(object?.is_none())
    }
    both! { r#"head "k""#, [object(4, 0, b"")],
        |request| request.storage("files")?.head("k"),
        |object| assert_eq!(object?.unwrap().size(), 4)
    }
    both! { r#"head "k""#, [Answer::status(EG_E_NOT_FOUND)],
        |request| request.storage("files")?.head("k"),
        |object| assert!(object?.is_none())
    }
}

#[test]
fn ranges() {
    both! { r#"get "k" 5 10 -"#, [object(50, 5, b"12345")],
        |request| request.storage("files")?.get_range("k", 5..15),
        |object| assert_eq!(object?.unwrap().offset(), 5)
    }
    both! { r#"get "k" 5 0 -"#, [object(50, 5, b"12345")],
        |request| request.storage("files")?.get_range("k", 5..),
        |object| assert!(object.is_ok())
    }
    both! { r#"get "k" 0 3 -"#, [object(50, 0, b"123")],
        |request| request.storage("files")?.get_range("k", ..=2),
        |object| assert!(object.is_ok())
    }
    both! { r#"get "k" 0 1 -"#, [Answer::problem(EG_E_INVALID, "behind its end", "range")],
        |request| request.storage("files")?.get_range("k", ..1),
        |object| assert_eq!(object.unwrap_err().code(), Some("range"))
    }
    fn empty(request: &Request) -> Result<Response, Error> {
        let files = request.storage("files")?;
        let error = files.get_range("k", 5..5).wait().unwrap_err();
        assert_eq!(error.status(), EG_E_INVALID);
        Ok(Response::new(204))
    }
    let host = both::host(vec![]);
    let outcome = crate::serve!(entry, &host, driver::Call::get("/"), empty);
    assert!(both::received(&host, &outcome).is_empty());
}

#[test]
fn chunks_are_parts_of_one_version() {
    async fn awaited(request: &Request) -> Result<Response, Error> {
        let mut chunks = request.storage("files")?.chunks("k", 2);
        let mut all = Vec::new();
        while let Some(chunk) = chunks.next().await? {
            all.extend_from_slice(chunk.body());
        }
        assert_eq!(all, b"abcde");
        assert!(chunks.next().await?.is_none());
        Ok(Response::new(204))
    }
    fn waited(request: &Request) -> Result<Response, Error> {
        let mut chunks = request.storage("files")?.chunks("k", 2);
        let mut count = 0;
        while chunks.next().wait()?.is_some() {
            count += 1;
        }
        assert_eq!(count, 3);
        Ok(Response::new(204))
    }
    let answers = || vec![object(5, 0, b"ab"), object(5, 2, b"cd"), object(5, 4, b"e")];
    let want = [
        r#"get "k" 0 2 -"#,
        r#"get "k" 2 2 "e1""#,
        r#"get "k" 4 2 "e1""#,
    ];
    let host = both::host(answers());
    let outcome = crate::serve!(async_entry, &host, driver::Call::get("/"), awaited);
    assert_eq!(both::received(&host, &outcome), want);
    let host = both::host(answers());
    let outcome = crate::serve!(entry, &host, driver::Call::get("/"), waited);
    assert_eq!(both::received(&host, &outcome), want);

    async fn changed(request: &Request) -> Result<Response, Error> {
        let mut chunks = request.storage("files")?.chunks("k", 2);
        assert!(chunks.next().await?.is_some());
        assert!(chunks.next().await.unwrap_err().is_conflict());
        assert!(chunks.next().await?.is_none());
        let mut chunks = request.storage("files")?.chunks("other", 2);
        assert!(chunks.next().await.unwrap_err().is_not_found());
        Ok(Response::new(204))
    }
    let host = both::host(vec![
        object(5, 0, b"ab"),
        Answer::status(EG_E_CONFLICT),
        Answer::status(EG_E_NOT_FOUND),
    ]);
    let outcome = crate::serve!(async_entry, &host, driver::Call::get("/"), changed);
    assert_eq!(both::received(&host, &outcome).len(), 3);
}

#[test]
fn put() {
    both! { r#"put "k" - [] "body\xff" 0"#, [object(5, 0, b"")],
        |request| request.storage("files")?.put("k", b"body\xff".to_vec()),
        |object| assert_eq!(object?.etag(), "e1")
    }
    both! { r#"put "k" "text/plain" ["a": "1", "b": "2"] "" 1"#,
        [Answer::status(EG_E_CONFLICT)],
        |request| request
            .storage("files")?
            .object("k")
            .content_type("text/plain")
            .metadata("a", "1")
            .metadata("b", "2")
            .only_new()
            .put(""),
        |object| assert!(object.unwrap_err().is_conflict())
    }
}

#[test]
fn uploads() {
    fn started() -> Answer {
        Answer::result(|_| eg_storage_upload {
            struct_size: size_of::<eg_storage_upload>() as u32,
            reserved: 0,
            upload: 9,
        })
    }
    async fn finished(request: &Request) -> Result<Response, Error> {
        let new = request.storage("files")?.object("k").content_type("a/b");
        let mut upload = new.start().await?;
        upload.write("part").await?;
        upload.write(vec![0, 255]).await?;
        assert_eq!(upload.finish().await?.size(), 6);
        Ok(Response::new(204))
    }
    fn aborted(request: &Request) -> Result<Response, Error> {
        let mut upload = request.storage("files")?.object("k").start().wait()?;
        let error = upload.write("part").wait().unwrap_err();
        assert!(error.is_not_found());
        upload.abort().wait()?;
        Ok(Response::new(204))
    }
    let ok = || Answer::status(EG_OK);
    let host = both::host(vec![started(), ok(), ok(), object(6, 0, b"")]);
    let outcome = crate::serve!(async_entry, &host, driver::Call::get("/"), finished);
    let want = [
        r#"start "k" "a/b" [] "" 0"#,
        r#"write 9 "part""#,
        r#"write 9 "\x00\xff""#,
        r#"finish 9 """#,
    ];
    assert_eq!(both::received(&host, &outcome), want);
    let host = both::host(vec![started(), Answer::status(EG_E_NOT_FOUND)]);
    let outcome = crate::serve!(entry, &host, driver::Call::get("/"), aborted);
    let want = [
        r#"start "k" - [] "" 0"#,
        r#"write 9 "part""#,
        r#"abort 9 """#,
    ];
    assert_eq!(both::received(&host, &outcome), want);
}

#[test]
fn delete_copy_and_presign() {
    both! { r#"delete "k""#, [],
        |request| request.storage("files")?.delete("k"), |done| assert!(done.is_ok())
    }
    both! { r#"copy "a" "b""#, [object(5, 0, b"")],
        |request| request.storage("files")?.copy("a", "b"),
        |object| assert_eq!(object?.size(), 5)
    }
    both! { r#"copy "a" "b""#, [Answer::status(EG_E_NOT_FOUND)],
        |request| request.storage("files")?.copy("a", "b"),
        |object| assert!(object.unwrap_err().is_not_found())
    }
    fn url() -> Answer {
        Answer::result(|memory| eg_storage_url {
            struct_size: size_of::<eg_storage_url>() as u32,
            reserved: 0,
            url: memory.text("http://x/k?s"),
        })
    }
    both! { r#"presign 1 "k" 60000000000"#, [url()],
        |request| request
            .storage("files")?
            .presigned_url(Access::Write, "k", Duration::from_secs(60)),
        |url| assert_eq!(url?, "http://x/k?s")
    }
    both! { r#"presign 0 "k" 1000000000"#, [url()],
        |request| request
            .storage("files")?
            .presigned_url(Access::Read, "k", Duration::from_secs(1)),
        |url| assert!(url.is_ok())
    }
}

#[test]
fn list() {
    fn page(next: Option<&'static str>) -> Answer {
        Answer::result(move |memory| {
            let entries = vec![
                eg_storage_entry {
                    key: memory.text("p/a"),
                    etag: memory.text("e"),
                    size: 7,
                    modified: 1,
                },
                eg_storage_entry {
                    key: memory.text("p/b/"),
                    etag: eg_bytes::ABSENT,
                    size: 0,
                    modified: 0,
                },
            ];
            eg_storage_page {
                struct_size: size_of::<eg_storage_page>() as u32,
                reserved: 0,
                entries: memory.list(entries),
                count: 2,
                next: next.map_or(eg_bytes::ABSENT, |next| memory.text(next)),
            }
        })
    }
    both! { r#"list "p/" "/" "p" 2"#, [page(Some("n"))],
        |request| request.storage("files")?.list("p/").delimiter("/").after("p").limit(2).page(),
        |page| {
            let page = page?;
            assert_eq!((page.entries().len(), page.next()), (2, Some("n")));
            let all: Vec<_> = page.entries().collect();
            assert_eq!((all[0].key(), all[0].etag(), all[0].size()), ("p/a", Some("e"), 7));
            assert!(all[0].modified().is_some() && !all[0].is_prefix());
            assert_eq!((all[1].key(), all[1].etag(), all[1].size()), ("p/b/", None, 0));
            assert!(all[1].modified().is_none() && all[1].is_prefix());
        }
    }
    both! { r#"list "" - - 0"#, [page(None)],
        |request| request.storage("files")?.list("").after(None).page(),
        |page| assert_eq!(page?.next(), None)
    }
}
