//! Requests as clients write them: nothing where something may stand, words for switches, names that only other servers
//! know, parameters at the wrong place.

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::{Value, json};
use svara_testkit::{fake_vllm::Script, models::workspace};

use crate::{
    cloning::{base64, wav},
    harness::{Server, status_and_json},
    plain_errors::message,
    raw::exchange,
};

const SVARA: &str = "/v1/text-to-speech";
const OPENAI: &str = "/v1/audio/speech";
const ELEVENLABS: &str = "/v1/text-to-speech/hi_female";

/// The fields that a request needs, in each dialect's words, and more.
fn with(fields: Value) -> Value {
    let mut body = json!({"text": "hello", "input": "hello", "voice": "hi_female"});
    let Value::Object(fields) = fields else { panic!("not fields: {fields}") };
    body.as_object_mut().unwrap().extend(fields);
    body
}

/// A server whose prompts are text, which these tests can read.
pub async fn readable() -> Server {
    Server::with(Script::frames(2), |config| config.model.tokenizer = String::new()).await
}

/// The last prompt that the engine got.
pub fn prompt(server: &Server) -> String {
    server.engine.requests().pop().unwrap()["prompt"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_empty_field_counts_as_absent_in_every_dialect() {
    let server = Server::start(Script::frames(2)).await;
    let fields = |path: &str| -> Vec<&str> {
        let both =
            ["response_format", "language", "speed", "volume", "gain_db", "temperature", "top_p", "top_k"];
        let more = ["repetition_penalty", "max_tokens", "seed", "sample_rate", "stream", "strip_emoji"];
        let last = ["strip_markdown", "text_normalization", "pronunciation_dictionary_id"];
        let common = both.into_iter().chain(more).chain(last);
        match path {
            SVARA => common
                .chain([
                    "voice_id",
                    "model_id",
                    "style",
                    "reference_audio",
                    "reference_transcript",
                    "voice_clone_id",
                ])
                .chain(["gender", "timestamps", "timestamps_format"])
                .collect(),
            OPENAI => common
                .chain([
                    "instructions",
                    "stream_format",
                    "lang",
                    "bitrate_kbps",
                    "ref_audio",
                    "ref_text",
                    "normalize",
                ])
                .chain(["max_new_tokens", "language_code"])
                .collect(),
            _ => vec!["language_code", "seed", "apply_text_normalization", "strip_emoji", "strip_markdown"],
        }
    };
    for path in [SVARA, OPENAI, ELEVENLABS] {
        for name in fields(path) {
            for nothing in [Value::Null, json!(""), json!(" ")] {
                if nothing == " " && name.ends_with("_audio") {
                    continue;
                }
                let response = server.request(path, &with(json!({name: nothing}))).send().await.unwrap();
                assert_eq!(
                    response.status(),
                    200,
                    "{path} {name} {nothing}: {}",
                    response.text().await.unwrap()
                );
            }
        }
    }
    let settings =
        json!({"stability": "", "similarity_boost": null, "style": "", "speed": "", "use_speaker_boost": ""});
    let response =
        server.request(ELEVENLABS, &with(json!({"voice_settings": settings}))).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let response =
        server.request(&format!("{ELEVENLABS}?output_format="), &with(json!({}))).send().await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn words_are_taken_in_any_letter_case_and_spelling() {
    let server = Server::start(Script::frames(2)).await;
    for (path, fields) in [
        (SVARA, json!({"gender": "Female", "voice": null, "language": "hi"})),
        (SVARA, json!({"timestamps": "WORD", "timestamps_format": "SRT"})),
        (SVARA, json!({"response_format": "MP3"})),
        (SVARA, json!({"text_normalization": 1})),
        (SVARA, json!({"text_normalization": "No"})),
        (OPENAI, json!({"normalize": "yes"})),
        (OPENAI, json!({"normalize": 0})),
        (OPENAI, json!({"stream_format": "SSE"})),
        (OPENAI, json!({"response_format": "WAV"})),
        (OPENAI, json!({"voice": {"id": "alloy", "name": "x"}})),
        (ELEVENLABS, json!({"apply_text_normalization": "ON"})),
        (ELEVENLABS, json!({"apply_text_normalization": true})),
        (ELEVENLABS, json!({"voice_settings": {"style": "0.5", "stability": "0.5"}})),
        (
            "/v1/vapi/hi_female",
            json!({"message": {"type": "voice-request", "text": "a", "sampleRate": "24000"}}),
        ),
        (
            "/v1/vapi/hi_female",
            json!({"message": {"type": "voice-request", "text": "a", "sampleRate": 16000.0}}),
        ),
    ] {
        let response = server.request(path, &with(fields.clone())).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path} {fields}: {}", response.text().await.unwrap());
    }
    for query in ["legacy=1", "legacy=True", "legacy=on"] {
        let listed =
            server.client.get(server.url(&format!("/v1/audio/voices?{query}"))).send().await.unwrap();
        let listed: Value = listed.json().await.unwrap();
        assert!(listed["voices"][0].is_string(), "{query}: {listed}");
    }
}

#[tokio::test]
async fn parameters_of_the_address_that_belong_to_the_body_are_named() {
    let server = Server::start(Script::frames(2)).await;
    for (path, query, ignored) in [
        (SVARA, "response_format=wav&voice=hi_male", "response_format, voice"),
        (OPENAI, "api-version=2025-01-01&response_format=wav", "api-version, response_format"),
        (ELEVENLABS, "output_format=pcm_16000&enable_logging=false&output_fromat=x", "output_fromat"),
        ("/v1/text/preview", "voice=hi_male", "voice"),
    ] {
        let response = server.request(&format!("{path}?{query}"), &with(json!({}))).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let named = response.headers()["x-ignored-fields"].to_str().unwrap();
        assert!(named.ends_with(ignored), "{path}: {named}");
    }
    for (path, body, words) in [
        (SVARA, json!({"voice": "hi_male"}), "text is a field of the body, and not of the address"),
        (OPENAI, json!({"voice": "hi_male"}), "input is a field of the body, and not of the address"),
        (ELEVENLABS, json!({}), "text is a field of the body, and not of the address"),
    ] {
        let response = server.request(&format!("{path}?text=a&input=a"), &body).send().await.unwrap();
        let (status, answer) = status_and_json(response).await;
        let said = message(&answer);
        assert!((400..=422).contains(&status) && said.contains(words), "{path}: {said}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_fields_that_were_passed_over() {
    let server = Server::start(Script::frames(2)).await;
    for (path, body, words) in [
        (SVARA, json!({"txt": "a", "voice": "hi_male"}), "text is required"),
        (SVARA, json!({"text": "a", "vioce": "hi_male"}), "is required"),
        (OPENAI, json!({"inptu": "a", "voice": "hi_male"}), "input is required"),
        (OPENAI, json!({"input": "a", "vioce": "hi_male"}), "voice is required"),
        (ELEVENLABS, json!({"txet": "a"}), "text is required"),
        ("/v1/jobs", json!({"txt": "a", "voice": "hi_male"}), "text is required"),
    ] {
        let known = ["text", "input", "voice"];
        let typo =
            body.as_object().unwrap().keys().find(|name| !known.contains(&name.as_str())).unwrap().clone();
        let response = server.request(path, &body).send().await.unwrap();
        let named =
            response.headers().get("x-ignored-fields").map(|named| named.to_str().unwrap().to_owned());
        let (_, answer) = status_and_json(response).await;
        let said = message(&answer);
        assert!(said.contains(words) && said.contains(&typo), "{path}: {said}");
        if path != "/v1/jobs" {
            assert_eq!(named.as_deref(), Some(&*typo), "{path}");
        }
    }
    // Also where another field is wrong.
    for (path, text) in [(SVARA, "text"), (OPENAI, "input")] {
        let body = json!({text: "a", "voice": "nobody", "spede": 2});
        let response = server.request(path, &body).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["x-ignored-fields"]),
            (404, &"spede".parse().unwrap())
        );
    }
    let response =
        server.request("/v1/text-to-speech/nobody", &json!({"text": "a", "spede": 2})).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["x-ignored-fields"]),
        (404, &"spede".parse().unwrap())
    );
    // A language that there isn't has no effect in this dialect: it is named.
    let response =
        server.request(ELEVENLABS, &json!({"text": "a", "language_code": "fr"})).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["x-ignored-fields"]),
        (200, &"language_code".parse().unwrap())
    );
}

#[tokio::test]
async fn a_compressed_body_is_refused_for_what_it_is() {
    let server = Server::start(Script::frames(2)).await;
    for path in [SVARA, OPENAI, ELEVENLABS, "/v1/jobs", "/v1/voices", "/v1/text/preview"] {
        for encoding in ["gzip", "br", "zstd"] {
            let request = server.client.post(server.url(path)).header(CONTENT_TYPE, "application/json");
            let request = request.header(CONTENT_ENCODING, encoding).body(vec![0x1f, 0x8b, 8, 0]);
            let (status, answer) = status_and_json(request.send().await.unwrap()).await;
            let said = message(&answer);
            assert!(
                status == 415 && said.contains("content-encoding") && said.contains(encoding),
                "{path}: {said}"
            );
        }
    }
    let plain = server.request(SVARA, &with(json!({}))).header(CONTENT_ENCODING, "Identity");
    assert_eq!(plain.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_path_that_is_no_text_is_refused_in_json() {
    let server = Server::start(Script::frames(2)).await;
    for (method, path) in [
        ("POST", "/v1/vapi/%FF"),
        ("POST", "/v1/text-to-speech/%ff"),
        ("POST", "/v1/text-to-speech/%C0%80/stream"),
        ("GET", "/v1/voices/%ff"),
        ("GET", "/v1/voices/%ff/settings"),
        ("GET", "/v1/voices/%ff/preview"),
        ("DELETE", "/v1/voices/%ff"),
        ("GET", "/v1/models/%ff"),
        ("GET", "/v1/jobs/%ff/audio"),
        ("GET", "/v1/pronunciation-dictionaries/%ff"),
    ] {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: 2\r\n\r\n{{}}"
        );
        let answer = exchange(server.address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{path}: {answer}");
        assert!(
            answer.contains("content-type: application/json") && answer.contains("UTF-8"),
            "{path}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_language_has_any_of_its_names_in_svaras_dialect_too() {
    let server = readable().await;
    for (fields, speaker) in [
        (json!({"voice": null, "language": "hindi"}), "Hindi (Male)"),
        (json!({"voice": "", "language": "tam", "gender": "FEMALE"}), "Tamil (Female)"),
        (json!({"voice": null, "language": "தமிழ்"}), "Tamil (Male)"),
        (json!({"voice": null, "language": "tam-IN"}), "Tamil (Male)"),
        (json!({"voice": "alloy", "language": "ta"}), "Tamil (Female)"),
        (json!({"voice": "hi_female", "language": "ta"}), "Hindi (Female)"),
        (json!({"voice": "hi_female", "language": "fr"}), "Hindi (Female)"),
    ] {
        let response = server.request(SVARA, &with(fields.clone())).send().await.unwrap();
        assert_eq!(response.status(), 200, "{fields}: {}", response.text().await.unwrap());
        response.bytes().await.unwrap();
        assert!(prompt(&server).contains(speaker), "{fields}: {}", prompt(&server));
    }
    // A voice by its own name reads numbers in the language that is asked for.
    for (language, word) in [(json!("en"), "five"), (json!(null), "पाँच")] {
        let fields = json!({"text": "5", "language": language, "voice": "hi_female"});
        server.request(SVARA, &with(fields)).send().await.unwrap().bytes().await.unwrap();
        assert!(prompt(&server).contains(word), "{}", prompt(&server));
    }
}

#[tokio::test]
async fn openais_voices_are_voices_of_every_model() {
    let server = Server::with(Script::frames(2), |config| {
        config.model.profile = workspace().join("config/models/orpheus-3b.toml");
        config.model.tokenizer = String::new();
    })
    .await;
    let names = "alloy ash ballad cedar coral echo fable marin nova onyx sage shimmer verse";
    for voice in names.split(' ') {
        let response = server.request(OPENAI, &with(json!({"voice": voice}))).send().await.unwrap();
        assert_eq!(response.status(), 200, "{voice}: {}", response.text().await.unwrap());
    }
    for (voice, speaker) in [("alloy", "tara"), ("Onyx", "leo")] {
        server.request(OPENAI, &with(json!({"voice": voice}))).send().await.unwrap().bytes().await.unwrap();
        assert!(prompt(&server).contains(&format!("{speaker}:")), "{voice}: {}", prompt(&server));
    }
    let (status, answer) =
        status_and_json(server.request(OPENAI, &with(json!({"voice": "aloy"}))).send().await.unwrap()).await;
    assert_eq!(status, 404, "{answer}");
}

#[tokio::test]
async fn the_language_of_a_recording_has_any_of_its_names() {
    let server = Server::start(Script::frames(2)).await;
    let audio = base64(&wav(1.5, 0.4));
    for language in ["hi", "hi-IN", "hin", "Hindi", "हिन्दी"] {
        let body = json!({"text": "5", "reference_audio": audio, "language": language});
        let (status, answer) =
            status_and_json(server.request("/v1/text/preview", &body).send().await.unwrap()).await;
        assert_eq!((status, &answer["normalized"]), (200, &json!("पाँच")), "{language}: {answer}");
    }
}

#[tokio::test]
async fn recordings_are_named_in_the_dialects_words() {
    let server = Server::start(Script::frames(2)).await;
    for (fields, param, words) in [
        (json!({"ref_audio": "https://example.org/a.wav"}), "ref_audio", "links are not followed"),
        (json!({"ref_audio": "!"}), "ref_audio", "not base64"),
        (json!({"ref_audio": "AAAA", "ref_text": "a".repeat(5000)}), "ref_text", "characters"),
    ] {
        let (status, answer) =
            status_and_json(server.request(OPENAI, &with(fields.clone())).send().await.unwrap()).await;
        let said = message(&answer);
        assert_eq!((status, &answer["error"]["param"]), (400, &json!(param)), "{fields}: {answer}");
        assert!(said.starts_with(param) && said.contains(words), "{said}");
    }
}

#[tokio::test]
async fn refusals_of_the_engine_name_the_dialects_field() {
    let server = Server::start(Script::frames(2)).await;
    for (path, body, field) in [
        (ELEVENLABS, json!({"text": "a", "voice_settings": {"style": "loud"}}), "voice_settings.style"),
        (SVARA, json!({"text": "a", "voice": "hi_male", "style": "loud"}), "style"),
        (SVARA, json!({"text": "", "voice": "hi_male"}), "text"),
        (OPENAI, json!({"input": "", "voice": "hi_male"}), "input"),
        (OPENAI, json!({"input": "a", "voice": "hi_male", "max_new_tokens": 1}), "max_new_tokens"),
        (OPENAI, json!({"input": "a", "voice": "hi_male", "max_tokens": 1}), "max_tokens"),
        (
            "/v1/vapi/hi_male",
            json!({"message": {"type": "voice-request", "text": "", "sampleRate": 24000}}),
            "message.text",
        ),
    ] {
        let (_, answer) = status_and_json(server.request(path, &body).send().await.unwrap()).await;
        let places = [&answer["error"]["param"], &answer["error"]["field"], &answer["detail"]["param"]];
        let named = places.into_iter().find_map(Value::as_str);
        assert_eq!(named, Some(field), "{path}: {answer}");
        assert!(message(&answer).contains(field), "{answer}");
    }
}

#[tokio::test]
async fn text_that_is_none_is_named_for_what_it_is() {
    let server = Server::start(Script::frames(2)).await;
    for (body, words) in [
        (
            &b"{\"input\":\"caf\xe9\",\"text\":\"caf\xe9\",\"voice\":\"alloy\"}"[..],
            "must be UTF-8, which its byte 13 is not",
        ),
        (b"\xff\xfe{\0", "must be UTF-8, which its byte 0 is not"),
        (b"{\"input\":\"\\ud800\",\"text\":\"\\ud800\",\"voice\":\"alloy\"}", "surrogate"),
    ] {
        for path in [SVARA, OPENAI, ELEVENLABS] {
            let request = server.client.post(server.url(path)).header(CONTENT_TYPE, "application/json");
            let (status, answer) = status_and_json(request.body(body.to_vec()).send().await.unwrap()).await;
            let said = message(&answer);
            assert!(status == 400 && said.contains(words), "{path}: {said}");
        }
    }
    for (path, fields) in [
        (OPENAI, json!({"voice": "हिन्दी स्त्री"})),
        (SVARA, json!({"voice": "हिन्दी स्त्री"})),
        (OPENAI, json!({"voice": null, "language": "हिन्दी स्त्री"})),
    ] {
        let (_, answer) = status_and_json(server.request(path, &with(fields)).send().await.unwrap()).await;
        assert!(message(&answer).contains("\"हिन्दी स्त्री\""), "{path}: {answer}");
    }
}
