//! What is spent is charged to whoever spends it, wherever that is.

use serde_json::{Value, json};
use svara_config::{Config, Seconds};
use svara_service::callers::KeyEntry;
use svara_testkit::{
    eventually,
    fake_vllm::{End, Script},
};

use crate::{
    cloning::{base64, wav},
    harness::{Server, status_and_json},
    sockets::Client,
};

const KEY: &str = "sk-svara-test-of-the-meter";

fn keyed(change: impl FnOnce(&mut KeyEntry)) -> impl FnOnce(&mut Config) {
    let mut key = KeyEntry::unbounded("test", KEY);
    change(&mut key);
    |config| config.server.keys = vec![key]
}

async fn send(server: &Server, path: &str, body: &Value) -> (u16, String) {
    let answer = server.request(path, body).bearer_auth(KEY).send().await.unwrap();
    let (status, bytes) = (answer.status().as_u16(), answer.bytes().await.unwrap());
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    (status, body["error"]["type"].as_str().unwrap_or_default().to_owned())
}

fn speech(text: &str) -> Value {
    json!({"text": text, "voice": "hi_female", "response_format": "pcm", "seed": 1})
}

fn exceeded() -> (u16, String) {
    (429, "quota_exceeded".to_owned())
}

#[tokio::test]
async fn cached_audio_is_charged() {
    let server = Server::with(Script::frames(2), |config| {
        keyed(|key| key.characters_per_day = Some(20))(config);
        config.cache.memory_bytes = 10_000_000;
    })
    .await;
    for _ in 0..2 {
        assert_eq!(send(&server, "/v1/text-to-speech", &speech("12345678")).await.0, 200);
    }
    assert_eq!(send(&server, "/v1/text-to-speech", &speech("12345678")).await, exceeded());
    assert_eq!(
        send(&server, "/v1/text-to-speech", &speech("1234")).await.0,
        200,
        "refused charges are given back"
    );
    assert_eq!(server.engine.requests().len(), 2);
}

/// Who joins a generation pays for it, and it is one of the key's streams.
#[tokio::test]
async fn joined_audio_is_charged() {
    let script = Script { end: End::Hang, ..Script::frames(4) };
    let server = Server::with(script, |config| {
        keyed(|key| {
            key.characters_per_day = Some(20);
            key.concurrent_streams = Some(2);
        })(config);
        config.cache.memory_bytes = 10_000_000;
    })
    .await;
    let join = async |text: &str| {
        server.request("/v1/text-to-speech", &speech(text)).bearer_auth(KEY).send().await.unwrap()
    };
    let mut first = join("12345678").await;
    first.chunk().await.unwrap().unwrap();
    let mut second = join("12345678").await;
    assert_eq!(second.headers()["x-cache"], "join");
    second.chunk().await.unwrap().unwrap();
    let (status, error) = status_and_json(join("12345678").await).await;
    assert_eq!((status, &error["error"]["type"]), (429, &json!("too_many_concurrent_requests")));
    drop(second);
    let refused = async || {
        let (status, error) = status_and_json(join("12345678").await).await;
        assert_eq!(status, 429);
        error["error"]["type"].clone()
    };
    // The stream comes back as soon as the server sees that its client is gone; the characters are spent.
    eventually("the stream is back", async || (refused().await == "quota_exceeded").then_some(())).await;
}

/// Each second of a recording costs 15 characters, wherever a recording is sent.
#[tokio::test]
async fn recordings_are_charged() {
    let directory = tempfile::tempdir().unwrap();
    let recording = base64(&wav(1.5, 0.4));
    let with =
        |field: &str| json!({"name": "a", "text": "a", "consent": true, "voice": null, field: recording});
    for (path, field, well) in [
        ("/v1/voices", "audio", 201),
        ("/v1/voice-clone", "reference_audio", 200),
        ("/v1/text-to-speech", "reference_audio", 200),
        ("/v1/text/preview", "reference_audio", 200),
    ] {
        let server = Server::with(Script::frames(2), |config| {
            keyed(|key| key.characters_per_day = Some(40))(config);
            config.voices.store = directory.path().display().to_string();
        })
        .await;
        let silent = json!({"name": "a", "text": "a", "consent": true, field: base64(&wav(1.5, 0.0))});
        for _ in 0..3 {
            assert_eq!(send(&server, path, &silent).await.0, 422, "{path}: what is refused costs nothing");
        }
        assert_eq!(send(&server, path, &with(field)).await.0, well, "{path}");
        assert_eq!(send(&server, path, &with(field)).await, exceeded(), "{path}");
    }
}

#[tokio::test]
async fn seconds_of_sound_are_bounded() {
    let server = Server::with(Script::frames(20), keyed(|key| key.audio_seconds_per_day = Some(3))).await;
    // 1.7 s each.
    for _ in 0..2 {
        assert_eq!(send(&server, "/v1/text-to-speech", &speech("1")).await.0, 200);
    }
    let openai = json!({"input": "a", "voice": "hi_female"});
    let answer = server.request("/v1/audio/speech", &openai).bearer_auth(KEY).send().await.unwrap();
    let (status, error) = status_and_json(answer).await;
    assert_eq!((status, &error["error"]["code"]), (429, &json!("quota_exceeded")));
    assert!(error["error"]["message"].as_str().unwrap().contains("3 seconds of sound"), "{error}");
    assert_eq!(send(&server, "/v1/text-to-speech", &speech("1")).await, exceeded());
}

/// However many sockets a key has, what they speak at once are its streams.
#[tokio::test]
async fn speeches_of_sockets_are_streams() {
    let script = Script { end: End::Hang, ..Script::frames(4) };
    let server = Server::with(script, |config| {
        keyed(|key| key.concurrent_streams = Some(2))(config);
        // The first speeches go on, however slow the others are to come.
        config.engine.inactivity_seconds = Seconds::new(600);
    })
    .await;
    let mut sockets = Vec::new();
    for _ in 0..4 {
        let mut socket = Client::open(&server, "hi_female/stream-input", &format!("&xi_api_key={KEY}")).await;
        socket.send(json!({"text": "a ", "flush": true})).await;
        sockets.push((socket.next().await.unwrap(), socket));
    }
    let spoken = sockets.iter().filter(|(first, _)| first["audio"].is_string()).count();
    assert_eq!(spoken, 2, "{:?}", sockets[2].0);
    assert!(sockets[2].0.to_string().contains("too_many_concurrent_requests"), "{:?}", sockets[2].0);
}
