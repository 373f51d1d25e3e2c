//! Keys share the streams and the queue in front of them.

use reqwest::Response;
use serde_json::json;
use svara_config::{Config, Seconds};
use svara_service::callers::KeyEntry;
use svara_testkit::fake_vllm::{End, Script};
use tokio::task::JoinHandle;

use crate::{
    harness::{Server, status_and_json},
    raw::LONG,
};

const ALICE: &str = "sk-svara-test-of-alice-000";
const BOB: &str = "sk-svara-test-of-bob-00000";
const ADMIN: &str = "sk-svara-test-of-the-admin";

fn keyed(config: &mut Config) {
    config.server.keys = vec![
        KeyEntry::unbounded("alice", ALICE),
        KeyEntry::unbounded("bob", BOB),
        KeyEntry { admin: true, ..KeyEntry::unbounded("root", ADMIN) },
    ];
}

fn speak(server: &Server, key: &str, seed: u64) -> JoinHandle<Response> {
    let body = json!({"text": "a", "voice": "hi_female", "response_format": "pcm", "seed": seed});
    let request = server.request("/v1/text-to-speech", &body).bearer_auth(key);
    tokio::spawn(async { request.send().await.unwrap() })
}

/// Waits until so many requests wait for a stream.
pub async fn waiting(server: &Server, count: usize) {
    let line = format!("\nsvara_queue_waiting {count}");
    let waits = async {
        let mut metrics = String::new();
        while !metrics.contains(&line) {
            metrics = server.metrics().await;
        }
    };
    tokio::time::timeout(LONG, waits).await.expect("requests wait");
}

/// A key alone may use all streams; its requests can't fill the queue, and who has none of the streams is next.
#[tokio::test]
async fn a_key_that_has_everything_lets_another_in_first() {
    let script = Script { end: End::Hang, ..Script::frames(4) };
    let server = Server::with(script, |config| {
        keyed(config);
        config.limits.streams = 2;
        config.limits.queue = 4;
        config.limits.queue_seconds = Seconds::new(60);
    })
    .await;
    let mut held = Vec::new();
    for seed in [1, 2] {
        let mut response = speak(&server, ALICE, seed).await.unwrap();
        response.chunk().await.unwrap().unwrap();
        held.push(response);
    }
    let first = speak(&server, ALICE, 3);
    waiting(&server, 1).await;
    let second = speak(&server, ALICE, 4);
    waiting(&server, 2).await;
    let (status, error) = status_and_json(speak(&server, ALICE, 5).await.unwrap()).await;
    assert_eq!((status, &error["error"]["type"]), (429, &json!("too_many_concurrent_requests")), "{error}");
    assert!(error["detail"].as_str().unwrap().contains("limits.queue_per_key"), "{error}");
    let bobs = speak(&server, BOB, 6);
    waiting(&server, 3).await;
    held.pop();
    let mut bobs = bobs.await.unwrap();
    assert_eq!(bobs.status(), 200);
    bobs.chunk().await.unwrap().unwrap();
    held.pop();
    held.push(first.await.unwrap());
    drop(bobs);
    held.push(second.await.unwrap());
    let seeds: Vec<u64> =
        server.engine.requests().iter().map(|request| request["seed"].as_u64().unwrap()).collect();
    assert_eq!(seeds, [1, 2, 6, 3, 4]);
}

/// A share of the streams for keys that have no limit of their own.
#[tokio::test]
async fn a_key_may_be_held_to_a_part_of_the_streams() {
    let script = Script { end: End::Hang, ..Script::frames(4) };
    let server = Server::with(script, |config| {
        keyed(config);
        config.limits.streams_per_key = 1;
        config.server.keys[1].concurrent_streams = Some(2);
    })
    .await;
    let mut held = Vec::new();
    for (key, streams) in [(ALICE, 1), (BOB, 2)] {
        for seed in 0..streams {
            held.push(speak(&server, key, seed).await.unwrap());
        }
        let (status, error) = status_and_json(speak(&server, key, 9).await.unwrap()).await;
        assert_eq!(
            (status, &error["error"]["type"]),
            (429, &json!("too_many_concurrent_requests")),
            "{error}"
        );
    }
    assert!(held.iter().all(|response| response.status() == 200));
}

/// An admin key sees the jobs of all.
#[tokio::test]
async fn an_admin_key_sees_all_jobs() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(2), |config| {
        keyed(config);
        config.jobs.store = directory.path().display().to_string();
    })
    .await;
    let text = json!({"text": "a", "voice": "hi_female"});
    let posted = server.request("/v1/jobs", &text).bearer_auth(ALICE).send().await.unwrap();
    let (_, job) = status_and_json(posted).await;
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    for (key, status) in [(ALICE, 200), (BOB, 404), (ADMIN, 200)] {
        let answer = server.client.get(server.url(&path)).bearer_auth(key).send().await.unwrap();
        assert_eq!(answer.status(), status, "{key}");
    }
    assert_eq!(
        server.client.delete(server.url(&path)).bearer_auth(ADMIN).send().await.unwrap().status(),
        200
    );
}
