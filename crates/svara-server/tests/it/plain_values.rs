//! A wrong value is told with what is allowed and by the whole way to it, in every dialect and on every socket.

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use svara_testkit::fake_vllm::Script;

use crate::{
    harness::{Server, status_and_json},
    plain_errors::message,
    socket_faults::heard,
};

async fn server() -> Server {
    Server::start(Script::frames(9)).await
}

#[tokio::test]
async fn sockets_say_what_is_allowed_and_where() {
    let server = server().await;
    let eleven =
        ["/v1/text-to-speech/hi_female/stream-input", "/v1/text-to-speech/hi_female/multi-stream-input"];
    for (fields, words, param) in [
        (
            json!({"voice_settings": {"speed": "x"}}),
            "voice_settings.speed must be a number from 0.25 to 4",
            "voice_settings",
        ),
        (
            json!({"voice_settings": {"speed": 9}}),
            "voice_settings.speed must be from 0.25 to 4",
            "voice_settings.speed",
        ),
        (
            json!({"voice_settings": {"stability": "x"}}),
            "voice_settings.stability must be a number from 0 to 1",
            "voice_settings",
        ),
        (json!({"voice_settings": {"style": "zzz"}}), "", "voice_settings.style"),
        (
            json!({"generation_config": {"chunk_length_schedule": "x"}}),
            "generation_config.chunk_length_schedule must be a list",
            "generation_config",
        ),
        (
            json!({"generation_config": {"chunk_length_schedule": [1]}}),
            "generation_config.chunk_length_schedule must be at most 20 numbers from 50 to 500",
            "generation_config.chunk_length_schedule",
        ),
        (json!({"text": 1}), "text must be a string", "text"),
    ] {
        for path in eleven {
            let mut first = json!({"text": "One is here. ", "flush": true});
            first.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            let (events, ..) =
                heard(&server, path, &[first, json!({"text": ""}), json!({"close_socket": true})]).await;
            let told = events.iter().find(|event| event.get("message").is_some());
            let told = told.unwrap_or_else(|| panic!("{path} {fields}: {events:?}"));
            assert_eq!(told["param"], param, "{path} {fields}: {told}");
            assert!(told["message"].as_str().unwrap().starts_with(words), "{path} {fields}: {told}");
        }
    }
    for (fields, words, param) in [
        (json!({"speed": "x"}), "speed must be a number from 0.25 to 4", "speed"),
        (json!({"seed": "x"}), "seed must be a whole number from 0", "seed"),
        (json!({"sample_rate": "x"}), "sample_rate must be a whole number, one of 8000", "sample_rate"),
        (
            json!({"sample_rate": 4000}),
            "sample_rate: audio format wav does not support sample rate 4000 Hz; allowed: 8000",
            "sample_rate",
        ),
        (
            json!({"max_new_tokens": "x"}),
            "max_new_tokens must be a whole number from 7 to 4096",
            "max_new_tokens",
        ),
    ] {
        let mut config = json!({"type": "session.config", "voice": "hi_female"});
        config.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let (events, ..) = heard(&server, "/v1/audio/speech/stream", &[config]).await;
        let told = &events[0];
        assert_eq!(told["param"], param, "{fields}: {told}");
        let said = told["message"].as_str().unwrap();
        assert!(said.contains(words.trim_start_matches("sample_rate: ")), "{fields}: {told}");
    }
}

#[tokio::test]
async fn a_field_inside_of_another_is_named_with_its_way() {
    let server = server().await;
    let vapi = |fields: Value| {
        let mut message = json!({"type": "voice-request", "text": "a", "sampleRate": 16000});
        message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"message": message})
    };
    for (fields, field) in [
        (vapi(json!({"sampleRate": "x"})), "message.sampleRate"),
        (vapi(json!({"sampleRate": 123})), "message.sampleRate"),
        (vapi(json!({"text": ""})), "message.text"),
        (vapi(json!({"text": 1})), "message.text"),
        (json!({"message": {"type": "voice-request", "sampleRate": 16000}}), "message.text"),
    ] {
        let (_, body) =
            status_and_json(server.request("/v1/vapi/hi_female", &fields).send().await.unwrap()).await;
        assert_eq!(body["error"]["field"], field, "{fields}: {body}");
    }
    let speed = json!({"text": "a", "voice_settings": {"speed": "x"}});
    let (_, body) =
        status_and_json(server.request("/v1/text-to-speech/hi_female", &speed).send().await.unwrap()).await;
    assert_eq!(body["detail"][0]["loc"], json!(["body", "voice_settings", "speed"]), "{body}");
    let rules = json!({"name": "a", "rules": [{"string_to_replace": "a", "alias": "b"}, {"string_to_replace": "a", "alias": 5}]});
    let path = "/v1/pronunciation-dictionaries/add-from-rules";
    let (_, body) = status_and_json(server.request(path, &rules).send().await.unwrap()).await;
    assert_eq!(body["detail"][0]["loc"], json!(["body", "rules", 1, "alias"]), "{body}");
}

#[tokio::test]
async fn a_rate_that_is_none_is_answered_with_those_of_the_format() {
    let server = server().await;
    let allowed = "allowed: 8000, 16000, 22050, 24000, 32000, 44100, 48000";
    for hz in [0, 1, 4000, 12_000, 96_000, 200_000] {
        for (path, fields) in [
            (
                "/v1/text-to-speech",
                json!({"text": "a", "voice": "hi_female", "response_format": "wav", "sample_rate": hz}),
            ),
            (
                "/v1/audio/speech",
                json!({"input": "a", "voice": "alloy", "response_format": "wav", "sample_rate": hz}),
            ),
            (
                "/v1/vapi/hi_female",
                json!({"message": {"type": "voice-request", "text": "a", "sampleRate": hz}}),
            ),
            (&*format!("/v1/text-to-speech/hi_female?output_format=pcm_{hz}"), json!({"text": "a"})),
        ] {
            let (status, body) = status_and_json(server.request(path, &fields).send().await.unwrap()).await;
            let said = message(&body);
            assert!(status == 400 && said.contains(allowed), "{path} {hz}: {status} {said}");
            assert!(!said.contains("outside"), "{path} {hz}: {said}");
        }
    }
}

#[tokio::test]
async fn svaras_dialect_names_the_language_that_it_does_not_know() {
    let server = server().await;
    for path in ["/v1/text-to-speech", "/v1/text/preview"] {
        let ask =
            async |fields: Value| status_and_json(server.request(path, &fields).send().await.unwrap()).await;
        let (status, body) = ask(json!({"text": "a", "language": "klingon"})).await;
        assert_eq!((status, &body["error"]["field"]), (404, &json!("language")), "{body}");
        let said = message(&body);
        assert!(
            said.contains("klingon")
                && said.contains("none of the languages here: hi")
                && !said.contains("voice"),
            "{said}"
        );
    }
    let form = server.client.post(server.url("/v1/text/preview")).body("text=a&language=klingon");
    let form = form.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let (_, body) = status_and_json(form.send().await.unwrap()).await;
    assert_eq!(body["error"]["field"], "language", "{body}");
    let auto = json!({"text": "வணக்கம்", "language": "auto"});
    let (status, body) =
        status_and_json(server.request("/v1/text/preview", &auto).send().await.unwrap()).await;
    assert_eq!(status, 200, "{body}");
    assert!(body["voice_id"].as_str().unwrap().starts_with("ta_"), "{body}");
}

#[tokio::test]
async fn a_media_type_that_is_refused_is_not_advised() {
    let directory = tempfile::tempdir().unwrap();
    let store = format!("file://{}", directory.path().display());
    let server = Server::with(Script::frames(1), |config| config.jobs.store = store).await;
    let post = async |path: &str, kind: &str, body: &'static str| {
        let request = server.client.post(server.url(path)).header(CONTENT_TYPE, kind).body(body);
        status_and_json(request.send().await.unwrap()).await
    };
    for path in ["/v1/voices/add", "/v1/pronunciation-dictionaries/add-from-file"] {
        for kind in ["application/json", "text/json", ""] {
            let (status, body) = post(path, kind, "{}").await;
            let said = message(&body);
            assert!(
                status == 415 && said.starts_with("content-type must be multipart/form-data, "),
                "{path} {kind}: {said}"
            );
            assert!(!said.contains("for JSON") && !said.contains("not ;"), "{path} {kind}: {said}");
        }
    }
    let (_, body) = post("/v1/audio/speech", "text/plain", "{}").await;
    assert!(message(&body).ends_with("for JSON, send the header content-type: application/json"), "{body}");
    for body in ["{\"text\":\"a\"}\n{\"text\":\"b\"}", "[{\"text\":\"a\"}]"] {
        let (status, answer) = post("/v1/jobs", "application/json", body).await;
        let said = message(&answer);
        assert!(status == 400 && said.ends_with("with content-type: application/jsonl"), "{said}");
    }
    let (_, answer) =
        post("/v1/jobs", "application/jsonl", "{\"text\":\"a\",\"voice\":\"hi_female\"}\n{\"text\": x}")
            .await;
    let said = message(&answer);
    assert!(said.starts_with("line 2: ") && !said.contains("line 1"), "{said}");
}

#[tokio::test]
async fn rules_are_told_in_the_words_of_their_form() {
    let directory = tempfile::tempdir().unwrap();
    let store = format!("file://{}", directory.path().display());
    let server = Server::with(Script::frames(1), |config| config.voices.store = store).await;
    let path = "/v1/pronunciation-dictionaries/add-from-rules";
    let long = "a".repeat(101);
    for (rule, words) in [
        (json!({"string_to_replace": "", "alias": "b"}), "string_to_replace must not be empty"),
        (json!({"string_to_replace": long, "alias": "b"}), "string_to_replace has 101 characters"),
        (json!({"string_to_replace": "a", "alias": ""}), "alias must not be empty"),
        (json!({"text": "", "pronunciation": "b"}), "text must not be empty"),
        (json!({"text": "a", "pronunciation": ""}), "alias must not be empty"),
        (json!({"text": "a", "alias": "b"}), "pronunciation is required; alias goes with string_to_replace"),
        (
            json!({"string_to_replace": "a", "pronunciation": "b"}),
            "text is required; string_to_replace goes with alias",
        ),
        (
            json!({"text": "a", "string_to_replace": "b", "alias": "c"}),
            "string_to_replace and text are one field",
        ),
    ] {
        let (status, body) = status_and_json(
            server.request(path, &json!({"name": "a", "rules": [rule]})).send().await.unwrap(),
        )
        .await;
        let said = message(&body);
        assert!(
            status == 422 && said.starts_with(&format!("rules can't be used: rule 1: {words}")),
            "{rule}: {said}"
        );
    }
    let rule = |said: &str| json!({"string_to_replace": "a", "alias": said});
    let twice = json!({"name": "a", "rules": [rule("b"), rule("c")]});
    let strict = server.request(path, &twice).header("prefer", "handling=strict").send().await.unwrap();
    assert_eq!(strict.status(), 400);
    let made = server.request(path, &twice).send().await.unwrap();
    assert_eq!(made.headers()["x-ignored-fields"], "rules[0]");
    let (_, made) = status_and_json(made).await;
    let id = made["id"].as_str().unwrap();
    let phoneme =
        json!({"rules": [{"type": "phoneme", "string_to_replace": "x", "phoneme": "y", "alphabet": "ipa"}]});
    let add = format!("/v1/pronunciation-dictionaries/{id}/add-rules");
    let strict = server.request(&add, &phoneme).header("prefer", "handling=strict").send().await.unwrap();
    assert_eq!(strict.status(), 400);
    for (route, body) in [
        ("add-rules", json!({"rules": []})),
        ("set-rules", json!({"rules": [rule("c")]})),
        ("remove-rules", json!({"rule_strings": []})),
    ] {
        let path = format!("/v1/pronunciation-dictionaries/{id}/{route}");
        let (status, same) = status_and_json(server.request(&path, &body).send().await.unwrap()).await;
        assert_eq!(
            (status, &same["latest_version_id"]),
            (200, &made["latest_version_id"]),
            "{route}: {same}"
        );
    }
    let form = reqwest::multipart::Form::new().text("name", "a").text("colour", "red");
    let request =
        server.client.post(server.url("/v1/pronunciation-dictionaries/add-from-file")).multipart(form);
    assert_eq!(request.send().await.unwrap().headers()["x-ignored-fields"], "colour");
}
