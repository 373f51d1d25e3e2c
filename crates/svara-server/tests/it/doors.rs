//! Keys at the doors: where they may stand, how long a socket waits for one, and what ends with one.

use std::time::Instant;

use serde_json::json;
use svara_config::{Config, DecoderBackend};
use svara_service::callers::{KeyEntry, KeyHash};
use svara_testkit::fake_vllm::Script;

use crate::{
    harness::{Program, Server},
    program::program,
    raw::exchange,
    sockets::Client,
};

const KEY: &str = "sk-svara-test-0123456789";

fn keyed(config: &mut Config) {
    config.decoder.kind = DecoderBackend::Null;
    config.server.keys = vec![KeyEntry::unbounded("test", KEY)];
}

#[test]
fn a_key_that_can_be_guessed_is_refused() {
    for key in ["a", "1234567890123456789"] {
        let mut config = Config::default();
        config.server.api_key = svara_config::Secret::new(key);
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains("SVARA_API_KEY") && error.contains("20") && !error.contains("123"), "{error}");
    }
    let mut config = Config::default();
    config.server.api_key = svara_config::Secret::new("12345678901234567890");
    config.check().unwrap();
}

/// Queries end up in logs and histories: only a browser's WebSocket has no other place.
#[tokio::test]
async fn a_query_is_no_place_for_a_key() {
    let server = Server::with(Script::frames(1), keyed).await;
    let query = format!("?xi_api_key={KEY}");
    let body = r#"{"text":"a","voice":"hi_female","response_format":"pcm"}"#;
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                   sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (method, path) in [
        ("POST", "/v1/text-to-speech"),
        ("GET", "/v1/jobs"),
        ("GET", "/debug/timing"),
        ("DELETE", "/v1/voices/x"),
    ] {
        for headers in ["", "upgrade: x\r\nconnection: upgrade\r\n", upgrade] {
            let request = format!(
                "{method} {path}{query} HTTP/1.1\r\nhost: localhost\r\n{headers}content-type: application/json\r\n\
                 content-length: {}\r\n\r\n{body}",
                body.len()
            );
            let request = request.replace("connection: upgrade", "connection: upgrade, close");
            let request = if headers.is_empty() {
                request.replace("\r\nhost", "\r\nconnection: close\r\nhost")
            } else {
                request
            };
            let answer = exchange(server.address, request.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 401"), "{method} {path} {headers:?}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_socket_waits_five_seconds_for_its_key() {
    let server = Server::with(Script::frames(1), keyed).await;
    let voices = ["hi_female", "nobody"];
    futures::future::join_all(voices.map(async |voice| {
        let start = Instant::now();
        let mut client =
            Client::open(&server, &format!("{voice}/stream-input"), "&inactivity_timeout=180").await;
        let (messages, code) = client.rest().await;
        assert_eq!((code, &messages[0]["error"]), (1008, &json!("missing_api_key")), "{voice}: {messages:?}");
        let waited = start.elapsed();
        // Far less than the 180 s that the client asks for.
        assert!((4..60).contains(&waited.as_secs()), "{waited:?}");
    }))
    .await;
    for voice in voices {
        // Which voices there are is told to holders of keys only.
        let mut client = Client::open(&server, &format!("{voice}/stream-input"), "").await;
        client.send(json!({"text": "a", "xi_api_key": "wrong"})).await;
        let (messages, code) = client.rest().await;
        assert_eq!((code, &messages[0]["error"]), (1008, &json!("invalid_api_key")), "{voice}: {messages:?}");
    }
    let mut client = Client::open(&server, "nobody/stream-input", "").await;
    client.send(json!({"text": "a", "xi_api_key": KEY})).await;
    assert_eq!(client.rest().await.0[0]["error"], json!("unknown_voice"));
}

#[tokio::test]
async fn a_key_that_is_taken_away_ends_its_sockets() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keys.toml");
    let entry = |name: &str, key: &str| {
        format!("[[keys]]\nname = \"{name}\"\nsha256 = \"{}\"\n", KeyHash::of(key).hex())
    };
    std::fs::write(&file, entry("bob", KEY) + &entry("alice", "sk-svara-test-alice-0123")).unwrap();
    let engine = svara_testkit::fake_vllm::FakeVllm::start(Script::frames(2)).await;
    let mut config = crate::harness::config();
    config.engine.base_url = engine.base_url();
    config.decoder.kind = DecoderBackend::Null;
    config.server.keys_file = file.clone();
    config.server.port = 0;
    let path = directory.path().join("server.toml");
    std::fs::write(&path, toml::to_string(&config).unwrap()).unwrap();
    let running = Program::start_as(program(&path)).await;
    let route = format!("ws://{}/v1/text-to-speech/hi_female/stream-input?xi_api_key={KEY}", running.address);
    let mut client = Client::at(&route).await;
    client.send(json!({"text": "a ", "flush": true})).await;
    assert!(client.next().await.unwrap()["audio"].is_string());
    std::fs::write(&file, entry("alice", "sk-svara-test-alice-0123")).unwrap();
    running.signal("HUP").await;
    let http = crate::harness::client();
    svara_testkit::eventually("the key is unknown", async || {
        let jobs = http.get(format!("{}/v1/jobs", running.root)).bearer_auth(KEY).send().await.unwrap();
        (jobs.status() == 401).then_some(())
    })
    .await;
    client.send(json!({"text": "b ", "flush": true})).await;
    assert_eq!(client.rest().await.1, 1008);
}

#[tokio::test]
async fn answers_are_not_guessed_at_and_not_stored() {
    let server = Server::with(Script::frames(1), |config| config.decoder.kind = DecoderBackend::Null).await;
    for path in [
        "/health",
        "/v1/voices",
        "/v1/jobs",
        "/metrics",
        "/nothing",
        "/v1/voices/nobody",
        "/",
        "/openapi.json",
    ] {
        let answer = server.client.get(server.url(path)).send().await.unwrap();
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{path}");
        assert!(answer.headers().contains_key("cache-control"), "{path}");
    }
    for path in ["/v1/jobs", "/v1/voices", "/nothing"] {
        let answer = server.client.get(server.url(path)).send().await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
    }
    let speech = server.speak(json!({})).await;
    assert!(!speech.headers().contains_key("strict-transport-security"), "there is no TLS");
    assert_eq!(speech.headers()["x-content-type-options"], "nosniff");
}
