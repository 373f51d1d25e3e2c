//! Jobs belong to the key that submitted them.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use svara_config::Config;
use svara_service::callers::KeyEntry;
use svara_testkit::{
    eventually,
    fake_vllm::{End, Script},
};

use crate::harness::{Server, one_life, status_and_json};

const KEYS: [&str; 2] = ["sk-svara-test-of-the-one-0", "sk-svara-test-of-the-other"];

async fn send(server: &Server, method: Method, path: &str, key: Option<&str>) -> Response {
    let request = server.client.request(method.clone(), server.url(path));
    let request = key.into_iter().fold(request, |request, key| request.bearer_auth(key));
    let text = json!({"text": "नमस्ते", "voice": "hi_female", "response_format": "pcm"});
    let request = if method == Method::POST { request.json(&text) } else { request };
    request.send().await.unwrap()
}

async fn ids(server: &Server, key: Option<&str>) -> Vec<Value> {
    let (_, list) = status_and_json(send(server, Method::GET, "/v1/jobs", key).await).await;
    list["jobs"].as_array().unwrap().iter().map(|job| job["id"].clone()).collect()
}

async fn post(server: &Server, key: Option<&str>) -> Value {
    let (status, job) = status_and_json(send(server, Method::POST, "/v1/jobs", key).await).await;
    assert_eq!(status, 202, "{job}");
    job["id"].clone()
}

fn keyed(config: &mut Config) {
    config.server.keys = vec![KeyEntry::unbounded("one", KEYS[0]), KeyEntry::unbounded("other", KEYS[1])];
}

#[tokio::test]
async fn a_key_sees_only_its_own_jobs() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().display().to_string();
    let kept = move |config: &mut Config| config.jobs.store = store;
    // Only one server generates, because a store belongs to one server.
    let kept_here = kept.clone();
    let idle = move |config: &mut Config| {
        kept_here(config);
        config.jobs.concurrent = 0;
    };
    let [one, other] = KEYS.map(Some);
    let first_idle = idle.clone();
    let of_nobody = one_life(async move || {
        let open = Server::with(Script::frames(3), first_idle).await;
        post(&open, None).await
    })
    .await;
    let (first, second) = one_life(async move || seen_by_their_own(kept, one, other).await).await;
    // The names of keys are stored with the jobs; if no key is required, everyone sees all jobs.
    let (keyed_idle, job, second_again) = (idle.clone(), job_path(&first), second.clone());
    one_life(async move || {
        let again = Server::with(Script::frames(3), |config| {
            keyed_idle(config);
            keyed(config);
        })
        .await;
        assert_eq!(ids(&again, other).await, std::slice::from_ref(&second_again));
        assert_eq!(send(&again, Method::DELETE, &job, one).await.status(), 200);
    })
    .await;
    let open = Server::with(Script::frames(3), idle).await;
    let mut left = ids(&open, None).await;
    left.sort_by_key(|id| *id != second);
    assert_eq!(left, [second, of_nobody]);
}

fn job_path(id: &Value) -> String {
    format!("/v1/jobs/{}", id.as_str().unwrap())
}

/// Each key sees its own job only. Returns both jobs.
async fn seen_by_their_own(
    kept: impl FnOnce(&mut Config),
    one: Option<&str>,
    other: Option<&str>,
) -> (Value, Value) {
    let server = Server::with(Script::frames(3), |config| {
        kept(config);
        keyed(config);
    })
    .await;
    let (first, second) = (post(&server, one).await, post(&server, other).await);
    assert_eq!(
        ids(&server, one).await,
        std::slice::from_ref(&first),
        "jobs without an owner belong to no key"
    );
    assert_eq!(ids(&server, other).await, std::slice::from_ref(&second));
    let job = job_path(&first);
    eventually("the job is over", async || {
        let answer = send(&server, Method::GET, &format!("{job}/audio"), one).await;
        (answer.status() != 409).then_some(())
    })
    .await;
    for path in [job.clone(), format!("{job}/audio"), format!("{job}/audio/0")] {
        assert_eq!(send(&server, Method::GET, &path, one).await.status(), 200, "{path}");
        let (status, body) = status_and_json(send(&server, Method::GET, &path, other).await).await;
        assert_eq!((status, &body["detail"]), (404, &json!("id: there is no such job")), "{path}");
    }
    assert_eq!(send(&server, Method::DELETE, &job, other).await.status(), 404);
    assert_eq!(send(&server, Method::GET, &job, one).await.status(), 200, "it is still there");
    (first, second)
}

/// A job's characters are charged when it is posted; its speech uses no stream of the key.
#[tokio::test]
async fn a_job_is_charged_without_a_stream() {
    let directory = tempfile::tempdir().unwrap();
    let script = Script { end: End::Hang, ..Script::frames(4) };
    let server = Server::with(script, |config| {
        config.jobs.store = directory.path().display().to_string();
        config.jobs.concurrent = 0;
        let entry = KeyEntry::unbounded("one", KEYS[0]);
        let characters_per_day = Some(10);
        config.server.keys = vec![KeyEntry { concurrent_streams: Some(1), characters_per_day, ..entry }];
    })
    .await;
    let live = json!({"text": "a", "voice": "hi_female", "response_format": "pcm"});
    let live = server.request("/v1/text-to-speech", &live).bearer_auth(KEYS[0]);
    let mut live = live.send().await.unwrap();
    live.chunk().await.unwrap().unwrap();
    post(&server, Some(KEYS[0])).await;
    let (status, refused) =
        status_and_json(send(&server, Method::POST, "/v1/jobs", Some(KEYS[0])).await).await;
    assert_eq!((status, &refused["error"]["type"]), (429, &json!("quota_exceeded")), "{refused}");
}
