//! What a request says twice, or says against itself, is refused or named, and never dropped in silence.

use futures::{SinkExt, StreamExt};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use svara_testkit::fake_vllm::Script;
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::{
    cloning::{base64, wav},
    harness::{Server, status_and_json},
    plain_errors::message,
};

const IGNORED: &str = "x-ignored-fields";

async fn server() -> Server {
    Server::start(Script::frames(9)).await
}

#[tokio::test]
async fn a_field_that_a_form_has_twice_is_named() {
    let server = server().await;
    for (form, field) in [
        ("text=first&text=second&voice=hi_female", "text"),
        ("text=a&voice=hi_female&voice=hi_male", "voice"),
        ("text=a&voice=hi_female&speed=1&speed=2", "speed"),
    ] {
        for path in ["/v1/text-to-speech", "/v1/text/preview"] {
            let request = server.client.post(server.url(path)).body(form);
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            let (status, body) = status_and_json(request.send().await.unwrap()).await;
            assert_eq!(status, 422, "{path} {form}: {body}");
            assert_eq!(message(&body), format!("{field} must be given once"), "{path}");
        }
    }
    // What isn't filled in is absent.
    let request = server.client.post(server.url("/v1/text/preview")).body("text=a&voice=&voice=hi_male");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_file_or_a_text_that_comes_twice_is_named() {
    let server = server().await;
    let recording = || Part::bytes(wav(1.0, 0.4)).file_name("a.wav");
    let post = async |path: &str, form: Form| {
        let request = server.client.post(server.url(path)).multipart(form);
        status_and_json(request.send().await.unwrap()).await
    };
    let saved = || Form::new().text("name", "a").text("consent", "true");
    let spoken = || Form::new().text("text", "a");
    for (path, form, field) in [
        ("/v1/voices", saved().part("audio", recording()).part("audio", recording()), "audio"),
        (
            "/v1/voice-clone",
            saved().part("reference_audio", recording()).part("reference_audio", recording()),
            "reference_audio",
        ),
        (
            "/v1/text-to-speech",
            spoken().part("reference_audio", recording()).part("reference_audio", recording()),
            "reference_audio",
        ),
        ("/v1/text-to-speech", spoken().text("voice", "hi_female").text("voice", "hi_male"), "voice"),
        ("/v1/voices/add", saved().text("name", "b").part("files", recording()), "name"),
        (
            "/v1/pronunciation-dictionaries/add-from-file",
            Form::new().text("name", "a").text("name", "b"),
            "name",
        ),
        (
            "/v1/pronunciation-dictionaries/add-from-file",
            Form::new().text("name", "a").part("file", recording()).part("file", recording()),
            "file",
        ),
    ] {
        let (status, body) = post(path, form).await;
        assert_eq!(status, 422, "{path}: {body}");
        assert_eq!(message(&body), format!("{field} must be given once"), "{path}");
    }
}

#[tokio::test]
async fn two_names_of_one_field_must_agree() {
    let server = server().await;
    for (path, one, other, field) in [
        ("/v1/text-to-speech", json!({"voice": "hi_female"}), json!({"voice_id": "ta_male"}), "voice_id"),
        ("/v1/audio/speech", json!({"voice": "hi_female"}), json!({"speaker": "ta_male"}), "speaker"),
        ("/v1/audio/speech", json!({"voice": "alloy", "language": "hi"}), json!({"lang": "ta"}), "lang"),
        (
            "/v1/audio/speech",
            json!({"voice": "alloy", "language": "hi"}),
            json!({"language_code": "ta"}),
            "language_code",
        ),
        (
            "/v1/audio/speech",
            json!({"voice": "alloy", "max_tokens": 99}),
            json!({"max_new_tokens": 100}),
            "max_new_tokens",
        ),
        (
            "/v1/audio/speech",
            json!({"voice": "alloy", "text_normalization": "on"}),
            json!({"normalize": "off"}),
            "normalize",
        ),
    ] {
        let mut body = json!({"text": "a", "input": "a"});
        for fields in [&one, &other] {
            body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        }
        let (status, answer) = status_and_json(server.request(path, &body).send().await.unwrap()).await;
        assert!((400..=422).contains(&status), "{body}: {answer}");
        let said = message(&answer);
        assert!(said.starts_with(field) && said.contains("are one field: send one"), "{body}: {said}");
    }
    for (path, fields) in [
        ("/v1/text-to-speech", json!({"voice": "hi_female", "voice_id": "hi_female"})),
        (
            "/v1/audio/speech",
            json!({"voice": "alloy", "speaker": {"id": "alloy"}, "language": "hi", "lang": "hin"}),
        ),
        ("/v1/audio/speech", json!({"voice": "alloy", "language": "auto", "lang": "ta"})),
        ("/v1/audio/speech", json!({"voice": "alloy", "text_normalization": "auto", "normalize": false})),
    ] {
        let mut body = json!({"text": "a", "input": "a"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let answer = server.request(path, &body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{fields}");
    }
}

#[tokio::test]
async fn what_another_field_overrules_is_named() {
    let server = server().await;
    let recording = base64(&wav(1.0, 0.4));
    for (path, fields, named) in [
        ("/v1/text-to-speech", json!({"voice": "hi_female", "gender": "male"}), "gender"),
        ("/v1/text-to-speech", json!({"voice": "hi_female", "gender": "female"}), ""),
        ("/v1/text-to-speech", json!({"voice": "hi-IN", "gender": "male"}), ""),
        ("/v1/text-to-speech", json!({"reference_audio": recording, "voice": "zzz"}), "voice"),
        ("/v1/text-to-speech", json!({"reference_audio": recording, "language": "zz"}), "language"),
        ("/v1/text-to-speech", json!({"reference_audio": recording, "gender": "male"}), "gender"),
        ("/v1/text-to-speech", json!({"reference_audio": recording, "language": "hi"}), ""),
        (
            "/v1/text-to-speech",
            json!({"voice": "hi_female", "reference_transcript": "a"}),
            "reference_transcript",
        ),
        ("/v1/audio/speech", json!({"voice": "hi_female", "ref_text": "a"}), "ref_text"),
        (
            "/v1/audio/speech",
            json!({"voice": "hi_female", "stream": false, "stream_format": "sse"}),
            "stream",
        ),
    ] {
        let text = if path.ends_with("audio/speech") { "input" } else { "text" };
        let mut body = json!({text: "a"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let answer = server.request(path, &body).send().await.unwrap();
        let told = answer.headers().get(IGNORED).map_or("", |value| value.to_str().unwrap()).to_owned();
        let status = answer.status();
        assert_eq!((status.as_u16(), &*told), (200, named), "{path} {:?}", answer.text().await);
        let strict = server.request(path, &body).header("prefer", "handling=strict").send().await.unwrap();
        assert_eq!(strict.status() == 400, !named.is_empty(), "{path} {named}");
    }
}

#[tokio::test]
async fn a_parameter_that_is_not_filled_in_counts_as_absent_on_every_route() {
    let server = server().await;
    for path in [
        "/v1/voices?model_id=&model_id=svara-tts-v1",
        "/v2/voices?page_size=&page_size=2&search=%20&search=a",
        "/v1/audio/voices?legacy=1&legacy=",
        "/v1/voices/hi_female?with_settings=&with_settings=true",
    ] {
        let answer = server.client.get(server.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}: {:?}", answer.text().await);
    }
    let formats = "output_format=&output_format=pcm_16000";
    let path = format!("/v1/text-to-speech/hi_female?{formats}");
    let answer = server.request(&path, &json!({"text": "a"})).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-sample-rate"]),
        (200, &"16000".parse().unwrap())
    );
    for path in [
        "/v1/audio/speech/stream-input?voice=&voice=hi_female",
        "/v1/text-to-speech/hi_female/stream-input?seed=1&seed=",
    ] {
        let (mut socket, _) = connect_async(format!("ws://{}{path}", server.address)).await.unwrap();
        socket.send(Message::Text(json!({"text": ""}).to_string().into())).await.unwrap();
        let Some(Ok(Message::Text(told))) = socket.next().await else { panic!("{path}: nothing told") };
        assert!(!told.contains("message"), "{path}: {told}");
    }
}

#[tokio::test]
async fn a_parameter_that_a_socket_has_twice_is_named() {
    let server = server().await;
    for query in [
        "voice=hi_female&voice=hi_male",
        "voice=hi_female&speed=1&speed=1.2",
        "voice=hi_female&lang=hi&language=ta",
    ] {
        let url = format!("ws://{}/v1/audio/speech/stream-input?{query}", server.address);
        let refused = connect_async(url).await.unwrap_err();
        assert!(refused.to_string().contains("422"), "{query}: {refused}");
    }
    for route in ["stream-input", "multi-stream-input"] {
        for (query, field) in [
            ("output_format=pcm_16000&output_format=mp3_44100_128", "output_format"),
            ("seed=1&seed=2", "seed"),
        ] {
            let url = format!("ws://{}/v1/text-to-speech/hi_female/{route}?{query}", server.address);
            let (mut socket, _) = connect_async(url).await.unwrap();
            let Some(Ok(Message::Text(told))) = socket.next().await else { panic!("{query}: nothing told") };
            let told: Value = serde_json::from_str(&told).unwrap();
            assert_eq!(told["message"], format!("{field} must be given once"), "{told}");
        }
    }
}
