//! What is wrong with a request is said in the caller's words: the field, and what is allowed.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};
use svara_testkit::fake_vllm::Script;

use crate::harness::{Server, status_and_json};

/// The message of a refusal in any dialect.
pub fn message(body: &Value) -> String {
    let places =
        [&body["detail"][0]["msg"], &body["detail"]["message"], &body["error"]["message"], &body["detail"]];
    let message = places.into_iter().find_map(Value::as_str).map(str::to_owned);
    message.unwrap_or_else(|| panic!("no message in {body}"))
}

/// Words of the parser that mean nothing to a caller.
fn check_plain(message: &str) {
    for word in [
        "invalid type",
        "invalid value",
        "expected",
        "f32",
        "u32",
        "u64",
        "i32",
        "struct ",
        "variant",
        "at line",
        "EOF",
        "digit found",
    ] {
        assert!(!message.contains(word), "{message}");
    }
}

#[tokio::test]
async fn a_wrong_type_is_answered_with_what_is_allowed() {
    let server = Server::start(Script::frames(1)).await;
    let speech = |fields: Value| {
        let mut body = json!({"text": "a", "input": "a", "voice": "hi_female"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        body
    };
    for path in ["/v1/text-to-speech", "/v1/audio/speech", "/v1/jobs", "/v1/text/preview"] {
        for (fields, words) in [
            (json!({"speed": "fast"}), "speed must be a number from 0.25 to 4"),
            (json!({"speed": true}), "speed must be a number from 0.25 to 4"),
            (json!({"speed": []}), "speed must be a number from 0.25 to 4"),
            (json!({"temperature": "warm"}), "temperature must be a number from 0 to 2"),
            (json!({"top_p": {}}), "top_p must be a number above 0, at most 1"),
            (json!({"repetition_penalty": "x"}), "repetition_penalty must be a number from 1 to 2"),
            (json!({"volume": "loud"}), "volume must be a number from 0.01 to 10"),
            (json!({"gain_db": "loud"}), "gain_db must be a number from -40 to 20"),
            (json!({"top_k": 1.5}), "top_k must be a whole number, at least -1"),
            (json!({"max_tokens": -1}), "max_tokens must be a whole number from 7 to 4096"),
            (json!({"seed": -1}), "seed must be a whole number from 0 to"),
            (json!({"seed": 1.5}), "seed must be a whole number from 0 to"),
            (json!({"seed": "x"}), "seed must be a whole number from 0 to"),
            (json!({"sample_rate": "high"}), "sample_rate must be a whole number"),
            (json!({"stream": "perhaps"}), "stream must be true or false"),
            (json!({"strip_emoji": 2}), "strip_emoji must be true or false"),
            (json!({"response_format": 5}), "response_format must be one of mp3, "),
            (json!({"text_normalization": "x"}), "text_normalization must be auto, on or off"),
            (json!({"text_normalization": 7}), "text_normalization must be auto, on or off"),
            (json!({"language": 5}), "language must be a string"),
        ] {
            let (status, body) =
                status_and_json(server.request(path, &speech(fields.clone())).send().await.unwrap()).await;
            let message = message(&body);
            assert!(
                (400..500).contains(&status) && message.starts_with(words),
                "{path} {fields}: {status} {message}"
            );
            check_plain(&message);
        }
    }
    for (path, fields, words) in [
        ("/v1/text-to-speech", json!({"text": 5}), "text must be a string"),
        ("/v1/text-to-speech", json!({"voice": ["a"]}), "voice must be a string"),
        ("/v1/text-to-speech", json!({"gender": "x"}), "gender must be female or male"),
        ("/v1/text-to-speech", json!({"timestamps": "x"}), "timestamps must be word or character"),
        (
            "/v1/text-to-speech",
            json!({"voice_clone_tokens": ["a"]}),
            "voice_clone_tokens[0] must be a whole number",
        ),
        ("/v1/text-to-speech", json!({"voice_clone_tokens": 5}), "voice_clone_tokens must be a list"),
        ("/v1/text-to-speech", json!({"reference_audio": 7}), "reference_audio must be a string"),
        ("/v1/audio/speech", json!({"voice": 5}), "voice must be a voice's name, or an object with its id"),
        (
            "/v1/audio/speech",
            json!({"voice": {"name": "x"}}),
            "voice must be a voice's name, or an object with its id",
        ),
        ("/v1/audio/speech", json!({"bitrate_kbps": "x"}), "bitrate_kbps must be a whole number"),
        (
            "/v1/text-to-speech/hi_female",
            json!({"voice_settings": 5}),
            "voice_settings must be a JSON object",
        ),
        (
            "/v1/text-to-speech/hi_female",
            json!({"voice_settings": {"speed": "x"}}),
            "voice_settings.speed must be a number from 0.25 to 4",
        ),
        (
            "/v1/text-to-speech/hi_female",
            json!({"voice_settings": {"stability": true}}),
            "voice_settings.stability must be a number from 0 to 1",
        ),
        (
            "/v1/text-to-speech/hi_female",
            json!({"voice_settings": {"style": []}}),
            "voice_settings.style must be a number from 0 to 1, or the name of a style",
        ),
        ("/v1/text-to-speech/hi_female", json!({"seed": "x"}), "seed must be a whole number"),
        (
            "/v1/text-to-speech/hi_female",
            json!({"apply_text_normalization": "x"}),
            "apply_text_normalization must be auto, on or off",
        ),
        (
            "/v1/text-to-speech/hi_female",
            json!({"pronunciation_dictionary_locators": 5}),
            "pronunciation_dictionary_locators must be a list",
        ),
        ("/v1/voices", json!({"name": 5}), "name must be a string"),
        ("/v1/voices", json!({"consent": "yes"}), "consent must be true"),
        ("/v1/voice-clone", json!({"gender": 5}), "gender must be female or male"),
        ("/v1/vapi/hi_female", json!({"message": 5}), "message must be a JSON object"),
        (
            "/v1/vapi/hi_female",
            json!({"message": {"type": "voice-request", "text": "a"}}),
            "message.sampleRate is required",
        ),
        ("/v1/vapi/hi_female", json!({}), "message is required"),
    ] {
        let (status, body) =
            status_and_json(server.request(path, &speech(fields.clone())).send().await.unwrap()).await;
        let message = message(&body);
        assert!(
            (400..500).contains(&status) && message.starts_with(words),
            "{path} {fields}: {status} {message}"
        );
        check_plain(&message);
    }
    assert_eq!(server.engine.requests(), Vec::<Value>::new());
}

#[tokio::test]
async fn forms_say_what_is_allowed_as_json_does() {
    let server = Server::start(Script::frames(1)).await;
    for (name, value, words) in [
        ("speed", "fast", "speed must be a number from 0.25 to 4"),
        ("seed", "1.5", "seed must be a whole number from 0 to"),
        ("top_k", "many", "top_k must be a whole number, at least -1"),
        ("gender", "x", "gender must be female or male"),
        ("max_tokens", "-1", "max_tokens must be a whole number from 7 to 4096"),
        ("voice_clone_tokens", "x", "voice_clone_tokens must be a JSON list"),
    ] {
        let form = [("text", "a"), ("voice", "hi_male"), (name, value)];
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = server.client.post(server.url("/v1/text-to-speech")).body(encoded);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let (status, body) = status_and_json(request.send().await.unwrap()).await;
        let message = message(&body);
        assert!(status == 422 && message.starts_with(words), "{name}: {status} {message}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_object_is_named_for_what_it_is() {
    let server = Server::start(Script::frames(1)).await;
    for path in
        ["/v1/text-to-speech", "/v1/audio/speech", "/v1/text-to-speech/hi_female", "/v1/jobs", "/v1/voices"]
    {
        for (body, words) in [
            ("[]", "must be a JSON object"),
            ("[1]", "must be a JSON object"),
            ("5", "must be a JSON object"),
            ("\"x\"", "must be a JSON object"),
            ("", "the body is empty"),
            ("{", "ends too early"),
            ("{\"text\":\"a\" \"voice\":1}", "line 1, column 13"),
            ("{\"text\":\"a\"} x", "line 1, column 14"),
            ("{\"language\":\"hi\",\"language\":\"hi\"}", "language must be given once"),
        ] {
            let request =
                server.client.post(server.url(path)).header(CONTENT_TYPE, "application/json").body(body);
            let (status, answer) = status_and_json(request.send().await.unwrap()).await;
            let message = message(&answer);
            let words = if path.ends_with("hi_female") && words.starts_with("language") { "" } else { words };
            assert!(status >= 400 && message.contains(words), "{path} {body}: {status} {message}");
            check_plain(&message);
        }
    }
}

#[tokio::test]
async fn json_without_its_content_type_is_read_or_named() {
    let server = Server::start(Script::frames(1)).await;
    let body = r#" {"text":"a","input":"a","name":"a","voice":"hi_female","response_format":"wav"}"#;
    for (path, reads) in [
        ("/v1/text-to-speech", true),
        ("/v1/text/preview", true),
        ("/v1/audio/speech", false),
        ("/v1/text-to-speech/hi_female", false),
        ("/v1/jobs", false),
        ("/v1/voices", false),
        ("/v1/voice-clone", false),
    ] {
        for content_type in [Some("application/x-www-form-urlencoded"), Some("text/plain"), None] {
            let mut request = server.client.post(server.url(path)).body(body);
            if let Some(content_type) = content_type {
                request = request.header(CONTENT_TYPE, content_type);
            }
            let response = request.send().await.unwrap();
            if reads && content_type == Some("application/x-www-form-urlencoded") {
                assert_eq!(response.status(), 200, "{path}");
                continue;
            }
            let (status, answer) = status_and_json(response).await;
            let message = message(&answer);
            assert_eq!(status, 415, "{path}: {message}");
            assert!(message.contains("content-type: application/json"), "{path} {content_type:?}: {message}");
        }
    }
}

#[tokio::test]
async fn fields_of_another_dialect_are_named() {
    let server = Server::start(Script::frames(1)).await;
    for (path, fields, words) in [
        ("/v1/audio/speech", json!({"text": "a", "voice": "hi_male"}), "input is required; text belongs to"),
        (
            "/v1/text-to-speech",
            json!({"input": "a", "voice": "hi_male"}),
            "text is required; input belongs to",
        ),
        ("/v1/jobs", json!({"input": "a", "voice": "hi_male"}), "text is required; input belongs to"),
        ("/v1/text-to-speech/hi_male", json!({"input": "a"}), "text is required; input belongs to"),
    ] {
        let (_, body) = status_and_json(server.request(path, &fields).send().await.unwrap()).await;
        assert!(message(&body).starts_with(words), "{path}: {body}");
    }
}

#[tokio::test]
async fn unknown_fields_are_named_in_every_dialect() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().display().to_string();
    let server = Server::with(Script::frames(1), |config| config.jobs.store = store).await;
    for (path, fields) in [
        ("/v1/text-to-speech", json!({"text": "a", "voice": "hi_male"})),
        ("/v1/audio/speech", json!({"input": "a", "voice": "hi_male", "model": "tts-1"})),
        ("/v1/text-to-speech/hi_male", json!({"text": "a", "model_id": "eleven_v3", "previous_text": "b"})),
        ("/v1/text-to-speech/hi_male/stream/with-timestamps", json!({"text": "a"})),
        ("/v1/jobs", json!({"text": "a", "voice": "hi_male"})),
        ("/v1/text/preview", json!({"text": "a", "voice": "hi_male"})),
    ] {
        let mut body = fields.clone();
        body["respose_format"] = "wav".into();
        let response = server.request(path, &body).send().await.unwrap();
        let named =
            response.headers().get("x-ignored-fields").map(|named| named.to_str().unwrap().to_owned());
        assert!(response.status().is_success(), "{path}");
        assert_eq!(named.as_deref(), Some("respose_format"), "{path}");
        let strictly = |body| server.request(path, body).header("prefer", "handling=strict");
        let response = strictly(&body).send().await.unwrap();
        assert_eq!(response.status(), 400, "{path}");
        let error = response.text().await.unwrap();
        assert!(error.contains("no effect here: respose_format"), "{path}: {error}");
        for request in [server.request(path, &fields), strictly(&fields)] {
            let response = request.send().await.unwrap();
            assert!(response.status().is_success(), "{path}");
            assert!(!response.headers().contains_key("x-ignored-fields"), "{path}");
        }
    }
}

#[tokio::test]
async fn paths_that_were_meant_are_named_in_their_dialect() {
    let server = Server::start(Script::frames(1)).await;
    for (method, path, meant, openai) in [
        (Method::POST, "/audio/speech", "/v1/audio/speech", true),
        (Method::POST, "/v1/v1/audio/speech", "/v1/audio/speech", true),
        (Method::POST, "/api/v1/audio/speech", "/v1/audio/speech", true),
        (Method::GET, "/models", "/v1/models", true),
        (Method::POST, "/text-to-speech", "/v1/text-to-speech", false),
        (Method::GET, "/voices", "/v1/voices", false),
        (Method::GET, "/v1/health", "/health", false),
        (Method::POST, "/v1/v1/text-to-speech/hi_male/stream", "/v1/text-to-speech/hi_male/stream", false),
    ] {
        let request = server.client.request(method, server.url(path)).body("{}");
        let (status, body) = status_and_json(request.send().await.unwrap()).await;
        let said = message(&body);
        assert_eq!(status, 404, "{path}: {body}");
        assert!(said.contains(&format!("did you mean {meant}?")), "{path}: {said}");
        assert_eq!(body["error"]["message"].is_string(), openai, "{path}: {body}");
        if openai {
            assert!(said.contains("/v1"), "{said}");
        }
    }
    let (_, body) =
        status_and_json(server.client.get(server.url("/nothing/alike")).send().await.unwrap()).await;
    assert!(message(&body).contains("GET /openapi.json"), "{body}");
}

#[tokio::test]
async fn a_wrong_method_is_answered_with_the_right_ones() {
    let server = Server::start(Script::frames(1)).await;
    for (method, path, words) in [
        (Method::GET, "/v1/audio/speech", "use POST"),
        (Method::GET, "/v1/text-to-speech", "use POST"),
        (Method::PUT, "/v1/voices", "use GET or POST"),
        (Method::POST, "/health", "use GET"),
        (Method::PUT, "/v1/voices/hi_male", "use GET, PATCH or DELETE"),
        (Method::GET, "/v1/text-to-speech/hi_male", "use POST"),
    ] {
        let request = server.client.request(method.clone(), server.url(path));
        let (status, body) = status_and_json(request.send().await.unwrap()).await;
        let said = message(&body);
        assert!(status == 405 && said.contains(words) && said.contains(method.as_str()), "{path}: {body}");
    }
}

#[tokio::test]
async fn a_key_is_taken_wherever_clients_put_it() {
    let key = "sk-svara-test-0123456789abcdef";
    let server = Server::with(Script::frames(1), |config| {
        config.server.api_key = svara_config::Secret::new(key);
    })
    .await;
    let fields = json!({"input": "a", "voice": "alloy"});
    for (name, value, status) in [
        ("authorization", format!("Bearer {key}"), 200),
        ("authorization", key.to_owned(), 200),
        ("x-api-key", key.to_owned(), 200),
        ("api-key", key.to_owned(), 200),
        ("authorization", format!("Basic {key}"), 401),
        ("x-api-key", "wrong-wrong-wrong".to_owned(), 401),
    ] {
        let request = server.request("/v1/audio/speech", &fields).header(name, &value);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{name}: {value}");
        if value.starts_with("Basic") {
            let said = message(&response.json().await.unwrap());
            assert!(said.contains("Basic") && said.contains("Bearer"), "{said}");
        }
    }
}

#[tokio::test]
async fn a_text_that_is_too_long_is_told_where_long_ones_go() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().display().to_string();
    let server = Server::with(Script::frames(1), |config| {
        config.limits.text_characters = 5000;
        config.jobs.store = store;
    })
    .await;
    let text = "a ".repeat(2600);
    for (path, fields) in [
        ("/v1/text-to-speech", json!({"text": text, "voice": "hi_male"})),
        ("/v1/audio/speech", json!({"input": text, "voice": "hi_male"})),
        ("/v1/text-to-speech/hi_male", json!({"text": text})),
    ] {
        let (_, body) = status_and_json(server.request(path, &fields).send().await.unwrap()).await;
        let said = message(&body);
        assert!(said.contains("characters, at most") && said.contains("/v1/jobs"), "{path}: {said}");
    }
}

#[tokio::test]
async fn a_misspelt_voice_suggests_the_name_that_was_meant() {
    let server = Server::start(Script::frames(1)).await;
    for (path, voice, words) in [
        ("/v1/audio/speech", "aloy", "did you mean alloy (hi_female)"),
        ("/v1/audio/speech", "shimer", "did you mean shimmer ("),
        ("/v1/text-to-speech", "hi_femal", "did you mean hi_female"),
        ("/v1/text-to-speech", "Hindi (Femle)", "did you mean hi_female"),
        ("/v1/text-to-speech", "zzzzzzzz", "GET /v1/voices lists"),
    ] {
        let fields = json!({"text": "a", "input": "a", "voice": voice});
        let (status, body) = status_and_json(server.request(path, &fields).send().await.unwrap()).await;
        let said = message(&body);
        assert!(status == 404 && said.contains(words) && said.contains("/v1/voices"), "{voice}: {said}");
    }
}
