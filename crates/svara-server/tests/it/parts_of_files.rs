//! Players ask for parts of a file, and for what has changed.

use reqwest::Response;
use serde_json::json;
use svara_testkit::{eventually, fake_vllm::Script};

use crate::harness::{Server, status_and_json};

async fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = server.client.get(server.url(path));
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send().await.unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// Asks for all of a file, parts of it, and what isn't in it.
async fn check(server: &Server, path: &str) {
    let whole = get(server, path, &[]).await;
    assert_eq!((whole.status().as_u16(), header(&whole, "accept-ranges")), (200, "bytes"), "{path}");
    let (tag, media_type) = (header(&whole, "etag").to_owned(), header(&whole, "content-type").to_owned());
    assert!(tag.starts_with('"'), "{path}: {tag}");
    let cached = header(&whole, "cache-control").to_owned();
    let whole = whole.bytes().await.unwrap();
    // As Safari begins.
    let first = get(server, path, &[("range", "bytes=0-1")]).await;
    assert_eq!((first.status().as_u16(), header(&first, "content-length")), (206, "2"), "{path}");
    assert_eq!(header(&first, "content-range"), format!("bytes 0-1/{}", whole.len()));
    assert_eq!(header(&first, "content-type"), media_type);
    assert_eq!(first.bytes().await.unwrap(), whole[..2]);
    // As a download goes on.
    let rest = get(server, path, &[("range", "bytes=100-"), ("if-range", &tag)]).await;
    assert_eq!((rest.status().as_u16(), rest.bytes().await.unwrap()), (206, whole.slice(100..)), "{path}");
    let other = get(server, path, &[("range", "bytes=100-"), ("if-range", "\"other\"")]).await;
    assert_eq!((other.status().as_u16(), other.bytes().await.unwrap()), (200, whole.clone()), "{path}");
    let tail = get(server, path, &[("range", "bytes=-99999999")]).await;
    assert_eq!((tail.status().as_u16(), tail.bytes().await.unwrap()), (206, whole.clone()), "{path}");
    for range in ["bytes=5-2", "bytes=a-b", "bytes=", "frames=1-2", "bytes=0-1,4-5"] {
        let answer = get(server, path, &[("range", range)]).await;
        assert_eq!(
            (answer.status().as_u16(), answer.bytes().await.unwrap()),
            (200, whole.clone()),
            "{range}"
        );
    }
    for more in [&[][..], &[("range", "bytes=0-1")]] {
        let known = get(server, path, &[&[("if-none-match", &*tag)], more].concat()).await;
        assert_eq!(known.status(), 304, "{path}");
        // What a browser keeps of its copy.
        assert_eq!(header(&known, "cache-control"), cached, "{path}");
    }
    let behind = get(server, path, &[("range", "bytes=100000000-")]).await;
    assert_eq!(header(&behind, "content-range"), format!("bytes */{}", whole.len()));
    let (status, body) = status_and_json(behind).await;
    assert_eq!((status, &body["error"]["type"]), (416, &json!("range_not_satisfiable")), "{body}");
}

#[tokio::test]
async fn a_sample_comes_in_parts() {
    let server = Server::start(Script::frames(5)).await;
    check(&server, "/v1/voices/hi_female/preview").await;
}

#[tokio::test]
async fn what_a_job_has_made_comes_in_parts() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().display().to_string();
    let server = Server::with(Script::frames(5), |config| config.jobs.store = store).await;
    let fields = json!({"text": "a b", "voice": "hi_female", "response_format": "wav", "timestamps": "word"});
    let (status, job) = status_and_json(server.request("/v1/jobs", &fields).send().await.unwrap()).await;
    assert_eq!(status, 202, "{job}");
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    eventually("the job's end", async || {
        let (_, job) = status_and_json(get(&server, &path, &[]).await).await;
        (job["status"] == "done").then_some(())
    })
    .await;
    check(&server, &format!("{path}/audio")).await;
    check(&server, &format!("{path}/audio/0")).await;
    check(&server, &format!("{path}/timestamps/0")).await;
}
