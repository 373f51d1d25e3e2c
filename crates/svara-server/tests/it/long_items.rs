//! An item of a job may have a million characters: whatever it takes to cut it up, others don't wait for it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use svara_config::DecoderBackend;
use svara_service::callers::KeyEntry;
use svara_testkit::fake_vllm::Script;
use tokio::time::sleep;

use crate::harness::{Server, least, status_and_json};

const KEYS: [&str; 2] = ["sk-svara-test-of-alice-000", "sk-svara-test-of-bob-00000"];
const CHARACTERS: usize = 900_000;

/// The server, its engine and this test share a thread: what the server does there at a stretch, nobody else gets.
#[tokio::test]
async fn a_very_long_item_holds_nobody_up() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().display().to_string();
    let server = Server::with(Script::frames(1), |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.model.tokenizer = String::new();
        config.jobs.store = store;
        config.server.keys =
            KEYS.iter().zip(["alice", "bob"]).map(|(key, name)| KeyEntry::unbounded(name, key)).collect();
    })
    .await;
    let text = "One is. ".repeat(CHARACTERS / 8);
    let cutting = || {
        let start = Instant::now();
        assert!(svara_text::pack(&text, 1000).len() > 800);
        start.elapsed()
    };
    let takes = [(); 3].map(|()| cutting()).into_iter().min().unwrap();
    let fields = json!({"text": text, "voice": "en_female", "response_format": "pcm"});
    let round = async || {
        let mut jobs = Vec::new();
        for key in KEYS {
            let request = server.request("/v1/jobs", &fields).bearer_auth(key);
            let (status, job) = status_and_json(request.send().await.unwrap()).await;
            assert_eq!(status, 202, "{job}");
            jobs.push((key, job["id"].clone()));
        }
        // The keys take turns, of a part each.
        let before = server.engine.requests().len() as u64;
        let mut longest = Duration::ZERO;
        let asked = server.engine.wait_for_requests(before + 6);
        tokio::pin!(asked);
        loop {
            let start = Instant::now();
            tokio::select! {
                () = &mut asked => break,
                () = sleep(Duration::from_millis(1)) => longest = longest.max(start.elapsed()),
            }
        }
        for (key, id) in jobs {
            let path = format!("/v1/jobs/{}", Value::as_str(&id).unwrap());
            let deleted = server.client.delete(server.url(&path)).bearer_auth(key).send().await.unwrap();
            assert_eq!(deleted.status(), 200);
        }
        longest
    };
    let longest = least(takes / 2, round).await;
    assert!(longest <= takes / 2, "nothing else was done for {longest:?}; to cut it up takes {takes:?}");
}
