//! Parameters of addresses that nothing reads are named on every route, whatever its method.

use reqwest::Method;
use serde_json::Value;
use svara_config::{Config, DecoderBackend};
use svara_testkit::fake_vllm::Script;
use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest};

use crate::{
    harness::Server,
    openapi::{document, operations},
};

const IGNORED: &str = "x-ignored-fields";

fn stored(directory: &tempfile::TempDir) -> impl FnOnce(&mut Config) {
    let url = format!("file://{}", directory.path().display());
    move |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.voices.store.clone_from(&url);
        config.jobs.store = url;
    }
}

/// A body with which a route gets as far as to know its fields; refusals of later steps name parameters, too.
fn body_of(path: &str) -> Value {
    let voice = serde_json::json!({"voice": "hi_female"});
    let text = if path.ends_with("audio/speech") { "input" } else { "text" };
    let mut body = serde_json::json!({text: "a", "name": "a", "rules": [], "rule_strings": []});
    if path == "/v1/vapi/{voice}" {
        return serde_json::json!({"message": {"type": "voice-request", "text": "a", "sampleRate": 16000}});
    }
    if !path.contains("{voice_id}") {
        body.as_object_mut().unwrap().extend(voice.as_object().unwrap().clone());
    }
    body
}

#[tokio::test]
async fn every_documented_operation_names_a_parameter_that_it_does_not_have() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(1), stored(&directory)).await;
    let document = document(&server).await;
    let mut seen = 0;
    for (method, path, operation) in operations(&document) {
        let is_page = operation["tags"][0] == "pages";
        let is_socket = operation["responses"].get("101").is_some();
        // Readers of multipart bodies are told before their bodies are read.
        if is_page || is_socket {
            continue;
        }
        let voice = path.contains("{voice") || path == "/v1/voices/{id}" && method == Method::GET;
        let filled = path.replace("{voice_id}", "hi_female").replace("{voice}", "hi_female");
        let filled = if voice { filled.replace("{id}", "hi_female") } else { filled.replace(['{', '}'], "") };
        let ask = |strict: bool| {
            let request = server.client.request(method.clone(), server.url(&format!("{filled}?zz=1")));
            let request = if method == Method::GET { request } else { request.json(&body_of(path)) };
            if strict { request.header("prefer", "handling=strict") } else { request }
        };
        let refused = ask(true).send().await.unwrap();
        let status = refused.status().as_u16();
        let said = refused.text().await.unwrap();
        assert!(
            status == 400 && said.contains("no effect here") && said.contains("zz"),
            "{method} {path}: {status} {said}"
        );
        let answer = ask(false).send().await.unwrap();
        let (status, told) = (answer.status(), answer.headers().get_all(IGNORED).iter().collect::<Vec<_>>());
        let told: Vec<&str> = told.iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(told.len(), 1, "{method} {path}: {status} {told:?}");
        assert_eq!(told[0].matches("zz").count(), 1, "{method} {path}: {told:?}");
        seen += 1;
    }
    assert!(seen > 35, "{seen}");
}

#[tokio::test]
async fn every_socket_names_a_parameter_that_it_does_not_have() {
    let server = Server::start(Script::frames(1)).await;
    for (path, query, named) in [
        ("/v1/audio/speech/stream", "voice=x&zz=1", "voice, zz"),
        ("/v1/audio/speech/stream-input", "voice=hi_female&zz=1", "zz"),
        ("/v1/text-to-speech/hi_female/stream-input", "zz=1", "zz"),
        ("/v1/text-to-speech/hi_female/multi-stream-input", "zz=1", "zz"),
        ("/v1/text-to-speech/hi_female/stream-input", "language_code=zzz", "language_code"),
        ("/v1/text-to-speech/hi_female/multi-stream-input", "language_code=zzz&zz=1", "language_code, zz"),
        ("/v1/text-to-speech/hi_female/stream-input", "language_code=hi&model_id=x&auto_mode=true", ""),
    ] {
        let url = format!("ws://{}{path}?{query}", server.address);
        let (_, answer) = connect_async(&url).await.unwrap();
        let told = answer.headers().get(IGNORED).map_or("", |value| value.to_str().unwrap());
        assert_eq!(told, named, "{path}?{query}");
    }
    for path in [
        "/v1/audio/speech/stream?zz=1",
        "/v1/audio/speech/stream-input?voice=hi_female&presence_penalty=1",
        "/v1/text-to-speech/hi_female/stream-input?zz=1",
        "/v1/text-to-speech/hi_female/multi-stream-input?language_code=zzz",
    ] {
        let url = format!("ws://{}{path}", server.address);
        let mut strict = url.into_client_request().unwrap();
        strict.headers_mut().insert("prefer", "handling=strict".parse().unwrap());
        assert!(connect_async(strict).await.unwrap_err().to_string().contains("400"), "{path}");
    }
}

#[tokio::test]
async fn a_route_of_a_socket_asks_for_one() {
    let server = Server::start(Script::frames(1)).await;
    for path in [
        "/v1/audio/speech/stream",
        "/v1/audio/speech/stream-input",
        "/v1/text-to-speech/hi_female/stream-input",
        "/v1/text-to-speech/hi_female/multi-stream-input",
    ] {
        let answer = server.client.get(server.url(path)).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["upgrade"]),
            (426, &"websocket".parse().unwrap()),
            "{path}"
        );
        let said = answer.text().await.unwrap();
        assert!(said.contains("this route is a WebSocket"), "{path}: {said}");
    }
}

#[tokio::test]
async fn the_document_has_the_parameters_of_sockets() {
    let server = Server::start(Script::frames(1)).await;
    let document = document(&server).await;
    for route in ["stream-input", "multi-stream-input"] {
        let operation = &document["paths"][format!("/v1/text-to-speech/{{voice_id}}/{route}")]["get"];
        let names: Vec<&str> = operation["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        for name in [
            "output_format",
            "inactivity_timeout",
            "auto_mode",
            "language_code",
            "apply_text_normalization",
            "strip_markdown",
            "strip_emoji",
            "seed",
        ] {
            assert!(names.contains(&name), "{route}: {names:?}");
        }
        assert!(operation["responses"]["404"].is_null(), "an unknown voice is told over the socket");
        for status in ["421", "426", "431"] {
            assert!(operation["responses"][status].is_object(), "{route}: {status}");
        }
    }
}
