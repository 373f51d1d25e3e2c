//! Bad input gets a status and a message that names the field and what is allowed.

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use svara_testkit::fake_vllm::Script;

use crate::harness::{Server, status_and_json};

#[tokio::test]
async fn each_field_out_of_range_is_named() {
    let server = Server::with(Script::frames(1), |config| config.limits.text_characters = 50).await;
    for (fields, status, words) in [
        (json!({"text": null}), 422, "text is required"),
        (json!({"text": ""}), 422, "text must not be empty"),
        (json!({"text": " \n"}), 422, "text must not be empty"),
        (json!({"text": "न".repeat(51)}), 422, "text has 51 characters, at most 50"),
        (json!({"text": 5}), 422, "text must be a string"),
        (json!({"voice": null}), 400, "voice"),
        (json!({"voice": "hindi_woman"}), 404, "unknown voice"),
        (json!({"voice": "hi_femal"}), 404, "did you mean hi_female"),
        (json!({"model_id": "svara-tts-v9"}), 404, "svara-tts-v1"),
        (json!({"response_format": "ogg3"}), 400, "supported"),
        (json!({"temperature": 2.1}), 422, "temperature must be from 0 to 2"),
        (json!({"top_p": 0}), 422, "top_p must be greater than 0"),
        (json!({"top_k": -2}), 422, "top_k must be"),
        (json!({"repetition_penalty": 0.5}), 422, "repetition_penalty must be from 1 to 2"),
        (json!({"max_tokens": 6}), 422, "max_tokens must be from 7 to 4096"),
        (json!({"max_tokens": 4097}), 422, "max_tokens must be from 7 to 4096"),
        (json!({"max_tokens": -1}), 422, "max_tokens must be a whole number from 7 to 4096"),
        (json!({"stream": "perhaps"}), 422, "stream must be true or false"),
        (json!({"seed": -1}), 422, "seed must be a whole number"),
        (json!({"reference_audio": "UklGRg=="}), 422, "reference_audio"),
    ] {
        let (got, body) = server.speak_json(fields.clone()).await;
        let message = body["detail"].as_str().unwrap();
        assert!(got == status && message.contains(words), "{fields}: {got} {message}");
        assert_eq!(body["error"]["origin"], "client");
    }
    assert_eq!(server.engine.requests(), Vec::<Value>::new(), "nothing wrong reaches the engine");
    server.quiet().await;
}

#[tokio::test]
async fn bodies_that_are_no_requests_are_refused() {
    let server = Server::with(Script::frames(1), |config| config.limits.body_bytes = 1000).await;
    for path in ["/v1/text-to-speech", "/v1/audio/speech"] {
        for (content_type, body, status) in [
            ("application/json", "{".to_owned(), 400),
            ("application/json", "[]".to_owned(), 400),
            ("application/json", String::new(), 400),
            ("application/json", "\"text\"".to_owned(), 400),
            ("application/json", format!("{{\"text\":\"{}\"}}", "a".repeat(2000)), 413),
            ("text/plain", "hello".to_owned(), 415),
            ("", "hello".to_owned(), 415),
            ("multipart/form-data", "hello".to_owned(), if path == "/v1/audio/speech" { 415 } else { 400 }),
        ] {
            let mut request = server.client.post(server.url(path)).body(body.clone());
            if !content_type.is_empty() {
                request = request.header(CONTENT_TYPE, content_type);
            }
            let (got, answer) = status_and_json(request.send().await.unwrap()).await;
            assert_eq!(got, status, "{path} {content_type} {body:.40}: {answer}");
        }
    }
}

#[tokio::test]
async fn multipart_fields_are_checked_too() {
    let server = Server::with(Script::frames(1), |config| config.limits.body_bytes = 4000).await;
    for (name, value, status) in [
        ("top_k", "many".to_owned(), 422),
        ("stream", "perhaps".to_owned(), 422),
        ("max_tokens", "5000".to_owned(), 422),
        ("response_format", "xyz".to_owned(), 400),
        ("text", "a".repeat(5000), 413),
    ] {
        let form =
            reqwest::multipart::Form::new().text("voice", "hi_male").text("text", "a").text(name, value);
        let request = server.client.post(server.url("/v1/text-to-speech")).multipart(form);
        let (got, body) = status_and_json(request.send().await.unwrap()).await;
        assert!(got == status, "{name}: {got} {body}");
        if status != 413 {
            assert_eq!(body["error"]["field"], name);
        }
    }
}

#[tokio::test]
async fn openai_errors_have_openais_shape() {
    let server = Server::start(Script::frames(1)).await;
    for (body, status, param) in [
        (json!({"voice": "hi_male"}), 400, json!("input")),
        (json!({"voice": "hi_male", "input": ""}), 400, json!("input")),
        (json!({"input": "a"}), 400, json!("voice")),
        (json!({"input": "a", "voice": "nobody"}), 404, json!("voice")),
        (json!({"input": "a", "voice": "hi_male", "response_format": "xyz"}), 400, json!("response_format")),
        (json!({"input": "a", "voice": "hi_male", "speed": 5}), 400, json!("speed")),
        (json!({"input": "a", "voice": "hi_male", "stream_format": "xyz"}), 400, json!("stream_format")),
    ] {
        let (got, answer) =
            status_and_json(server.request("/v1/audio/speech", &body).send().await.unwrap()).await;
        assert_eq!((got, &answer["error"]["param"]), (status, &param), "{body}: {answer}");
        assert_eq!(answer["error"]["type"], "invalid_request_error");
        assert!(answer["error"]["message"].is_string() && answer["error"]["code"].is_string());
    }
}
