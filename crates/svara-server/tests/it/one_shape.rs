//! On a path that ElevenLabs' clients share with others, all errors have one shape for a client, whichever part of the server
//! refuses.

use reqwest::Method;
use serde_json::{Value, json};
use svara_config::DecoderBackend;
use svara_testkit::fake_vllm::Script;

use crate::harness::{Server, status_and_json};

#[tokio::test]
async fn an_elevenlabs_client_reads_its_own_errors_on_shared_paths() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().display().to_string();
    let server = Server::with(Script::frames(1), |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.jobs.store = store;
    })
    .await;
    let vapi = json!({"message": {"type": "voice-request", "text": "", "sampleRate": 24000}});
    for (method, path, body, status) in [
        (Method::GET, "/v1/voices?model_id=a&model_id=b", Value::Null, 422),
        (Method::GET, "/v1/voices/nope/preview", Value::Null, 404),
        (Method::POST, "/v1/voices", json!({"name": "a"}), 422),
        (Method::POST, "/v1/voice-clone", json!({}), 422),
        (Method::POST, "/v1/jobs", json!({"text": "a", "voice": "nobody"}), 404),
        (Method::GET, "/v1/jobs/nope", Value::Null, 404),
        (Method::DELETE, "/v1/jobs/nope", Value::Null, 404),
        (Method::POST, "/v1/vapi/hi_female", vapi, 422),
        (Method::POST, "/v1/text-to-speech", json!({"text": "a", "voice": "hi_female", "speed": 9}), 422),
        (Method::POST, "/v1/text/preview", json!({"text": "", "voice": "hi_female", "sped": 1}), 422),
        (Method::GET, "/v1/models/nope", Value::Null, 404),
    ] {
        let ask = async |key: Option<&str>| {
            let request = server.client.request(method.clone(), server.url(path));
            let request = if body.is_null() { request } else { request.json(&body) };
            let request = key.iter().fold(request, |request, key| request.header("xi-api-key", *key));
            let answer = request.send().await.unwrap();
            let told = answer.headers().get("x-ignored-fields").cloned();
            (status_and_json(answer).await, told)
        };
        let ((got, answer), told) = ask(Some("key")).await;
        assert_eq!(got, status, "{method} {path}: {answer}");
        let fault = if status == 422 { &answer["detail"][0]["loc"] } else { &answer["detail"]["status"] };
        assert!(!fault.is_null() && answer.get("error").is_none(), "{method} {path}: {answer}");
        let ((got, answer), plainly) = ask(None).await;
        assert_eq!(got, status, "{method} {path}: {answer}");
        assert!(answer["error"]["type"].is_string(), "{method} {path}: {answer}");
        assert_eq!(told, plainly, "{method} {path}: the head is the same");
    }
}
