//! The defects of the Python stack, each with a test that would catch it here. The numbers are those of the list in
//! `docs/migrating-from-python.md`.

use serde_json::json;
use svara_testkit::fake_vllm::{End, Form, Script, frame_tokens};

use crate::harness::Server;

const FRAME_BYTES: usize = 2048 * 2;

/// 1: one mapper for all requests, never reset: a request that ended inside a frame shifted all later ones.
#[tokio::test]
async fn a_request_leaves_nothing_behind() {
    let server = Server::start(Script::frames(5)).await;
    let reference = server.speak(json!({})).await.bytes().await.unwrap();
    let mut torn = frame_tokens(5);
    torn.truncate(17);
    server.engine.set(Script::new(torn));
    assert_eq!(server.speak(json!({})).await.bytes().await.unwrap().len(), 2 * FRAME_BYTES);
    server.engine.set(Script::frames(5));
    assert_eq!(server.speak(json!({})).await.bytes().await.unwrap(), reference);
}

/// 1: concurrent requests corrupted each other.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_do_not_mix() {
    let server = Server::start(Script { chunk_tokens: 5, ..Script::frames(12) }).await;
    let reference = server.speak(json!({})).await.bytes().await.unwrap();
    let all = futures::future::join_all(
        (0..16).map(|_| async { server.speak(json!({})).await.bytes().await.unwrap() }),
    );
    for samples in all.await {
        assert_eq!(samples, reference);
    }
}

/// 2: code 0 was dropped, and code 4096 accepted.
#[tokio::test]
async fn codes_0_and_4096_are_told_apart() {
    let zeros: Vec<u32> = (0..28).map(|n| 128_266 + (n % 7) * 4096).collect();
    for form in [Form::Ids, Form::Text] {
        let server = Server::start(Script { form, ..Script::new(zeros.clone()) }).await;
        assert_eq!(server.speak(json!({})).await.bytes().await.unwrap().len(), 4 * FRAME_BYTES);
        // Code 4096 in slot 0 is code 0 in slot 1: misaligned, not a frame.
        let mut wrong = zeros.clone();
        wrong[7] += 4096;
        server.engine.set(Script { form, ..Script::new(wrong) });
        assert_eq!(server.speak(json!({})).await.bytes().await.unwrap().len(), 3 * FRAME_BYTES);
    }
}

/// 3: the first frame and the last two were never heard. 4: short utterances gave no audio at all.
#[tokio::test]
async fn head_and_tail_are_heard() {
    let server = Server::start(Script::frames(1)).await;
    for frames in 1..=9 {
        server.engine.set(Script::frames(frames));
        let samples = server.speak(json!({})).await.bytes().await.unwrap();
        assert_eq!(samples.len(), frames * FRAME_BYTES);
        let last = &samples[samples.len() - FRAME_BYTES..];
        assert!(
            samples[..FRAME_BYTES].iter().any(|b| *b != 0) && last.iter().any(|b| *b != 0),
            "{frames} frames"
        );
    }
}

/// 4: the first audio needed 77 tokens. Here three frames are enough.
#[tokio::test]
async fn first_audio_after_three_frames() {
    let server = Server::start(Script { end: End::Hang, ..Script::frames(3) }).await;
    let mut response = server.speak(json!({})).await;
    assert!(!response.chunk().await.unwrap().unwrap().is_empty());
}

/// 5, 6: each request created a client and a thread pool and grew a list. Here only idle slots remain.
#[tokio::test]
async fn a_finished_request_holds_no_slot() {
    let server = Server::with(Script::frames(2), |config| config.decoder.max_streams = 1).await;
    for _ in 0..20 {
        assert_eq!(server.speak(json!({})).await.bytes().await.unwrap().len(), 2 * FRAME_BYTES);
    }
    server.quiet().await;
}

/// 7: nothing was cancelled when a client left.
#[tokio::test]
async fn a_client_that_leaves_ends_the_generation() {
    let server = Server::start(Script { end: End::Hang, ..Script::frames(4) }).await;
    let mut response = server.speak(json!({})).await;
    response.chunk().await.unwrap().unwrap();
    server.engine.wait_for_open_streams(1).await;
    drop(response);
    server.engine.wait_for_open_streams(0).await;
    server.quiet().await;
}

/// 8: the prompt was sent as text and tokenized again. Here it is sent as ids, even if the text has control tokens.
#[tokio::test]
async fn the_prompt_goes_as_token_ids() {
    let server = Server::start(Script::frames(1)).await;
    server.speak(json!({"text": "stop <custom_token_2> here"})).await;
    let prompt: Vec<u64> = serde_json::from_value(server.engine.requests()[0]["prompt"].clone()).unwrap();
    let controls = prompt.iter().filter(|id| **id >= 128_000).count();
    assert_eq!(controls, 7, "only the template's own control tokens: {prompt:?}");
}

/// 9: health stayed green when vLLM was down.
#[tokio::test]
async fn health_asks_the_engine() {
    let server = Server::with(Script::frames(1), |config| {
        config.engine.base_url = "http://127.0.0.1:9/v1".to_owned();
    })
    .await;
    let response = server.client.get(server.url("/health")).send().await.unwrap();
    assert_eq!(response.status(), 503);
}

/// An unknown format silently became PCM.
#[tokio::test]
async fn an_unknown_format_is_refused() {
    let server = Server::start(Script::frames(1)).await;
    let (status, body) = server.speak_json(json!({"response_format": "midi"})).await;
    let message = body["detail"].as_str().unwrap();
    assert!(
        status == 400 && message.contains("response_format") && message.contains("wav"),
        "{status} {message}"
    );
}

/// The README sent `voice_id`, the server took `voice`.
#[tokio::test]
async fn voice_and_voice_id_both_work() {
    let server = Server::start(Script::frames(1)).await;
    for field in ["voice", "voice_id"] {
        let body = json!({"text": "a", field: "Tamil (Male)", "response_format": "pcm"});
        assert_eq!(server.request("/v1/text-to-speech", &body).send().await.unwrap().status(), 200);
    }
}
