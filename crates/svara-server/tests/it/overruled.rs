//! Of several ways to say which voice speaks, one counts: what the others overrule is named, and what counts is heeded.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use svara_testkit::{
    eventually,
    fake_vllm::{End, Script},
};

use crate::{
    cloning::{base64, wav},
    harness::{Server, status_and_json},
    plain_errors::message,
};

const IGNORED: &str = "x-ignored-fields";
const PREVIEW: &str = "/v1/text/preview";

/// A server with a store of voices, and one with this language in it.
async fn with_voice(directory: &tempfile::TempDir, language: &str) -> (Server, Value) {
    let store = directory.path().display().to_string();
    let server = Server::with(Script::frames(2), |config| config.voices.store = store).await;
    let body =
        json!({"name": "Asha", "audio": base64(&wav(1.5, 0.4)), "consent": true, "language": language});
    let (status, voice) = status_and_json(server.request("/v1/voices", &body).send().await.unwrap()).await;
    assert_eq!(status, 201, "{voice}");
    (server, voice["voice_id"].clone())
}

#[tokio::test]
async fn a_saved_voice_reads_in_the_language_that_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let (server, id) = with_voice(&directory, "en").await;
    for (fields, said) in [
        (json!({"voice": id}), "five"),
        (json!({"voice_clone_id": id}), "five"),
        (json!({"voice": id, "language": "hi"}), "पाँच"),
        (json!({"voice_clone_id": id, "language": "hi"}), "पाँच"),
        (json!({"voice_clone_id": id, "language": "en"}), "five"),
        (json!({"voice_clone_id": id, "voice": "hi_female", "language": "hi"}), "पाँच"),
        (json!({"voice_clone_id": id, "reference_transcript": "a", "language": "Hindi"}), "पाँच"),
    ] {
        let mut body = json!({"text": "5"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let (status, answer) = status_and_json(server.request(PREVIEW, &body).send().await.unwrap()).await;
        assert_eq!((status, &answer["normalized"]), (200, &json!(said)), "{fields}: {answer}");
    }
}

#[tokio::test]
async fn what_another_form_of_the_voice_overrules_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let (server, id) = with_voice(&directory, "hi").await;
    let recording = base64(&wav(1.5, 0.4));
    let clone = json!({"reference_audio": recording});
    let (_, cloned) = status_and_json(server.request("/v1/voice-clone", &clone).send().await.unwrap()).await;
    let tokens = &cloned["voice_clone_tokens"];
    for (fields, named) in [
        (json!({"voice_clone_id": id}), ""),
        (json!({"voice_clone_tokens": tokens, "reference_transcript": "a"}), ""),
        (json!({"voice_clone_id": id, "reference_audio": "garbage"}), "reference_audio"),
        (json!({"voice_clone_tokens": tokens, "reference_audio": recording}), "reference_audio"),
        (json!({"voice_clone_tokens": tokens, "voice_clone_id": "none"}), "voice_clone_id"),
        (json!({"reference_audio": recording, "voice": "hi_female"}), "voice"),
        (json!({"voice_clone_id": id, "voice_id": "hi_female"}), "voice_id"),
        (json!({"voice_clone_tokens": tokens, "voice": "nobody"}), "voice"),
    ] {
        let mut body = json!({"text": "a"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let answer = server.request(PREVIEW, &body).send().await.unwrap();
        let told = answer.headers().get(IGNORED).map_or("", |told| told.to_str().unwrap()).to_owned();
        assert_eq!((answer.status().as_u16(), &*told), (200, named), "{fields}");
        let strict = server.request(PREVIEW, &body).header("prefer", "handling=strict");
        let status = strict.send().await.unwrap().status();
        assert_eq!(status.as_u16(), if named.is_empty() { 200 } else { 400 }, "{fields}");
    }
}

/// Clients that write brackets behind the names of lists write them behind others, too.
#[tokio::test]
async fn names_with_brackets_are_names() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().display().to_string();
    let server = Server::with(Script::frames(2), |config| config.voices.store = store).await;
    let add = async |fields: &[(&'static str, &'static str)]| {
        let form = Form::new().part("files[]", Part::bytes(wav(1.5, 0.4)).file_name("a.wav"));
        let form = fields.iter().fold(form, |form, (name, value)| form.text(*name, *value));
        server.client.post(server.url("/v1/voices/add")).multipart(form).send().await.unwrap()
    };
    let all = [("name[]", "Asha"), ("consent[]", "true"), ("shared[]", "true"), ("description[]", "kind")];
    let answer = add(&all).await;
    assert_eq!(answer.headers().get(IGNORED), None);
    let (status, added) = status_and_json(answer).await;
    assert_eq!(status, 200, "{added}");
    let path = format!("/v1/voices/{}", added["voice_id"].as_str().unwrap());
    let (_, voice) = status_and_json(server.client.get(server.url(&path)).send().await.unwrap()).await;
    assert_eq!((&voice["name"], &voice["description"]), (&json!("Asha"), &json!("kind")), "{voice}");
    for twice in [("name[]", "Uma"), ("name", "Uma")] {
        let (status, body) = status_and_json(add(&[&all[..], &[twice]].concat()).await).await;
        assert_eq!((status, message(&body).as_str()), (422, "name must be given once"), "{body}");
    }
    let (status, body) = status_and_json(add(&[("name[]", "Uma"), ("consent[]", "perhaps")]).await).await;
    assert_eq!((status, &body["detail"][0]["loc"]), (422, &json!(["body", "consent"])), "{body}");
}

/// It is named as it has no effect, so it has none: events are heard while they come.
#[tokio::test]
async fn events_are_heard_whatever_stream_says() {
    let script = Script { end: End::Hang, ..Script::frames(6) };
    let server = Server::start(script).await;
    let body = json!({"input": "a", "voice": "hi_female", "stream_format": "sse", "stream": false});
    let mut answer = server.request("/v1/audio/speech", &body).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()[IGNORED]), (200, &"stream".parse().unwrap()));
    answer.chunk().await.unwrap().unwrap();
    let capacity = eventually("it runs", async || {
        let (_, health) =
            status_and_json(server.client.get(server.url("/health")).send().await.unwrap()).await;
        let capacity = &health["capacity"];
        (capacity["live"].as_u64()? + capacity["whole"].as_u64()? == 1).then(|| capacity.clone())
    })
    .await;
    assert_eq!((&capacity["live"], &capacity["whole"]), (&json!(1), &json!(0)), "{capacity}");
}

/// A voice that is held in memory is there, and so it isn't unknown to who would change it.
#[tokio::test]
async fn a_voice_in_memory_cannot_be_changed_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let (server, _) = with_voice(&directory, "hi").await;
    let clone = json!({"reference_audio": base64(&wav(1.5, 0.4))});
    let (_, cloned) = status_and_json(server.request("/v1/voice-clone", &clone).send().await.unwrap()).await;
    let url = server.url(&format!("/v1/voices/{}", cloned["voice_id"].as_str().unwrap()));
    assert_eq!(server.client.get(&url).send().await.unwrap().status(), 200);
    let (status, body) =
        status_and_json(server.client.patch(&url).json(&json!({"name": "x"})).send().await.unwrap()).await;
    assert_eq!((status, &body["error"]["field"]), (400, &json!("voice_id")), "{body}");
    assert!(message(&body).contains("isn't stored"), "{body}");
    assert_eq!(server.client.delete(&url).send().await.unwrap().status(), 200);
    let gone = server.client.patch(&url).json(&json!({"name": "x"})).send().await.unwrap();
    assert_eq!(gone.status(), 404);
}
