use serde_json::{Value, json};
use svara_config::DecoderBackend;
use svara_service::callers::KeyEntry;
use svara_snac::Backend;
use svara_testkit::fake_vllm::Script;

use crate::harness::{Server, status_and_json};

#[tokio::test]
async fn health_keeps_the_old_fields() {
    let server = Server::start(Script::frames(1)).await;
    let (status, body) =
        status_and_json(server.client.get(server.url("/health")).send().await.unwrap()).await;
    assert_eq!(status, 200);
    assert_eq!((&body["status"], &body["model"]), (&json!("healthy"), &json!("kenpath/svara-tts-v1")));
    assert_eq!(body["vllm_url"], server.engine.base_url());
    assert_eq!(
        (&body["engine"], &body["device"], &body["voices"]),
        (&json!("vllm"), &json!("cpu"), &json!(38))
    );
}

#[tokio::test]
async fn health_says_what_runs_the_decoder() {
    for (backend, kind, expected) in [
        (Backend::Auto, DecoderBackend::Onnx, "native"),
        (Backend::Onnx, DecoderBackend::Onnx, "onnx"),
        (Backend::Auto, DecoderBackend::Null, "null"),
    ] {
        let server = Server::with(Script::frames(1), |config| {
            (config.decoder.backend, config.decoder.kind) = (backend, kind);
        })
        .await;
        let (_, body) = status_and_json(server.client.get(server.url("/health")).send().await.unwrap()).await;
        assert_eq!(body["decoder"], expected);
    }
}

#[tokio::test]
async fn health_shows_no_password_of_the_engine() {
    let server = Server::with(Script::frames(1), |config| {
        config.engine.base_url = config.engine.base_url.replace("://", "://me:hush@");
    })
    .await;
    let (_, body) = status_and_json(server.client.get(server.url("/health")).send().await.unwrap()).await;
    assert_eq!(body["vllm_url"], server.engine.base_url().replace("://", "://me:***@"));
    assert_eq!(body["status"], "healthy");
}

#[tokio::test]
async fn health_gives_the_reason_of_an_unreachable_engine() {
    let server = Server::with(Script::frames(1), |config| {
        config.engine.base_url = "http://127.0.0.1:9/v1".to_owned();
    })
    .await;
    let (status, body) =
        status_and_json(server.client.get(server.url("/health")).send().await.unwrap()).await;
    assert_eq!((status, &body["status"]), (503, &json!("unhealthy")));
    assert!(body["reason"].as_str().unwrap().contains("can't be reached"), "{body}");
}

/// For load tests: everything but the audio is real, and the server says clearly that it is silent.
#[tokio::test]
async fn a_null_decoder_gives_silence_and_says_so() {
    let server = Server::with(Script::frames(5), |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.decoder.library = "/nowhere.so".into();
        config.decoder.model = "/nowhere.onnx".into();
    })
    .await;
    let health: Value = server.client.get(server.url("/health")).send().await.unwrap().json().await.unwrap();
    assert!(health["notice"].as_str().unwrap().contains("null decoder"), "{health}");
    let response = server.speak(json!({})).await;
    assert_eq!(response.status(), 200);
    assert_eq!(&response.bytes().await.unwrap()[..], &[0; 5 * 2048 * 2]);
}

#[tokio::test]
async fn voices_are_listed_as_before() {
    let server = Server::start(Script::frames(1)).await;
    let list = async |query: &str| -> Vec<Value> {
        let url = server.url(&format!("/v1/voices{query}"));
        let body: Value = server.client.get(url).send().await.unwrap().json().await.unwrap();
        body["voices"].as_array().unwrap().clone()
    };
    let voices = list("").await;
    assert_eq!(voices.len(), 38);
    let expected = json!({
        "voice_id": "en_male",
        "name": "English (Indian) (Male)",
        "model_id": "svara-tts-v1",
        "gender": "male",
        "languages": ["en"],
        "language_code": "en",
        "aliases": ["cedar", "fable"],
        "description": "English (Indian) voice with male characteristics",
    });
    let listed = voices.iter().find(|voice| voice["voice_id"] == "en_male").unwrap();
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&listed[field], value, "{field}");
    }
    assert_eq!(list("?model_id=svara-tts-v1").await.len(), 38);
    assert_eq!(list("?model_id=other").await.len(), 0);
}

#[tokio::test]
async fn request_ids_go_through() {
    let server = Server::start(Script::frames(1)).await;
    let health = server.client.get(server.url("/health"));
    let response = health.try_clone().unwrap().header("x-request-id", "call-7").send().await.unwrap();
    assert_eq!(response.headers()["x-request-id"], "call-7");
    let long = "x".repeat(500);
    for given in ["", "two words", long.as_str()] {
        let response = health.try_clone().unwrap().header("x-request-id", given).send().await.unwrap();
        let id = response.headers()["x-request-id"].to_str().unwrap();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{given:.10} became {id}");
    }
}

#[tokio::test]
async fn unknown_routes_and_methods_are_errors() {
    let server = Server::start(Script::frames(1)).await;
    let (status, _) =
        status_and_json(server.client.get(server.url("/v2/nothing")).send().await.unwrap()).await;
    assert_eq!(status, 404);
    let (status, _) =
        status_and_json(server.client.get(server.url("/v1/text-to-speech")).send().await.unwrap()).await;
    assert_eq!(status, 405);
}

/// A monitor asks each second: that must not use up its key's requests.
#[tokio::test]
async fn health_charges_no_request() {
    let key = "sk-svara-test-of-a-monitor";
    let server = Server::with(Script::frames(2), |config| {
        let entry = KeyEntry { requests_per_minute: Some(10), ..KeyEntry::unbounded("monitor", key) };
        config.server.keys = vec![entry];
    })
    .await;
    for _ in 0..20 {
        let answer = server.client.get(server.url("/health")).bearer_auth(key).send().await.unwrap();
        let (_, health) = status_and_json(answer).await;
        assert_eq!(health["vllm_url"], server.engine.base_url());
    }
    let speech = json!({"text": "नमस्ते", "voice": "hi_female"});
    for _ in 0..10 {
        let answer = server.request("/v1/text-to-speech", &speech).bearer_auth(key).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}
