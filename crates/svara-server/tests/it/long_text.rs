use futures::StreamExt;
use serde_json::{Value, json};
use svara_testkit::{
    fake_vllm::{End, Script},
    process::{alone, resident_kib},
};

use crate::harness::Server;

const FRAME_BYTES: usize = 2048 * 2;

fn long_text(sentences: usize) -> String {
    (0..sentences)
        .map(|n| format!("यह वाक्य क्रमांक {} है और थोड़ा लंबा भी है। ", ["एक", "दो", "तीन"][n % 3]))
        .collect()
}

#[tokio::test]
async fn the_pieces_of_a_long_text_join_without_a_gap() {
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
async fn only_one_piece_is_generated_ahead() {
    let server = Server::start(Script { end: End::Hang, ..Script::frames(6) }).await;
    let mut response = server.speak(json!({"text": long_text(18)})).await;
    response.chunk().await.unwrap().unwrap();
    server.engine.wait_for_open_streams(2).await;
    assert_eq!(server.engine.requests().len(), 2);
    drop(response);
    server.engine.wait_for_open_streams(0).await;
}

#[tokio::test]
async fn a_failed_piece_aborts_the_speech() {
    let server = Server::start(Script::frames(6)).await;
    for end in [End::Finish("length"), End::ErrorEvent] {
        server.engine.set(Script { end, ..Script::frames(6) });
        let response = server.speak(json!({"text": long_text(18)})).await;
        let chunks: Vec<_> = response.bytes_stream().collect().await;
        assert!(chunks.last().unwrap().is_err());
    }
    server.quiet().await;
}

#[tokio::test]
async fn max_tokens_cuts_the_speech_and_is_reported() {
    let server = Server::start(Script { end: End::Finish("length"), ..Script::frames(3) }).await;
    let response = server.speak(json!({"text": long_text(18), "max_tokens": 21, "stream": false})).await;
    assert_eq!(response.headers()["x-finish-reason"], "length");
    assert_eq!(response.bytes().await.unwrap().len(), 3 * FRAME_BYTES);
    assert_eq!(server.engine.requests().len(), 1);
    let unasked = server.speak(json!({"stream": false})).await;
    assert_eq!(unasked.status(), 502, "no cut was requested: it must not look complete");
}

#[tokio::test]
async fn styles_and_normalization_reach_the_prompt() {
    // Without a tokenizer the prompt is text, which this test can read.
    let server = Server::with(Script::frames(1), |config| config.model.tokenizer = String::new()).await;
    for (fields, words) in [
        (json!({"text": "2 आम"}), "Hindi (Female): दो आम"),
        (json!({"text": "2 आम", "text_normalization": "off"}), "Hindi (Female): 2 आम"),
        (json!({"text": "2 आम", "text_normalization": false}), "Hindi (Female): 2 आम"),
        (json!({"text": "वाह", "style": "happy"}), "Hindi (Female): वाह <happy>"),
        (json!({"text": "<sad> ओह"}), "Hindi (Female): ओह <sad>"),
        (json!({"text": "**2** 🙏 आम"}), "Hindi (Female): **दो** 🙏 आम"),
        (
            json!({"text": "**2** 🙏 आम", "strip_markdown": true, "strip_emoji": true}),
            "Hindi (Female): दो आम",
        ),
    ] {
        assert_eq!(server.speak(fields.clone()).await.status(), 200);
        let prompt = server.engine.requests().pop().unwrap()["prompt"].as_str().unwrap().to_owned();
        assert!(prompt.contains(&format!("<|audio|>{words}<custom_token_4>")), "{fields}: {prompt}");
    }
    let body = json!({"input": "वाह", "voice": "hi_male", "instructions": "Speak in a sad voice.", "response_format": "pcm"});
    server.request("/v1/audio/speech", &body).send().await.unwrap();
    let prompt = server.engine.requests().pop().unwrap()["prompt"].to_string();
    assert!(prompt.contains("वाह <sad>"), "{prompt}");
    for (fields, expected, words) in [
        (json!({"style": "loud"}), 400, "happy, sad, anger, fear, clear"),
        (json!({"text_normalization": "maybe"}), 422, "must be auto, on or off"),
    ] {
        let (status, body) = server.speak_json(fields).await;
        assert!(status == expected && body["detail"].as_str().unwrap().contains(words), "{status} {body}");
    }
}

#[tokio::test]
async fn pcm_and_wav_have_the_requested_rate() {
    let server = Server::start(Script::frames(12)).await;
    let samples = 12 * 2048;
    for rate in [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000] {
        let response = server.speak(json!({"sample_rate": rate})).await;
        assert_eq!(response.headers()["x-sample-rate"], rate.to_string().as_str());
        let expected = (samples * rate as usize).div_ceil(24_000) * 2;
        assert_eq!(response.bytes().await.unwrap().len(), expected, "{rate}");
    }
    let wav = server.speak(json!({"sample_rate": 8000, "response_format": "wav", "stream": false})).await;
    assert_eq!(wav.bytes().await.unwrap()[24..28], 8_000_u32.to_le_bytes());
    for fields in [json!({"sample_rate": 11_025}), json!({"sample_rate": 44_100, "response_format": "opus"})]
    {
        let (status, body) = server.speak_json(fields).await;
        let detail = body["detail"].as_str().unwrap();
        assert!(
            status == 400 && detail.starts_with("sample_rate") && detail.contains("8000"),
            "{status} {body}"
        );
    }
}

#[tokio::test]
async fn speed_changes_the_length_and_nothing_is_lost() {
    let server = Server::start(Script::frames(12)).await;
    let samples = 12.0 * 2048.0;
    for speed in [0.25, 0.9, 1.0, 1.5, 4.0] {
        let svara = server.speak(json!({"speed": speed})).await.bytes().await.unwrap();
        let body = json!({"input": "नमस्ते", "voice": "hi_female", "response_format": "pcm", "speed": speed});
        let openai = server.request("/v1/audio/speech", &body).send().await.unwrap().bytes().await.unwrap();
        let expected = (samples / f64::from(speed as f32)).round() as usize * 2;
        assert_eq!((svara.len(), openai.len()), (expected, expected), "{speed}");
    }
    for speed in [0.2, 4.5, -1.0] {
        let (status, body) = server.speak_json(json!({"speed": speed})).await;
        assert!(status == 422 && body["detail"] == "speed must be from 0.25 to 4", "{status} {body}");
    }
}

#[tokio::test]
async fn a_runaway_model_is_stopped_and_reported() {
    let server = Server::start(Script { end: End::Finish("length"), ..Script::frames(6) }).await;
    let (status, body) = server.speak_json(json!({"stream": false})).await;
    assert_eq!((status, &body["error"]["type"]), (502, &json!("runaway")), "{body}");
    let metrics = server.metrics().await;
    assert!(metrics.contains("kind=\"runaway\""), "{metrics}");
    assert!(metrics.contains("svara_pieces_redone_total{reason=\"runaway\"} 1"), "{metrics}");
    server.speak(json!({"text": "यह वाक्य लंबा है। ".repeat(12), "stream": false})).await;
    let asked: Vec<Value> =
        server.engine.requests().iter().map(|request| request["max_tokens"].clone()).collect();
    assert_eq!(asked[..2], [json!(476), json!(476)], "retried once");
    assert_eq!(asked[2], json!(2048), "a long piece is held by the profile's max_tokens");
}

#[tokio::test]
async fn a_whole_response_retries_the_failed_piece() {
    let server = Server::start(Script::frames(6)).await;
    for failed in [Script { end: End::Finish("length"), ..Script::frames(6) }, Script::frames(0)] {
        server.engine.set_next(failed);
        let response = server.speak(json!({"stream": false, "seed": 7})).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.bytes().await.unwrap().len(), 6 * FRAME_BYTES);
        let asked = server.engine.requests();
        let seeds: Vec<&Value> = asked[asked.len() - 2..].iter().map(|request| &request["seed"]).collect();
        assert_eq!(seeds, [&json!(7), &json!(8)], "the same seed would fail again");
    }
}

/// Real HTTP with a null decoder; the engine's tests check playback on a simulated clock.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_characters_stream_in_steady_memory() {
    if !alone("long_text::a_hundred_thousand_characters_stream_in_steady_memory") {
        return;
    }
    let server = Server::with(Script::frames(12), |config| {
        config.decoder.kind = svara_config::DecoderBackend::Null;
        config.limits.text_characters = 100_000;
        // Prompts as text: the fake stores all of them, and ids would be ten times as large.
        config.model.tokenizer = String::new();
    })
    .await;
    let text: String = long_text(4_000).chars().take(100_000).collect();
    assert_eq!(text.chars().count(), 100_000);
    let response = server.speak(json!({"text": text, "response_format": "wav"})).await;
    assert_eq!(response.status(), 200);
    let (mut chunks, mut bytes) = (response.bytes_stream(), 0);
    // Measured after each megabyte.
    let mut resident = Vec::new();
    while let Some(chunk) = chunks.next().await {
        bytes += chunk.unwrap().len();
        if bytes > (resident.len() + 1) * 1_000_000 {
            resident.push(resident_kib());
        }
    }
    let pieces = server.engine.requests().len();
    let grown_kib = resident.iter().max().unwrap().saturating_sub(resident[0]);
    println!("{pieces} pieces, {bytes} bytes of sound, grew by {grown_kib} KiB: {resident:?}");
    assert!(pieces > 400, "{pieces}");
    assert_eq!(bytes, 44 + pieces * 12 * FRAME_BYTES);
    // The audio is 44 MB as samples and 22 MB as sent; the growth is the 450 requests that the fake stores.
    assert!(grown_kib < 6_000, "{grown_kib} KiB");
}
