//! What an engine is asked beside the sampling: only whole frames, and which requests go first.

use serde_json::{Value, json};
use svara_testkit::{eventually, fake_vllm::Script};

use crate::harness::Server;

/// Spoken in more than one piece.
fn long_text() -> String {
    "यह एक वाक्य है। ".repeat(60)
}

fn field(server: &Server, name: &str) -> Vec<Value> {
    server.engine.requests().into_iter().map(|mut request| request[name].take()).collect()
}

#[tokio::test]
async fn the_engine_is_told_of_which_tokens_frames_are_made() {
    let server = Server::start(Script::frames(2)).await;
    server.speak(json!({})).await;
    let expected = json!({"snac_first_audio_token": 128_266, "snac_codebook_size": 4096});
    assert_eq!(field(&server, "vllm_xargs"), [expected]);
}

#[tokio::test]
async fn a_first_piece_goes_before_later_ones_whole_answers_and_jobs() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().display().to_string();
    let server = Server::with(Script::frames(2), |config| config.jobs.store = store).await;
    server.speak(json!({"text": long_text()})).await.bytes().await.unwrap();
    let live = field(&server, "priority");
    assert!(live.len() > 2 && live[0] == 0 && live[1..].iter().all(|priority| *priority == 1), "{live:?}");
    server.speak(json!({"stream": false})).await.bytes().await.unwrap();
    let whole = field(&server, "priority");
    assert_eq!(whole[live.len()..], [json!(2)]);
    let job = json!({"text": "नमस्ते", "voice": "hi_female"});
    assert_eq!(server.request("/v1/jobs", &job).send().await.unwrap().status(), 202);
    eventually("the job's request", async || (field(&server, "priority").len() > whole.len()).then_some(()))
        .await;
    assert_eq!(field(&server, "priority")[whole.len()..], [json!(3)]);
}

/// Its listener still waits for the first sound.
#[tokio::test]
async fn a_first_piece_that_is_generated_again_keeps_its_place() {
    let server = Server::start(Script::frames(2)).await;
    server.engine.set_next(Script::frames(0));
    assert_eq!(server.speak(json!({})).await.status(), 200);
    assert_eq!(field(&server, "priority"), [0, 0]);
}

/// What a caller sends beside the fields of the API is refused, or stays here.
#[tokio::test]
async fn a_caller_cannot_choose_the_priority() {
    let server = Server::start(Script::frames(2)).await;
    let body = json!({"input": "hello", "voice": "hi_female", "priority": -5, "vllm_xargs": {"snac_min_frames": 99}});
    let request = server.request("/v1/audio/speech", &body).header("x-vllm-priority", "-5");
    let status = request.send().await.unwrap().status();
    let asked = server.engine.requests();
    let as_ever =
        asked.iter().all(|asked| asked["priority"] == 0 && asked["vllm_xargs"]["snac_min_frames"].is_null());
    assert!(as_ever, "{status} {asked:?}");
    assert!(server.engine.headers().iter().all(|headers| !headers.contains_key("x-vllm-priority")));
}
