//! Whose turn it is: an item that fails waits while others are spoken, and keys take turns.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};
use svara_config::{Config, DecoderBackend};
use svara_service::callers::KeyEntry;
use svara_testkit::{
    eventually,
    fake_vllm::{End, FakeVllm, Script},
};

use crate::harness::{self, Program, Server, status_and_json};

const ALICE: &str = "sk-svara-test-of-alice-000";
const BOB: &str = "sk-svara-test-of-bob-00000";

fn keyed(store: &Path) -> impl FnOnce(&mut Config) {
    let store = store.display().to_string();
    move |config| {
        config.jobs.store = store;
        config.server.keys = vec![KeyEntry::unbounded("alice", ALICE), KeyEntry::unbounded("bob", BOB)];
    }
}

/// Posts a job of texts with these seeds.
async fn post(server: &Server, key: &str, text: &str, seeds: impl IntoIterator<Item = u64>) -> (u16, Value) {
    let line = |seed: u64| {
        json!({"text": text, "voice": "hi_female", "response_format": "pcm", "seed": seed}).to_string()
    };
    let lines: Vec<String> = seeds.into_iter().map(line).collect();
    let request = server.client.post(server.url("/v1/jobs")).header("content-type", "application/jsonl");
    status_and_json(request.body(lines.join("\n")).bearer_auth(key).send().await.unwrap()).await
}

async fn posted(server: &Server, key: &str, seeds: impl IntoIterator<Item = u64>) -> String {
    let (status, job) = post(server, key, "नमस्ते", seeds).await;
    assert_eq!(status, 202, "{job}");
    job["id"].as_str().unwrap().to_owned()
}

async fn job(server: &Server, key: &str, id: &str) -> Value {
    let answer =
        server.client.get(server.url(&format!("/v1/jobs/{id}"))).bearer_auth(key).send().await.unwrap();
    answer.json().await.unwrap()
}

async fn over(server: &Server, key: &str, id: &str) -> Value {
    eventually("the job is over", async || {
        let job = job(server, key, id).await;
        (job["status"] == "done" || job["status"] == "failed").then_some(job)
    })
    .await
}

/// The seeds of the engine's requests so far.
fn asked(server: &Server) -> Vec<u64> {
    server.engine.requests().iter().map(|request| request["seed"].as_u64().unwrap()).collect()
}

/// Whatever the engine says to one text, others are spoken meanwhile, and the one is given up soon.
#[tokio::test]
async fn an_item_that_fails_costs_its_own_turns_only() {
    for (kind, script) in [
        ("no audio", Script::frames(0)),
        ("500", Script { end: End::Refuse(500, "can't".to_owned()), ..Script::frames(0) }),
        ("broken off", Script { end: End::ErrorEvent, ..Script::frames(1) }),
        ("400", Script { end: End::Refuse(400, "can't".to_owned()), ..Script::frames(0) }),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let server = Server::with(Script::frames(3), keyed(directory.path())).await;
        let bad_seeds = 1000..1030;
        bad_seeds.clone().for_each(|seed| server.engine.set_for_seed(seed, script.clone()));
        let tries = || asked(&server).iter().filter(|seed| bad_seeds.contains(seed)).count();
        let bad = posted(&server, ALICE, [1000, 1]).await;
        let mut others = Vec::new();
        for seed in 2..8 {
            others.push(posted(&server, ALICE, [seed]).await);
        }
        for id in &others {
            assert_eq!(over(&server, ALICE, id).await["status"], "done", "{kind}");
        }
        // Not behind what it costs to give the one up.
        let before = tries();
        let failed = over(&server, ALICE, &bad).await;
        assert_eq!(
            (&failed["items_failed"], &failed["items_done"]),
            (&json!(1), &json!(1)),
            "{kind}: {failed}"
        );
        assert!(
            tries() <= 12,
            "{kind}: {} generations, {before} of them before the others were over",
            tries()
        );
    }
}

/// While an item is tried again, the log says why, and not only what its caller would be told.
#[tokio::test]
async fn each_try_is_logged_with_its_cause() {
    let directory = tempfile::tempdir().unwrap();
    let busy = Script { end: End::Refuse(503, "the card fell out".to_owned()), ..Script::frames(0) };
    let engine = FakeVllm::start(busy).await;
    let mut config = harness::config();
    config.decoder.kind = DecoderBackend::Null;
    config.engine.base_url = engine.base_url();
    config.server.port = 0;
    config.jobs.store = directory.path().join("jobs").display().to_string();
    config.log.format = svara_config::LogFormat::Json;
    let path = directory.path().join("server.toml");
    std::fs::write(&path, toml::to_string(&config).unwrap()).unwrap();
    let (mut server, log) = Program::start_logged(crate::program::program(&path)).await;
    let body = json!({"text": "नमस्ते", "voice": "hi_female"});
    let post = harness::client().post(format!("{}/v1/jobs", server.root)).json(&body);
    assert_eq!(post.send().await.unwrap().status(), 202);
    // Each try asks twice: the third request is of the second try.
    engine.wait_for_requests(3).await;
    server.signal("TERM").await;
    server.ended().await;
    let log = log.await.unwrap();
    let tries: Vec<&String> = log.iter().filter(|line| line.contains("it is tried again")).collect();
    assert!(!tries.is_empty(), "{log:#?}");
    for line in tries {
        assert!(line.contains("status 503") && line.contains("the card fell out"), "{line}");
    }
}

/// A hundred items of one key delay another key's by the one in progress.
#[tokio::test]
async fn keys_take_turns() {
    let directory = tempfile::tempdir().unwrap();
    let script = Script { pause: Duration::from_millis(100), ..Script::frames(3) };
    let server = Server::with(script, keyed(directory.path())).await;
    posted(&server, ALICE, 0..50).await;
    for seed in 50..100 {
        posted(&server, ALICE, [seed]).await;
    }
    // The next item is spoken for two seconds: Bob's come while it is.
    server.engine.set(Script { pause: Duration::from_millis(700), ..Script::frames(3) });
    let before = asked(&server).len();
    server.engine.wait_for_requests(before as u64 + 1).await;
    server.engine.set(Script { pause: Duration::from_millis(100), ..Script::frames(3) });
    let bobs = posted(&server, BOB, [1000, 1001]).await;
    assert_eq!(over(&server, BOB, &bobs).await["status"], "done");
    let asked = asked(&server);
    let place = |seed: u64| asked.iter().position(|of| *of == seed).unwrap();
    assert_eq!(place(1000), before + 1, "right behind the one in progress: {asked:?}");
    assert_eq!(place(1001), place(1000) + 2, "then they take turns: {asked:?}");
}

/// A long item gives way between its parts, and loses nothing by it.
#[tokio::test]
async fn a_long_item_gives_way() {
    let directory = tempfile::tempdir().unwrap();
    let script = Script { pause: Duration::from_millis(30), ..Script::frames(5) };
    let server = Server::with(script, |config| {
        keyed(directory.path())(config);
        config.limits.text_characters = 100;
    })
    .await;
    let text = "यह एक वाक्य है। ".repeat(120);
    let (status, long) = post(&server, ALICE, &text, [1]).await;
    assert_eq!(status, 202, "{long}");
    let id = long["id"].as_str().unwrap();
    server.engine.wait_for_requests(2).await;
    let bobs = posted(&server, BOB, [1000]).await;
    assert_eq!(over(&server, BOB, &bobs).await["status"], "done");
    let still = job(&server, ALICE, id).await;
    assert_eq!(
        (&still["status"], &still["items"][0]["status"]),
        (&json!("running"), &json!("running")),
        "{still}"
    );
    let done = over(&server, ALICE, id).await;
    assert_eq!(done["status"], "done", "{done}");
    let spoken = asked(&server).iter().filter(|seed| **seed == 1).count();
    let bytes = done["items"][0]["audio_bytes"].as_u64().unwrap();
    assert_eq!(bytes, spoken as u64 * 5 * 2048 * 2, "each part once");
}

/// A key's jobs leave places for others.
#[tokio::test]
async fn a_key_has_a_share_of_the_jobs() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(1), |config| {
        keyed(directory.path())(config);
        config.jobs.concurrent = 0;
        config.jobs.max_jobs = 4;
    })
    .await;
    posted(&server, ALICE, [1]).await;
    posted(&server, ALICE, [2]).await;
    let (status, error) = post(&server, ALICE, "नमस्ते", [3]).await;
    assert_eq!((status, &error["error"]["type"]), (409, &json!("jobs_full")), "{error}");
    assert!(error["detail"].as_str().unwrap().contains("jobs.max_jobs_per_key"), "{error}");
    posted(&server, BOB, [4]).await;
}
