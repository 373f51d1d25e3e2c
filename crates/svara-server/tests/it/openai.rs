//! OpenAI's dialect beyond the plain request: events, limits, lists.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use futures::StreamExt;
use serde_json::{Value, json};
use svara_testkit::fake_vllm::{End, Script};

use crate::harness::{Server, status_and_json};

const SPEECH: &str = "/v1/audio/speech";

fn body(fields: Value) -> Value {
    let mut body = json!({"model": "m", "input": "नमस्ते", "voice": "hi_female", "response_format": "pcm"});
    let Value::Object(fields) = fields else { panic!("not fields: {fields}") };
    body.as_object_mut().unwrap().extend(fields);
    body
}

/// The events of a stream, and whether it ended normally.
async fn events(server: &Server, fields: Value) -> (Vec<Value>, bool) {
    let response = server.request(SPEECH, &body(fields)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    let (mut text, mut ended_well) = (Vec::new(), true);
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => text.extend(chunk),
            Err(_) => ended_well = false,
        }
    }
    let text = String::from_utf8(text).unwrap();
    let data = |event: &str| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap();
    (text.split_terminator("\n\n").map(data).collect(), ended_well)
}

#[tokio::test]
async fn events_carry_the_audio_and_end_with_usage() {
    let server = Server::start(Script::frames(9)).await;
    let plain = server.request(SPEECH, &body(json!({}))).send().await.unwrap().bytes().await.unwrap();
    let (events, ended_well) = events(&server, json!({"stream_format": "sse"})).await;
    assert!(ended_well && events.len() > 2);
    let (done, deltas) = events.split_last().unwrap();
    let mut audio = Vec::new();
    for delta in deltas {
        assert_eq!(delta["type"], "speech.audio.delta");
        audio.extend(BASE64.decode(delta["audio"].as_str().unwrap()).unwrap());
    }
    assert_eq!(audio, plain);
    assert_eq!(done["type"], "speech.audio.done");
    assert_eq!(done["usage"], json!({"input_tokens": 6, "output_tokens": 63, "total_tokens": 69}));
}

#[tokio::test]
async fn a_failure_in_the_middle_is_an_event() {
    let server = Server::start(Script { end: End::ErrorEvent, ..Script::frames(9) }).await;
    let (events, ended_well) = events(&server, json!({"stream_format": "sse"})).await;
    assert!(!ended_well, "a failure must not look like the end");
    let last = events.last().unwrap();
    assert_eq!((&last["type"], &last["error"]["code"]), (&json!("error"), &json!("engine_error")));
    assert_eq!(events[0]["type"], "speech.audio.delta");
}

#[tokio::test]
async fn a_failure_before_the_first_event_has_a_status() {
    let server = Server::start(Script { end: End::Eof, ..Script::frames(0) }).await;
    let request = server.request(SPEECH, &body(json!({"stream_format": "sse"})));
    let (status, answer) = status_and_json(request.send().await.unwrap()).await;
    assert_eq!((status, &answer["error"]["type"]), (502, &json!("server_error")));
}

#[tokio::test]
async fn the_input_has_openais_limit_unless_configured() {
    let server = Server::with(Script::frames(1), |config| config.limits.openai_input_characters = 10).await;
    let speak = async |input: &str| {
        let request = server.request(SPEECH, &body(json!({"input": input})));
        status_and_json(request.send().await.unwrap()).await
    };
    let (status, answer) = speak("ghijklmnopq").await;
    assert_eq!((status, &answer["error"]["param"]), (400, &json!("input")));
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("11 characters") && message.contains("at most 10"), "{message}");
    let ten = server.request(SPEECH, &body(json!({"input": "ghijklmnop"}))).send().await.unwrap();
    assert_eq!(ten.status(), 200);
    assert_eq!(svara_config::Config::default().limits.openai_input_characters, 4096);
}

#[tokio::test]
async fn lists_are_what_clients_look_for() {
    let server = Server::start(Script::frames(1)).await;
    let get =
        async |path: &str| status_and_json(server.client.get(server.url(path)).send().await.unwrap()).await;
    let (_, models) = get("/v1/models").await;
    assert_eq!((&models["object"], &models["data"][0]["id"]), (&json!("list"), &json!("svara-tts-v1")));
    assert_eq!(get("/v1/models/svara-tts-v1").await.1["object"], "model");
    let (status, missing) = get("/v1/models/tts-9").await;
    assert_eq!((status, &missing["error"]["param"]), (404, &json!("model")));
    let (_, voices) = get("/v1/audio/voices").await;
    assert_eq!(voices["voices"].as_array().unwrap().len(), 38);
    assert!(
        voices["voices"].as_array().unwrap().contains(&json!({"id": "hi_female", "name": "Hindi (Female)"}))
    );
    let (_, legacy) = get("/v1/audio/voices?legacy=true").await;
    assert!(legacy["voices"].as_array().unwrap().contains(&json!("hi_female")));
    assert_eq!(get("/v1/audio/voices?legacy=perhaps").await.0, 400);
    assert_eq!(get("/v1/audio/models").await.1["models"][0]["id"], "svara-tts-v1");
}

#[tokio::test]
async fn paths_of_openai_use_its_error_format() {
    let server = Server::start(Script::frames(1)).await;
    for path in ["/v1/audio/transcriptions", "/v1/models/a/b"] {
        let answer = server.client.get(server.url(path)).send().await.unwrap();
        let (status, answer) = status_and_json(answer).await;
        assert_eq!((status, &answer["error"]["code"]), (404, &json!("not_found")), "{path}");
    }
    let answer = server.client.get(server.url(SPEECH)).send().await.unwrap();
    let (status, answer) = status_and_json(answer).await;
    assert_eq!((status, &answer["error"]["code"]), (405, &json!("method_not_allowed")));
    let answer = server.request(SPEECH, &body(json!({"stream_format": "x"}))).send().await.unwrap();
    let (status, answer) = status_and_json(answer).await;
    assert_eq!((status, &answer["error"]["param"]), (400, &json!("stream_format")));
}

#[tokio::test]
async fn a_whole_answer_has_its_length() {
    let server = Server::start(Script::frames(9)).await;
    for format in ["wav", "flac", "pcm", "mp3"] {
        let fields = json!({"stream": false, "response_format": format});
        let answer = server.request(SPEECH, &body(fields)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let length: usize = answer.headers()["content-length"].to_str().unwrap().parse().unwrap();
        let bytes = answer.bytes().await.unwrap();
        assert_eq!(bytes.len(), length, "{format}");
        if format == "wav" {
            let reader = hound::WavReader::new(&*bytes).unwrap();
            assert_eq!(reader.duration(), 9 * 2048);
        }
    }
    // As forms, shells and the Python stack write them.
    for no in [json!("false"), json!("False"), json!(0), json!("off")] {
        let answer = server.request(SPEECH, &body(json!({"stream": no}))).send().await.unwrap();
        assert!(answer.headers().contains_key("content-length"), "{no}");
    }
    for fields in [json!({}), json!({"stream": true}), json!({"stream": "true"}), json!({"stream": 1})] {
        let answer = server.request(SPEECH, &body(fields)).send().await.unwrap();
        assert!(!answer.headers().contains_key("content-length"));
        assert_eq!(answer.headers()["x-accel-buffering"], "no");
        assert_eq!(answer.bytes().await.unwrap().len(), 9 * 4096);
    }
}

#[tokio::test]
async fn a_language_chooses_the_voice_unless_one_is_named() {
    // Without a tokenizer the prompt is text, which this test can read.
    let server = Server::with(Script::frames(1), |config| config.model.tokenizer = String::new()).await;
    for (fields, speaker) in [
        (json!({"voice": null, "language": "ta"}), "Tamil (Male)"),
        (json!({"voice": "onyx", "lang": "ta-IN"}), "Tamil (Male)"),
        (json!({"voice": "alloy", "input": "வணக்கம் world"}), "Tamil (Female)"),
        (json!({"voice": "alloy", "input": "नमस्ते"}), "Hindi (Female)"),
        (json!({"voice": "fable", "input": "ಕನ್ನಡ"}), "Kannada (Male)"),
        (json!({"voice": "alloy", "input": "hello"}), "Hindi (Female)"),
        (json!({"voice": "hi_male", "input": "வணக்கம்"}), "Hindi (Male)"),
        (json!({"voice": "bn_male", "language": "ta"}), "Bengali (Male)"),
        (json!({"voice": null, "language_code": "tam"}), "Tamil (Male)"),
        (json!({"voice": null, "language": "Auto", "input": "வணக்கம்"}), "Tamil (Male)"),
        (json!({"voice": "", "lang": " auto ", "input": "hello"}), "English"),
        (json!({"voice": "bn_male", "language": "auto", "input": "hello"}), "Bengali (Male)"),
    ] {
        let answer = server.request(SPEECH, &body(fields.clone())).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{fields}");
        answer.bytes().await.unwrap();
        let prompt = server.engine.requests().pop().unwrap()["prompt"].to_string();
        assert!(prompt.contains(speaker), "{fields}: {prompt}");
    }
    for (fields, param) in [
        (json!({"voice": null}), "voice"),
        (json!({"voice": null, "language": "xx"}), "language"),
        (json!({"voice": "alloy", "language": "xx"}), "language"),
    ] {
        let (status, answer) =
            status_and_json(server.request(SPEECH, &body(fields)).send().await.unwrap()).await;
        assert!(status == 400 || status == 404, "{status}");
        assert_eq!(answer["error"]["param"], param, "{answer}");
    }
}

#[tokio::test]
async fn numbers_may_be_strings_and_errors_name_their_field() {
    let server = Server::start(Script::frames(2)).await;
    let fields = json!({"speed": "1.0", "seed": "7", "temperature": "0.5", "max_new_tokens": 70, "sample_rate": "16000",
        "task_type": "Base", "speeed": 2});
    let answer = server.request(SPEECH, &body(fields)).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-sample-rate"]),
        (200, &"16000".parse().unwrap())
    );
    assert_eq!(answer.headers()["x-ignored-fields"], "speeed, task_type");
    let asked = server.engine.requests().pop().unwrap();
    assert_eq!(
        (&asked["temperature"], &asked["max_tokens"], &asked["seed"]),
        (&json!(0.5), &json!(70), &json!(7))
    );
    for (fields, param) in [
        (json!({"speed": "fast"}), "speed"),
        (json!({"seed": -1}), "seed"),
        (json!({"temperature": 9}), "temperature"),
        (json!({"sample_rate": 1}), "sample_rate"),
        (json!({"stream": "perhaps"}), "stream"),
        (json!({"stream": 2}), "stream"),
        (json!({"input": 5}), "input"),
        (json!({"voice": 5}), "voice"),
    ] {
        let (status, answer) =
            status_and_json(server.request(SPEECH, &body(fields)).send().await.unwrap()).await;
        assert_eq!((status, &answer["error"]["param"]), (400, &json!(param)), "{answer}");
    }
}
