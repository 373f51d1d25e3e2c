//! Answers that nobody reads: what they cost in memory, and who still is served.

use http::Request;
use serde_json::{Value, json};
use svara_config::{Config, DecoderBackend};
use svara_service::callers::KeyEntry;
use svara_testkit::{eventually, fake_vllm::Script};

use crate::{
    harness::{Server, status_and_json},
    http2,
    raw::connect,
};

const MIB: usize = 1024 * 1024;

fn key(name: &str) -> String {
    format!("sk-svara-test-0123456789-{name}")
}

fn small(config: &mut Config) {
    config.decoder.kind = DecoderBackend::Null;
    config.limits.all_answers_bytes = MIB;
    config.jobs.audio_bytes = MIB / 4;
    config.server.keys = ["alice", "bob"].map(|name| KeyEntry::unbounded(name, &key(name))).to_vec();
}

/// The statuses of so many requests of a key on one connection that reads no body; and the connection's end.
async fn unread(server: &Server, path: &str, name: &str, count: usize) -> (Vec<u16>, impl Sized) {
    // A window of nothing: no byte of a body is sent.
    let mut client = http2::client(connect(server.address).await, 0).await;
    let (mut statuses, mut held) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let request = Request::get(format!("http://localhost{path}"))
            .header("authorization", format!("Bearer {}", key(name)));
        let (answer, _) = client.send_request(request.body(()).unwrap(), true).unwrap();
        let answer = answer.await.unwrap();
        statuses.push(answer.status().as_u16());
        held.push(answer.into_body());
    }
    (statuses, (client, held))
}

/// Lists, pages and documents: a client may ask for many at once, and read none.
#[tokio::test]
async fn answers_that_nobody_reads_have_a_bound_together() {
    let server = Server::with(Script::frames(1), small).await;
    let list = async |name: &str| {
        let request = server.client.get(server.url("/v1/voices")).bearer_auth(key(name));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().len())
    };
    let (status, bytes) = list("alice").await;
    assert!(status == 200 && bytes > 4096, "{status} {bytes}");
    let mut held = Vec::new();
    let mut served = 0;
    for _ in 0..1 + MIB / bytes / 50 {
        let (statuses, open) = unread(&server, "/v1/voices", "alice", 90).await;
        served += statuses.iter().filter(|status| **status == 200).count();
        assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
        held.push(open);
    }
    assert!(served * bytes <= MIB / 2 && (served + 2) * bytes > MIB / 2, "{served} of {bytes} bytes");
    assert_eq!(list("alice").await.0, 429, "her share is full");
    assert_eq!(list("bob").await.0, 200, "others have theirs");
    assert_eq!(server.client.get(server.url("/health/live")).send().await.unwrap().status(), 200);
    drop(held);
    eventually("what is given up is free again", async || (list("alice").await.0 == 200).then_some(())).await;
}

/// The audio of a job is read from its store for each request: not before there is room for it.
#[tokio::test]
async fn so_have_files_of_jobs() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().display().to_string();
    let server = Server::with(Script::frames(40), |config| {
        small(config);
        config.jobs.store = store;
    })
    .await;
    let fields = json!({"text": "नमस्ते, आज का दिन अच्छा है, और कल भी अच्छा होगा।", "voice": "hi_female", "response_format": "pcm"});
    let posted = server.request("/v1/jobs", &fields).bearer_auth(key("alice")).send().await.unwrap();
    let (status, job): (u16, Value) = status_and_json(posted).await;
    assert_eq!(status, 202, "{job}");
    let path = format!("/v1/jobs/{}/audio", job["id"].as_str().unwrap());
    let heard = async || {
        let answer = server.client.get(server.url(&path)).bearer_auth(key("alice")).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().len())
    };
    let bytes =
        eventually("the audio", async || Some(heard().await).filter(|(status, _)| *status == 200)).await.1;
    let (statuses, held) = unread(&server, &path, "alice", 20).await;
    let served = statuses.iter().filter(|status| **status == 200).count();
    assert!(served > 0 && served * bytes <= MIB / 2, "{served} of {bytes} bytes: {statuses:?}");
    assert_eq!(heard().await.0, 429);
    drop(held);
    eventually("what is given up is free again", async || (heard().await.0 == 200).then_some(())).await;
}
