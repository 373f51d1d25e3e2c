//! Voices from recordings: for one request, and saved.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use svara_config::Config;
use svara_testkit::{
    fake_vllm::{Script, frame_tokens},
    models::demo_codec,
};

use crate::harness::{Server, status_and_json};

const FRAME_BYTES: usize = 2048 * 2;

/// A tone of this length and amplitude, as WAV.
pub fn wav(seconds: f32, amplitude: f32) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for n in 0..(seconds * 16_000.0) as u32 {
        let sample = (amplitude * 32_767.0 * (n as f32 * 0.1).sin()).clamp(-32_768.0, 32_767.0) as i16;
        writer.write_sample(sample).unwrap();
        writer.write_sample(sample).unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn kept_in(directory: &tempfile::TempDir) -> impl FnOnce(&mut Config) {
    let url = format!("file://{}", directory.path().display());
    move |config| config.voices.store = url
}

async fn make(server: &Server, fields: Value) -> (u16, Value) {
    let mut body =
        json!({"name": "Asha", "audio": base64(&wav(1.5, 0.4)), "transcript": "नमस्ते", "consent": true});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    status_and_json(server.request("/v1/voices", &body).send().await.unwrap()).await
}

async fn get(server: &Server, path: &str) -> (u16, Value) {
    status_and_json(server.client.get(server.url(path)).send().await.unwrap()).await
}

async fn delete(server: &Server, path: &str) -> (u16, Value) {
    status_and_json(server.client.delete(server.url(path)).send().await.unwrap()).await
}

#[tokio::test]
async fn a_recording_works_in_json_and_in_a_form() {
    let server = Server::start(Script::frames(3)).await;
    let audio = wav(1.5, 0.4);
    let of_addresses = base64(&audio).replace('+', "-").replace('/', "_");
    for recording in [base64(&audio), format!("data:audio/wav;base64,{}", base64(&audio)), of_addresses] {
        let fields = json!({"voice": null, "reference_audio": recording, "reference_transcript": "मेरी आवाज़"});
        let response = server.speak(fields).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.bytes().await.unwrap().len(), 3 * FRAME_BYTES);
    }
    let form = Form::new()
        .text("text", "नमस्ते")
        .text("response_format", "pcm")
        .text("reference_transcript", "मेरी आवाज़")
        .part("reference_audio", Part::bytes(audio).file_name("a.wav"));
    let response = server.client.post(server.url("/v1/text-to-speech")).multipart(form).send().await.unwrap();
    assert_eq!(response.bytes().await.unwrap().len(), 3 * FRAME_BYTES);
    let requests = server.engine.requests();
    assert_eq!(requests[0]["prompt"], requests[1]["prompt"]);
    assert_eq!(requests[0]["prompt"], requests[2]["prompt"]);
    let prompt: Vec<u64> = serde_json::from_value(requests[0]["prompt"].clone()).unwrap();
    // 1.5 s are 18 frames, the last one padded.
    let audio_tokens = prompt.iter().filter(|id| (128_266..156_938).contains(*id)).count();
    assert_eq!(audio_tokens, 18 * 7);
}

/// The demo voice's encoder, with a file in place of the library that can't be loaded.
#[tokio::test]
async fn the_demo_codec_encodes_recordings_without_onnx_runtime() {
    let change = |config: &mut Config| {
        config.decoder.library = demo_codec("decoder.onnx");
        config.cloning.encoder = demo_codec("encoder.onnx");
    };
    let server = Server::with(Script::frames(3), change).await;
    let recording = base64(&wav(1.5, 0.4));
    let fields = json!({"voice": null, "reference_audio": recording, "reference_transcript": "मेरी आवाज़"});
    let response = server.speak(fields).await;
    assert_eq!(response.status(), 200);
    let prompt: Vec<u64> = serde_json::from_value(server.engine.requests()[0]["prompt"].clone()).unwrap();
    let audio_tokens = prompt.iter().filter(|id| (128_266..156_938).contains(*id)).count();
    assert_eq!(audio_tokens, 18 * 7);
}

/// What ffmpeg and others write to a pipe has no sizes, as they can't go back to fill them in.
#[tokio::test]
async fn a_recording_from_a_pipe_is_taken_to_its_end() {
    let server = Server::start(Script::frames(3)).await;
    let whole = wav(1.5, 0.4);
    let data = whole.windows(4).position(|name| name == b"data").unwrap() + 4;
    let sizes = |file: Option<u32>, samples: Option<u32>| {
        let mut audio = whole.clone();
        for (at, size) in [(4, file), (data, samples)] {
            if let Some(size) = size {
                audio[at..at + 4].copy_from_slice(&size.to_le_bytes());
            }
        }
        audio
    };
    for file in [None, Some(0), Some(36), Some(u32::MAX)] {
        for samples in [None, Some(0), Some(u32::MAX)] {
            let audio = base64(&sizes(file, samples));
            let answer = server.speak(json!({"reference_audio": audio, "reference_transcript": "a"})).await;
            assert_eq!(answer.status(), 200, "{file:?} {samples:?}");
        }
    }
    let requests = server.engine.requests();
    assert!(requests.iter().all(|request| request["prompt"] == requests[0]["prompt"]), "all of it is heard");
}

#[tokio::test]
async fn an_unusable_recording_is_refused_with_the_reason() {
    let server = Server::with(Script::frames(1), |config| {
        config.cloning.max_bytes = 200_000;
        config.cloning.max_seconds = 2.0.try_into().unwrap();
    })
    .await;
    for (audio, words) in [
        (base64(&wav(0.5, 0.4)), "at least 1 s"),
        (base64(&wav(1.5, 0.0)), "silent"),
        (base64(&wav(1.5, 4.0)), "clipped"),
        (base64(&wav(2.5, 0.4)), "longer than 2 s"),
        (base64(&wav(3.5, 0.4)), "larger than 200000 bytes"),
        (base64(b"no audio at all"), "unrecognized audio file"),
        ("&&".to_owned(), "not base64"),
    ] {
        let (status, body) = server.speak_json(json!({"reference_audio": audio})).await;
        let message = body["detail"].as_str().unwrap();
        assert!(status == 422 && message.contains(words), "{words}: {status} {message}");
        assert_eq!(body["error"]["field"], "reference_audio");
    }
    assert_eq!(server.engine.requests(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_missing_encoder_or_store_is_reported() {
    let server =
        Server::with(Script::frames(1), |config| config.cloning.encoder = "/nowhere/encoder.onnx".into())
            .await;
    let (status, body) = server.speak_json(json!({"reference_audio": base64(&wav(1.5, 0.4))})).await;
    assert_eq!((status, &body["error"]["type"]), (501, &json!("not_supported")));
    assert!(body["detail"].as_str().unwrap().contains("/nowhere/encoder.onnx"), "{body}");
    let server = Server::start(Script::frames(1)).await;
    let (status, body) = make(&server, json!({})).await;
    assert_eq!((status, &body["error"]["type"]), (501, &json!("not_supported")));
}

#[tokio::test]
async fn a_voice_is_saved_listed_used_and_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(2), kept_in(&directory)).await;
    let (status, made) = make(&server, json!({"language": "hi-IN", "gender": "female"})).await;
    assert_eq!(status, 201, "{made}");
    let id = made["voice_id"].as_str().unwrap().to_owned();
    assert_eq!((&made["name"], &made["language_code"]), (&json!("Asha"), &json!("hi")));
    // Another replica, which hasn't cached the voice.
    let other = Server::with(Script::frames(2), |config| {
        kept_in(&directory)(config);
        config.voices.revalidate_seconds = 0.0.try_into().unwrap();
    })
    .await;
    assert_eq!(get(&other, &format!("/v1/voices/{id}")).await.1["name"], "Asha");
    let (_, list) = get(&other, "/v1/voices").await;
    assert_eq!(list["voices"].as_array().unwrap().len(), 39);
    for fields in [json!({"voice": id}), json!({"voice_clone_id": id, "voice": null})] {
        assert_eq!(other.speak(fields).await.bytes().await.unwrap().len(), 2 * FRAME_BYTES);
    }
    let openai = json!({"model": "tts-1", "input": "नमस्ते", "voice": id, "response_format": "pcm"});
    assert_eq!(other.request("/v1/audio/speech", &openai).send().await.unwrap().status(), 200);
    let requests = other.engine.requests();
    assert_eq!(requests[0]["prompt"], requests[1]["prompt"]);
    assert_eq!(requests[0]["prompt"], requests[2]["prompt"]);
    assert!(requests[0]["prompt"].as_array().unwrap().contains(&json!(128_262)), "a clone's prompt");
    assert_eq!(delete(&server, &format!("/v1/voices/{id}")).await.0, 200);
    assert_eq!(delete(&server, &format!("/v1/voices/{id}")).await.0, 404);
    assert_eq!(get(&other, &format!("/v1/voices/{id}")).await.0, 404);
    assert_eq!(other.speak_json(json!({"voice": id})).await.0, 404);
    assert_eq!(delete(&server, "/v1/voices/hi_female").await.0, 400);
}

#[tokio::test]
async fn a_voice_needs_a_name_consent_and_room() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(1), |config| {
        kept_in(&directory)(config);
        config.voices.max_kept = 1;
    })
    .await;
    for (fields, words) in [
        (json!({"name": " "}), "name is required"),
        (json!({"audio": ""}), "audio is required"),
        (json!({"consent": false}), "consent must be true"),
        (json!({"consent": null}), "consent must be true"),
        (json!({"gender": "x"}), "gender"),
        (json!({"transcript": "a".repeat(2001)}), "transcript may have at most 2000"),
        (json!({"language": "no language"}), "language must be a language's name or code, such as hi"),
        (json!({"language": "12"}), "language must be a language's name or code, such as hi"),
        (json!({"audio": "&&"}), "audio: not base64"),
    ] {
        let (status, body) = make(&server, fields).await;
        assert!(status == 422 && body["detail"].as_str().unwrap().starts_with(words), "{words}: {body}");
        assert_eq!(body["error"]["field"].as_str(), words.split([' ', ':']).next(), "{body}");
    }
    let older = json!({"name": "Asha", "reference_audio": "&&", "consent": true});
    let (_, body) = status_and_json(server.request("/v1/voices", &older).send().await.unwrap()).await;
    assert_eq!(body["error"]["field"], "reference_audio", "{body}");
    assert_eq!(make(&server, json!({})).await.0, 201);
    let (status, body) = make(&server, json!({})).await;
    assert_eq!((status, &body["error"]["type"]), (409, &json!("voices_full")));
}

#[tokio::test]
async fn a_damaged_voice_does_not_hide_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(1), |config| {
        kept_in(&directory)(config);
        config.voices.revalidate_seconds = 0.0.try_into().unwrap();
    })
    .await;
    let (broken, whole) = (make(&server, json!({})).await.1, make(&server, json!({})).await.1);
    let id = broken["voice_id"].as_str().unwrap();
    let file = directory.path().join("voices").join(id);
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let (status, body) = server.speak_json(json!({"voice": id})).await;
    assert_eq!((status, &body["error"]["type"]), (500, &json!("voice_damaged")));
    let (_, list) = get(&server, "/v1/voices").await;
    let ids: Vec<&Value> = list["voices"].as_array().unwrap().iter().map(|v| &v["voice_id"]).collect();
    assert!(ids.contains(&&whole["voice_id"]) && !ids.contains(&&broken["voice_id"]));
    assert_eq!(delete(&server, &format!("/v1/voices/{id}")).await.0, 200, "and it can be deleted");
}

#[tokio::test]
async fn the_older_forks_requests_work() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(1), kept_in(&directory)).await;
    let form = Form::new()
        .part("reference_audio", Part::bytes(wav(1.5, 0.4)).file_name("a.wav"))
        .text("reference_transcript", "नमस्ते");
    let response = server.client.post(server.url("/v1/voice-clone")).multipart(form).send().await.unwrap();
    let (status, cloned) = status_and_json(response).await;
    assert_eq!((status, &cloned["audio_token_count"]), (200, &json!(18 * 7)), "{cloned}");
    assert_eq!((&cloned["sample_rate_hz"], &cloned["transcript_provided"]), (&json!(24_000), &json!(true)));
    let tokens = &cloned["voice_clone_tokens"];
    assert_eq!(tokens.as_array().unwrap().len(), 18 * 7);
    let by_id = json!({"voice": null, "voice_clone_id": cloned["voice_id"]});
    assert_eq!(server.speak(by_id).await.status(), 200);
    let by_tokens = json!({"voice": null, "voice_clone_tokens": tokens, "reference_transcript": "नमस्ते"});
    assert_eq!(server.speak(by_tokens).await.status(), 200);
    let requests = server.engine.requests();
    assert_eq!(requests[0]["prompt"], requests[1]["prompt"]);
    let (_, list) = get(&server, "/v1/voices").await;
    assert_eq!(list["voices"].as_array().unwrap().len(), 38, "it isn't listed");
    let mut wrong = frame_tokens(2);
    wrong.swap(0, 1);
    for tokens in [json!(wrong), json!(frame_tokens(400)), json!([128_266])] {
        let (status, body) = server.speak_json(json!({"voice_clone_tokens": tokens})).await;
        assert_eq!((status, &body["error"]["field"]), (422, &json!("voice_clone_tokens")));
    }
    assert_eq!(server.speak_json(json!({"voice_clone_id": "../x"})).await.0, 404);
}

/// ElevenLabs' instant cloning, with the consent that is asked for here.
#[tokio::test]
async fn a_voice_is_added_as_elevenlabs_clients_do() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(1), kept_in(&directory)).await;
    let add = async |files: usize, fields: &[(&'static str, &'static str)]| {
        let mut form = Form::new().text("name", "Asha");
        for _ in 0..files {
            form = form.part("files", Part::bytes(wav(1.5, 0.4)).file_name("a.wav"));
        }
        let form = fields.iter().fold(form, |form, (name, value)| form.text(*name, *value));
        server.client.post(server.url("/v1/voices/add")).multipart(form).send().await.unwrap()
    };
    let labels = r#"{"language": "hi-IN", "gender": "female", "accent": "Awadhi"}"#;
    let answer =
        add(1, &[("consent", "true"), ("labels", labels), ("remove_background_noise", "true")]).await;
    assert_eq!(answer.headers()["x-ignored-fields"], "labels.accent, remove_background_noise");
    let (status, added) = status_and_json(answer).await;
    assert_eq!((status, &added["requires_verification"]), (200, &json!(false)), "{added}");
    let (_, voice) = get(&server, &format!("/v1/voices/{}", added["voice_id"].as_str().unwrap())).await;
    assert_eq!(
        (&voice["name"], &voice["language_code"], &voice["gender"]),
        (&json!("Asha"), &json!("hi"), &json!("female"))
    );
    for (files, fields, field, words) in [
        (1, &[][..], "consent", "must be true"),
        (0, &[("consent", "true")], "files", "is required"),
        (2, &[("consent", "true")], "files", "one recording"),
        (1, &[("consent", "true"), ("labels", "[\"hi\"]")], "labels", "a JSON object"),
        (
            1,
            &[("consent", "true"), ("remove_background_noise", "x")],
            "remove_background_noise",
            "true or false",
        ),
    ] {
        let (status, body) = status_and_json(add(files, fields).await).await;
        let fault = &body["detail"][0];
        assert_eq!((status, &fault["loc"]), (422, &json!(["body", field])), "{body}");
        assert!(fault["msg"].as_str().unwrap().contains(words), "{body}");
    }
}
