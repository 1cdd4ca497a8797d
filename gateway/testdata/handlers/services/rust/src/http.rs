use std::time::Duration;

use edge_gateway_sdk::http::Http;
use edge_gateway_sdk::{join, Error};

use crate::Run;

pub(crate) async fn run(run: &mut Run<'_>, name: &str) -> Result<bool, Error> {
    let web = run.request.http("web")?;
    match name {
        "http-fetch" => fetch(run, web).await?,
        "http-redirect" => redirect(run, web).await?,
        "http-refused" => refused(run, web).await,
        _ => return Ok(false),
    }
    Ok(true)
}

fn text(bytes: Option<&[u8]>) -> String {
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}

async fn fetch<'r>(run: &mut Run<'r>, web: Http<'r>) -> Result<(), Error> {
    let put = web.request("PUT", run.url("/path?x=1")).body("sent");
    let answer = put.header("x", "1").header("x", "2").send().await?;
    run.say("status", answer.status());
    let cookies = answer
        .headers()
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"set-cookie"))
        .map(|(_, value)| text(Some(value)));
    run.say("cookies", cookies.collect::<Vec<_>>().join(" "));
    run.say("body", text(Some(answer.body())));
    let url = answer.url().strip_prefix(&*run.url("")).unwrap_or_default();
    run.say("url", url);
    run.say("timed", answer.elapsed() > Duration::ZERO);
    Ok(())
}

async fn redirect<'r>(run: &mut Run<'r>, web: Http<'r>) -> Result<(), Error> {
    let there = || web.get(run.url("/there"));
    let (followed, kept) = join(there().send(), there().no_redirects().send()).await;
    let (followed, kept) = (followed?, kept?);
    let url = followed
        .url()
        .strip_prefix(&*run.url(""))
        .unwrap_or_default();
    run.say("followed", format!("{} {url}", followed.status()));
    let location = text(kept.header("location"));
    run.say("kept", format!("{} {location}", kept.status()));
    Ok(())
}

async fn refused<'r>(run: &mut Run<'r>, web: Http<'r>) {
    let closed = run.request.config_str("closed").unwrap_or_default();
    for (label, fetch) in [
        ("host", web.get("http://elsewhere.example/")),
        ("url", web.get("nonsense")),
        ("large", web.get(run.url("/here")).max_body(2)),
        ("redirected away", web.get(run.url("/away"))),
        (
            "slow",
            web.get(run.url("/slow")).timeout(Duration::from_millis(50)),
        ),
        ("closed", web.get(closed)),
    ] {
        let sent = fetch.send().await;
        run.outcome(label, sent);
    }
}
