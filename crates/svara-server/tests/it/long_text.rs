use futures::StreamExt;
use serde_json::{Value, json};
use svara_testkit::fake_vllm::{End, Script};

use crate::harness::Server;

const FRAME_BYTES: usize = 2048 * 2;

fn long_text(sentences: usize) -> String {
    (0..sentences)
        .map(|n| format!("यह वाक्य क्रमांक {} है और थोड़ा लंबा भी है। ", ["एक", "दो", "तीन"][n % 3]))
        .collect()
}

#[tokio::test]
async fn a_long_text_is_said_in_pieces_joined_without_a_gap() {
    let server = Server::start(Script::frames(6)).await;
    let one = server.speak(json!({"seed": 1})).await.bytes().await.unwrap();
    let response = server.speak(json!({"text": long_text(18), "seed": 1, "response_format": "pcm"})).await;
    let long = response.bytes().await.unwrap();
    let prompts: Vec<Value> =
        server.engine.requests()[1..].iter().map(|request| request["prompt"].clone()).collect();
    assert!(prompts.len() >= 3, "{} generations", prompts.len());
    assert_eq!(long.len(), prompts.len() * 6 * FRAME_BYTES);
    for piece in long.chunks(6 * FRAME_BYTES) {
        assert_eq!(piece, one, "each piece is decoded from its own beginning");
    }
    assert!(prompts.windows(2).all(|pair| pair[0] != pair[1]), "the pieces are said in order, not repeated");
}

#[tokio::test]
async fn the_next_piece_is_generated_while_one_is_spoken_and_no_more() {
    let server = Server::start(Script { end: End::Hang, ..Script::frames(6) }).await;
    let mut response = server.speak(json!({"text": long_text(18)})).await;
    response.chunk().await.unwrap().unwrap();
    server.engine.wait_for_open_streams(2).await;
    assert_eq!(server.engine.requests().len(), 2);
    drop(response);
    server.engine.wait_for_open_streams(0).await;
}

#[tokio::test]
async fn a_piece_that_fails_breaks_the_speech_off() {
    let server = Server::start(Script::frames(6)).await;
    for end in [End::Finish("length"), End::ErrorEvent] {
        server.engine.set(Script { end, ..Script::frames(6) });
        let response = server.speak(json!({"text": long_text(18)})).await;
        let chunks: Vec<_> = response.bytes_stream().collect().await;
        assert!(chunks.last().unwrap().is_err());
    }
    assert_eq!(server.open_streams().await, 0);
}

#[tokio::test]
async fn who_sets_max_tokens_is_cut_there_and_told_so() {
    let server = Server::start(Script { end: End::Finish("length"), ..Script::frames(3) }).await;
    let response = server.speak(json!({"text": long_text(18), "max_tokens": 21, "stream": false})).await;
    assert_eq!(response.headers()["x-finish-reason"], "length");
    assert_eq!(response.bytes().await.unwrap().len(), 3 * FRAME_BYTES);
    assert_eq!(server.engine.requests().len(), 1);
    let unasked = server.speak(json!({"stream": false})).await;
    assert_eq!(unasked.status(), 502, "nobody asked for a cut: it must not look complete");
}

#[tokio::test]
async fn styles_and_normalization_reach_the_prompt() {
    // Without a tokenizer the prompt is text, which can be read here.
    let server = Server::with(Script::frames(1), |config| config.model.tokenizer = String::new()).await;
    for (fields, words) in [
        (json!({"text": "2 आम"}), "Hindi (Female): दो आम"),
        (json!({"text": "2 आम", "text_normalization": "off"}), "Hindi (Female): 2 आम"),
        (json!({"text": "2 आम", "text_normalization": false}), "Hindi (Female): 2 आम"),
        (json!({"text": "वाह", "style": "happy"}), "Hindi (Female): वाह <happy>"),
        (json!({"text": "<sad> ओह"}), "Hindi (Female): ओह <sad>"),
    ] {
        assert_eq!(server.speak(fields.clone()).await.status(), 200);
        let prompt = server.engine.requests().pop().unwrap()["prompt"].as_str().unwrap().to_owned();
        assert!(prompt.contains(&format!("<|audio|>{words}<custom_token_4>")), "{fields}: {prompt}");
    }
    let body = json!({"input": "वाह", "voice": "hi_male", "instructions": "Speak in a sad voice.", "response_format": "pcm"});
    server.request("/v1/audio/speech", &body).send().await.unwrap();
    let prompt = server.engine.requests().pop().unwrap()["prompt"].to_string();
    assert!(prompt.contains("वाह <sad>"), "{prompt}");
    for (fields, words) in [
        (json!({"style": "loud"}), "happy, sad, anger, fear, clear"),
        (json!({"text_normalization": "maybe"}), "must be auto, on or off"),
    ] {
        let (status, body) = server.speak_json(fields).await;
        assert!(status == 422 && body["detail"].as_str().unwrap().contains(words), "{status} {body}");
    }
}
