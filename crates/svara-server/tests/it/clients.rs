//! Exact requests of real clients, and what these clients look for in the response.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use futures::future::join_all;
use serde_json::{Value, json};
use svara_testkit::fake_vllm::Script;

use crate::{
    harness::{Server, status_and_json},
    sockets::{Client, audio, characters},
};

/// Bytes of a frame as 16-bit PCM at the model's own rate.
const FRAME_BYTES: usize = 2048 * 2;
const SPEECH: &str = "/v1/audio/speech";

async fn get(server: &Server, path: &str) -> Value {
    let (status, body) = status_and_json(server.client.get(server.url(path)).send().await.unwrap()).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// This client requests events from any model that isn't tts-1, and reports silence as an error.
#[tokio::test]
async fn livekit_with_the_openai_plugin() {
    let server = Server::start(Script::frames(8)).await;
    let body = json!({
        "input": "नमस्ते दुनिया", "model": "gpt-4o-mini-tts", "voice": "ash", "response_format": "mp3",
        "speed": 1.0, "instructions": "", "stream_format": "sse",
    });
    let answer = server.request(SPEECH, &body).header("authorization", "Bearer none").send().await.unwrap();
    let text = answer.text().await.unwrap();
    let kinds: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str::<Value>(data).unwrap()["type"].as_str().unwrap().to_owned())
        .collect();
    let (last, deltas) = kinds.split_last().unwrap();
    assert!(!deltas.is_empty() && deltas.iter().all(|kind| kind == "speech.audio.delta"));
    assert_eq!(last, "speech.audio.done");
}

/// This client plays everything at 24 kHz, and knows OpenAI's voices only.
#[tokio::test]
async fn pipecat_with_the_openai_service() {
    let server = Server::start(Script::frames(3)).await;
    for voice in [
        "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage",
        "shimmer", "verse",
    ] {
        let body =
            json!({"input": "नमस्ते", "model": "gpt-4o-mini-tts", "voice": voice, "response_format": "pcm"});
        let answer = server.request(SPEECH, &body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{voice}");
        assert_eq!(answer.bytes().await.unwrap().len(), 3 * FRAME_BYTES);
    }
}

/// This client names no format and saves the audio as .mp3; it requests the lists without a key.
#[tokio::test]
async fn open_webui() {
    let server = Server::start(Script::frames(3)).await;
    let body = json!({"model": "tts-1", "input": "नमस्ते", "voice": "alloy"});
    let request = server.request(SPEECH, &body).header("authorization", "Bearer none");
    let answer = request.header("x-openwebui-user-name", "A").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "audio/mpeg");
    assert_eq!(answer.bytes().await.unwrap()[0], 0xff);
    let voices = get(&server, "/v1/audio/voices").await;
    assert!(
        voices["voices"].as_array().unwrap().iter().all(|v| v["id"].is_string() && v["name"].is_string())
    );
    assert!(get(&server, "/v1/audio/models").await["models"][0]["id"].is_string());
    let (_, refused) =
        status_and_json(server.request(SPEECH, &json!({"input": ""})).send().await.unwrap()).await;
    assert!(refused["error"]["message"].is_string());
}

/// The client's other engine: an `accept` header, and always the same two settings.
#[tokio::test]
async fn open_webui_with_elevenlabs() {
    let server = Server::start(Script::frames(3)).await;
    let body = json!({
        "text": "नमस्ते", "model_id": "eleven_multilingual_v2",
        "voice_settings": {"stability": 0.5, "similarity_boost": 0.5},
    });
    let request = server.request("/v1/text-to-speech/hi_female", &body);
    let answer = request.header("accept", "audio/mpeg").header("xi-api-key", "none").send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"audio/mpeg".parse().unwrap())
    );
    let models =
        server.client.get(server.url("/v1/models")).header("xi-api-key", "none").send().await.unwrap();
    let models: Value = models.json().await.unwrap();
    assert!(models.as_array().unwrap().iter().all(|m| m["name"].is_string() && m["model_id"].is_string()));
    let voices = get(&server, "/v1/voices").await;
    assert!(voices["voices"].as_array().unwrap().iter().all(|v| v["name"].is_string()));
}

/// The users of this client type the voice by hand.
#[tokio::test]
async fn silly_tavern() {
    let server = Server::start(Script::frames(3)).await;
    let body = json!({"input": "नमस्ते", "response_format": "mp3", "voice": "Hindi (Female)", "speed": 1, "model": "tts-1"});
    assert_eq!(server.request(SPEECH, &body).send().await.unwrap().status(), 200);
}

/// This client probes several paths to identify the server: one with `/v1/readyz` is another product to it, whose voices it
/// doesn't ask for. It requests three sentences at once, without a key.
#[tokio::test]
async fn wyoming_openai() {
    let server = Server::start(Script::frames(3)).await;
    let ready = server.client.get(server.url("/v1/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), 404);
    assert!(get(&server, "/v1/audio/voices").await["voices"][0]["id"].is_string());
    let sentences = ["एक।", "दो।", "तीन।"].map(|text| {
        let body = json!({"model": "tts-1", "input": text, "voice": "alloy", "response_format": "wav", "speed": 1.0});
        server.request(SPEECH, &body).send()
    });
    for answer in join_all(sentences).await {
        assert_eq!(answer.unwrap().status(), 200);
    }
}

/// This client checks the server by requesting "test" with the voice alloy.
#[tokio::test]
async fn litellm() {
    let server = Server::start(Script::frames(3)).await;
    let body = json!({"model": "tts-1", "input": "test", "voice": "alloy"});
    assert_eq!(server.request(SPEECH, &body).send().await.unwrap().status(), 200);
}

/// This client requires a content type of audio.
#[tokio::test]
async fn livekit_with_the_elevenlabs_plugin() {
    let server = Server::start(Script::frames(3)).await;
    let path = "/v1/text-to-speech/hi_female/stream?model_id=eleven_turbo_v2_5&output_format=mp3_22050_32\
                &optimize_streaming_latency=3";
    let body = json!({"text": "नमस्ते", "model_id": "eleven_turbo_v2_5", "voice_settings": null});
    let answer = server.request(path, &body).header("xi-api-key", "none").send().await.unwrap();
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("audio/"));
    assert_eq!(answer.headers()["x-sample-rate"], "22050");
}

/// This client sends single words and its own schedule. Messages with neither audio nor an end are errors to it.
#[tokio::test]
async fn livekit_over_its_socket() {
    let server = Server::start(Script::frames(3)).await;
    let query = "&model_id=eleven_turbo_v2_5&enable_ssml_parsing=false&inactivity_timeout=180\
                 &apply_text_normalization=auto&sync_alignment=true&language_code=hi";
    let mut client = Client::open(&server, "hi_female/stream-input", query).await;
    let first = json!({
        "text": " ", "voice_settings": {"stability": 0.71, "similarity_boost": 0.5, "style": 0.0, "use_speaker_boost": true},
        "generation_config": {"chunk_length_schedule": [80, 120, 200, 260]},
    });
    client.send(first).await;
    for word in ["मैं", "यहाँ", "हूँ।", "तुम", "कहाँ", "हो?"] {
        client.send(json!({"text": format!("{word} "), "try_trigger_generation": false})).await;
    }
    client.send(json!({"text": ""})).await;
    let (messages, code) = client.rest().await;
    assert_eq!(code, 1000);
    for message in &messages {
        assert!(message["isFinal"] == true || !audio(message).is_empty(), "{message}");
    }
    assert_eq!(characters(&messages).split_whitespace().count(), 6);
}

/// A context for each turn, kept alive every ten seconds; the client adds up the times in messages.
#[tokio::test]
async fn pipecat_over_its_socket() {
    let server = Server::start(Script::frames(4)).await;
    let query = "&model_id=eleven_flash_v2_5&auto_mode=true&language_code=hi";
    let mut client = Client::open(&server, "hi_female/multi-stream-input", query).await;
    let turn = "7f0c6a2e-1111-4222-8333-944445555666";
    client
        .send(json!({"text": " ", "context_id": turn, "voice_settings": {"stability": 0.5, "speed": 1.0}}))
        .await;
    client.send(json!({"text": "मैं यहाँ हूँ। ", "context_id": turn})).await;
    client.send(json!({"text": "", "context_id": turn})).await;
    client.send(json!({"text": ""})).await;
    client.send(json!({"text": "तुम कहाँ हो? ", "context_id": turn})).await;
    client.send(json!({"context_id": turn, "flush": true})).await;
    let (mut heard, mut cumulative_ms, mut words) = (0, 0, String::new());
    while words.split_whitespace().count() < 6 {
        let message = client.next().await.unwrap();
        assert_eq!(message["contextId"], turn);
        heard += audio(&message).len();
        if let Some(starts) = message["alignment"]["charStartTimesMs"].as_array() {
            let durations = message["alignment"]["charDurationsMs"].as_array().unwrap();
            cumulative_ms +=
                starts.last().unwrap().as_u64().unwrap() + durations.last().unwrap().as_u64().unwrap();
            words += &characters(&[message]);
        }
    }
    assert!(heard % (4 * FRAME_BYTES) == 0 && cumulative_ms.abs_diff(heard as u64 / 48) < 10);
    client.send(json!({"context_id": turn, "close_context": true})).await;
    assert_eq!(client.next().await.unwrap()["isFinal"], true);
    client.send(json!({"close_socket": true})).await;
    assert_eq!(client.rest().await, (Vec::new(), 1000));
}

/// Telephony: µ-law at 8 kHz, as Twilio plays it.
#[tokio::test]
async fn twilio_through_elevenlabs() {
    let server = Server::start(Script::frames(3)).await;
    let path = "/v1/text-to-speech/hi_female/with-timestamps?output_format=ulaw_8000";
    let (_, body) = status_and_json(server.request(path, &json!({"text": "a"})).send().await.unwrap()).await;
    let bytes = BASE64.decode(body["audio_base64"].as_str().unwrap()).unwrap().len();
    assert_eq!(bytes, 3 * 2048 / 3);
}

/// Raw samples at the requested rate.
#[tokio::test]
async fn vapi() {
    let server = Server::start(Script::frames(3)).await;
    let ask = async |rate: u32, kind: &str| {
        let body = json!({"message": {
            "timestamp": 1_700_000_000_000_u64, "type": kind, "text": "नमस्ते", "sampleRate": rate, "call": {}, "assistant": {},
        }});
        server.request("/v1/vapi/hi_female", &body).header("x-vapi-secret", "none").send().await.unwrap()
    };
    for (rate, bytes) in [(24_000, 3 * FRAME_BYTES), (8_000, FRAME_BYTES), (16_000, 2 * FRAME_BYTES)] {
        assert_eq!(ask(rate, "voice-request").await.bytes().await.unwrap().len(), bytes);
    }
    for (rate, kind, word) in [(123, "voice-request", "sampleRate"), (8_000, "status-update", "type")] {
        let (status, body) = status_and_json(ask(rate, kind).await).await;
        assert!(status == 400 && body["detail"].as_str().unwrap().contains(word), "{body}");
    }
}

/// A request from Vapi joins the trace in its headers, like all others.
#[tokio::test]
async fn vapi_keeps_the_trace() {
    let server = Server::start(Script::frames(3)).await;
    let body = json!({"message": {"type": "voice-request", "text": "a", "sampleRate": 24_000}});
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = server.request("/v1/vapi/hi_female", &body).header("traceparent", parent);
    assert_eq!(request.header("tracestate", "a=b").send().await.unwrap().status(), 200);
    let headers = &server.engine.headers()[0];
    let trace = |header: &str| headers.get(header).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(trace("traceparent").as_deref(), Some(parent));
    assert_eq!(trace("tracestate").as_deref(), Some("a=b"));
}
