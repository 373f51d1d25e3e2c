//! Models that repeat themselves without an end.

use std::time::Duration;

use serde_json::json;
use svara_testkit::fake_vllm::Script;

use crate::harness::Server;

const FRAME_BYTES: usize = 2048 * 2;
/// Frames of a second, rounded up.
const SECOND_FRAMES: usize = 12;

/// More than 476 tokens, at which a short text's generation ends in any case.
const MOST_FRAMES: usize = 100;

#[tokio::test]
async fn a_loop_that_isnt_heard_yet_is_done_again() {
    let server = Server::start(Script::frames(6)).await;
    for (period, kind) in [(1, "frame"), (3, "period")] {
        server.engine.set_next(Script::looping(20, period, MOST_FRAMES));
        let response = server.speak(json!({"stream": false, "seed": 7})).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.bytes().await.unwrap().len(), 6 * FRAME_BYTES);
        let metrics = server.metrics().await;
        assert!(metrics.contains(&format!("svara_loops_total{{kind=\"{kind}\"}} 1")), "{metrics}");
    }
    let metrics = server.metrics().await;
    assert!(metrics.contains("svara_pieces_redone_total{reason=\"loop\"} 2"), "{metrics}");
    assert!(metrics.contains("svara_pieces_redone_total{reason=\"runaway\"} 0"), "{metrics}");
    // Twice is too often.
    server.engine.set(Script::looping(20, 1, MOST_FRAMES));
    let (status, body) = server.speak_json(json!({"stream": false})).await;
    assert_eq!((status, &body["error"]["type"]), (502, &json!("runaway")), "{body}");
    assert!(body.to_string().contains("repeats itself"), "{body}");
}

const LONG: &str =
    "One little bird sat on the green branch of an old tree, and it sang a song for all of us to hear.";

/// The prompts, without what surrounds the words.
fn prompts(server: &Server) -> Vec<String> {
    server.engine.requests().iter().map(|request| request["prompt"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn speech_goes_on_behind_a_loop_that_is_heard() {
    let pause = Duration::from_millis(10);
    // Without a tokenizer the prompt is text, which this test can read.
    let server = Server::with(Script::frames(6), |config| config.model.tokenizer = String::new()).await;
    server.engine.set_next(Script { pause, ..Script::looping(30, 1, MOST_FRAMES) });
    let response = server.speak(json!({"text": LONG, "seed": 7})).await;
    assert_eq!(response.status(), 200);
    let frames = response.bytes().await.expect("it is whole").len() / FRAME_BYTES;
    assert!((25 + 6..=30 + SECOND_FRAMES + 6).contains(&frames), "{frames} frames are heard");
    let prompts = prompts(&server);
    assert_eq!(prompts.len(), 2, "{prompts:?}");
    let rest = prompts[1].rsplit_once(": ").map_or(prompts[1].as_str(), |(_, words)| words);
    // 2.5 s are enough for some of the words, and not for all.
    assert!(rest.contains("all of us to hear."), "{rest}");
    assert!(!rest.contains("One little"), "{rest}");
    let metrics = server.metrics().await;
    assert!(metrics.contains("svara_pieces_redone_total{reason=\"loop\"} 1"), "{metrics}");
}

/// Models often fall silent, or into a loop, where the text is over.
#[tokio::test]
async fn a_loop_behind_the_last_word_ends_the_speech() {
    let pause = Duration::from_millis(10);
    let server = Server::start(Script { pause, ..Script::looping(40, 1, MOST_FRAMES) }).await;
    let response = server.speak(json!({"text": "Well then."})).await;
    assert_eq!(response.status(), 200);
    let frames = response.bytes().await.expect("it is whole").len() / FRAME_BYTES;
    assert!((35..=40 + SECOND_FRAMES).contains(&frames), "{frames} frames are heard");
    assert_eq!(server.engine.requests().len(), 1);
    server.engine.wait_for_open_streams(0).await;
}

#[tokio::test]
async fn the_rest_of_a_speech_that_loops_again_is_broken_off() {
    let pause = Duration::from_millis(10);
    let server = Server::start(Script { pause, ..Script::looping(20, 1, MOST_FRAMES) }).await;
    let mut response = server.speak(json!({"text": LONG})).await;
    let mut bytes = 0;
    let broken_off = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes += chunk.len(),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    let frames = bytes / FRAME_BYTES;
    assert!((30..=2 * (20 + SECOND_FRAMES)).contains(&frames), "{frames} frames are heard");
    assert!(broken_off, "it doesn't end as if it were complete");
    assert_eq!(server.engine.requests().len(), 2);
    server.engine.wait_for_open_streams(0).await;
}

#[tokio::test]
async fn a_request_with_its_own_limit_gets_what_the_model_says() {
    let server = Server::start(Script::looping(20, 1, 40)).await;
    let response = server.speak(json!({"stream": false, "max_tokens": 280})).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.bytes().await.unwrap().len(), 40 * FRAME_BYTES);
}
