//! Fields that have several names, or that say nothing.

use serde_json::{Value, json};
use svara_testkit::fake_vllm::Script;

use crate::harness::{Server, status_and_json};

#[tokio::test]
async fn a_language_that_is_not_spoken_is_named_by_its_own_field() {
    let server = Server::start(Script::frames(1)).await;
    let ask = async |path: &str, body: Value| {
        status_and_json(server.request(path, &body).send().await.unwrap()).await
    };
    let beside = json!({"text": "a", "voice": "hi_male", "language": "fr"});
    let response = server.request("/v1/text-to-speech", &beside).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["x-ignored-fields"]),
        (200, &"language".parse().unwrap())
    );
    for field in ["language", "language_code", "lang"] {
        let (status, body) =
            ask("/v1/audio/speech", json!({"input": "a", "voice": "alloy", field: "fr"})).await;
        assert_eq!((status, &body["error"]["param"]), (400, &json!(field)), "{body}");
    }
}

#[tokio::test]
async fn null_beside_another_name_of_a_field_counts_as_absent() {
    let server = Server::start(Script::frames(1)).await;
    for more in [
        json!({"voice": null, "speaker": "alloy"}),
        json!({"voice": "alloy", "language": null, "language_code": "ta"}),
        json!({"voice": "alloy", "text_normalization": null, "normalize": false}),
    ] {
        let mut body = json!({"input": "a", "model": "tts-1"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let response = server.request("/v1/audio/speech", &body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{body}");
    }
}

#[tokio::test]
async fn effects_are_refused_unless_there_are_none() {
    let server = Server::start(Script::frames(1)).await;
    for (effects, status) in [
        (json!(null), 200),
        (json!([]), 200),
        (json!({}), 200),
        (json!(""), 200),
        (json!([{"type": "reverb"}]), 400),
        (json!("reverb"), 400),
    ] {
        let body = json!({"text": "a", "audio_effects": effects});
        let response = server.request("/v1/text-to-speech/hi_male", &body).send().await.unwrap();
        assert_eq!(response.status(), status, "{effects}");
    }
}

#[tokio::test]
async fn a_text_with_nothing_to_say_ends_as_others_do() {
    let server = Server::start(Script::frames(1)).await;
    let (_, answer) = server.speak_json(json!({"text": "...", "stream": false, "timestamps": "word"})).await;
    assert_eq!(answer["finish_reason"], "stop", "{answer}");
}
