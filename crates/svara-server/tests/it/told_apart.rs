//! What a refusal tells, and what it keeps to itself.

use reqwest::redirect::Policy;
use serde_json::{Value, json};
use svara_service::callers::KeyEntry;
use svara_testkit::fake_vllm::Script;

use crate::{
    cloning::{base64, wav},
    harness::{Server, status_and_json},
    plain_errors::message,
};

const KEY: &str = "sk-svara-test-0123456789";

/// A client with a key learns no path and no setting of the server from a 501.
#[tokio::test]
async fn what_is_not_set_up_is_told_without_its_place() {
    let server = Server::with(Script::frames(1), |config| {
        config.cloning.encoder = "/srv/secret/enc.onnx".into();
        config.server.keys = vec![KeyEntry::unbounded("test", KEY)];
    })
    .await;
    let recording = base64(&wav(1.0, 0.4));
    let saved = json!({"name": "a", "consent": true, "audio": recording});
    let rule = json!({"name": "a", "rules": [{"string_to_replace": "a", "alias": "b"}]});
    for (path, body) in [
        ("/v1/text-to-speech", json!({"text": "a", "reference_audio": recording})),
        ("/v1/audio/speech", json!({"input": "a", "ref_audio": recording})),
        ("/v1/voice-clone", json!({"reference_audio": recording})),
        ("/v1/voices", saved),
        ("/v1/jobs", json!({"text": "a", "voice": "hi_female"})),
        ("/v1/pronunciation-dictionaries/add-from-rules", rule),
    ] {
        let request = server.request(path, &body).bearer_auth(KEY);
        let (status, answer) = status_and_json(request.send().await.unwrap()).await;
        assert_eq!(status, 501, "{path}: {answer}");
        let said = answer.to_string();
        for word in ["secret", "onnx", "cloning.encoder"] {
            assert!(!said.contains(word), "{path}: {said}");
        }
        assert!(message(&answer).contains("on this server"), "{path}: {answer}");
    }
}

/// Why a store can't be opened is the operator's, even where no path is in it.
#[tokio::test]
async fn what_cannot_be_opened_is_told_without_its_cause() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret");
    std::fs::write(&file, "").unwrap();
    // No directory can be made below a file.
    let below = file.join("store").display().to_string();
    let server = Server::with(Script::frames(1), |config| {
        config.voices.store.clone_from(&below);
        config.jobs.store = below;
        config.server.keys = vec![KeyEntry::unbounded("test", KEY)];
    })
    .await;
    let saved = json!({"name": "a", "consent": true, "audio": base64(&wav(1.5, 0.4))});
    let rule = json!({"name": "a", "rules": [{"string_to_replace": "a", "alias": "b"}]});
    for (path, body) in [
        ("/v1/voices", saved),
        ("/v1/jobs", json!({"text": "a", "voice": "hi_female"})),
        ("/v1/pronunciation-dictionaries/add-from-rules", rule),
    ] {
        let request = server.request(path, &body).bearer_auth(KEY);
        let (status, answer) = status_and_json(request.send().await.unwrap()).await;
        assert_eq!(status, 501, "{path}: {answer}");
        let said = message(&answer);
        assert!(said.ends_with("on this server: their store can't be opened"), "{path}: {said}");
        for word in ["secret", "os error", "directory"] {
            assert!(!answer.to_string().contains(word), "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_saved_voice_is_known_and_has_no_sample() {
    let directory = tempfile::tempdir().unwrap();
    let store = format!("file://{}", directory.path().display());
    let server = Server::with(Script::frames(9), |config| config.voices.store = store).await;
    let body = json!({"name": "Asha", "consent": true, "audio": base64(&wav(1.5, 0.4))});
    let (_, made) = status_and_json(server.request("/v1/voices", &body).send().await.unwrap()).await;
    let id = made["voice_id"].as_str().unwrap();
    let get = async |path: String| {
        status_and_json(server.client.get(server.url(&path)).send().await.unwrap()).await
    };
    let (status, answer) = get(format!("/v1/voices/{id}/preview")).await;
    assert_eq!((status, &answer["error"]["type"]), (404, &json!("not_found")), "{answer}");
    assert!(message(&answer).contains("only the model's own voices have one"), "{answer}");
    for voice in [id, "hi_female"] {
        let (_, one) = get(format!("/v1/voices/{voice}?with_settings=true")).await;
        let (_, settings) = get(format!("/v1/voices/{voice}/settings")).await;
        assert_eq!(one["settings"], settings, "{one}");
    }
    let (_, answer) =
        status_and_json(server.request("/v1/voice-clone", &json!({})).send().await.unwrap()).await;
    assert_eq!(
        (message(&answer), &answer["error"]["field"]),
        ("reference_audio is required".to_owned(), &json!("reference_audio"))
    );
}

#[tokio::test]
async fn a_label_without_a_meaning_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let store = format!("file://{}", directory.path().display());
    let server = Server::with(Script::frames(9), |config| config.voices.store = store).await;
    let recording = reqwest::multipart::Part::bytes(wav(1.5, 0.4)).file_name("a.wav");
    let form = reqwest::multipart::Form::new().text("name", "a").text("consent", "true");
    let form = form.text("labels", r#"{"gender":"zz","language":"hi"}"#).part("files", recording);
    let answer = server.client.post(server.url("/v1/voices/add")).multipart(form).send().await.unwrap();
    assert_eq!(answer.headers()["x-ignored-fields"], "labels.gender");
}

#[tokio::test]
async fn a_slash_of_the_base_url_leads_to_the_path() {
    let server = Server::start(Script::frames(1)).await;
    let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    for path in ["/v1/audio/speech", "/v1/voices", "/v1/text-to-speech/hi_female", "/v1/models"] {
        let answer = client.get(server.url(&format!("/{path}?a=b"))).send().await.unwrap();
        assert_eq!(answer.status(), 308, "{path}");
        assert_eq!(answer.headers()["location"].to_str().unwrap(), format!("{path}?a=b"));
    }
    let body = json!({"input": "a", "voice": "alloy"});
    let followed = server.request("//v1/audio/speech", &body).send().await.unwrap();
    assert_eq!(followed.status(), 200, "with the body");
    for path in ["//example.com", "//example.com/v1/voices", "///v1/voices"] {
        assert_eq!(client.get(server.url(path)).send().await.unwrap().status(), 404, "{path}");
    }
}

#[tokio::test]
async fn openais_other_routes_are_refused_in_its_words() {
    let server = Server::start(Script::frames(1)).await;
    for path in [
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/responses",
        "/v1/embeddings",
        "/v1/images/generations",
        "/v1/realtime",
        "/v1/files",
        "/chat/completions",
        "/v1/moderations",
    ] {
        let (status, body) = status_and_json(server.request(path, &json!({})).send().await.unwrap()).await;
        assert_eq!(status, 404, "{path}");
        let said = body["error"]["message"].as_str().unwrap_or_else(|| panic!("{path}: {body}"));
        assert!(
            said.contains("this server only speaks") && said.contains("POST /v1/audio/speech"),
            "{path}: {said}"
        );
    }
}

/// The words of libraries mean nothing to callers.
#[tokio::test]
async fn what_is_no_recording_or_list_is_told_in_plain_words() {
    let server = Server::start(Script::frames(1)).await;
    for (audio, words) in [
        ("ref.wav", "its character 4 doesn't belong there; a form sends a file with @ before its name"),
        ("abcde", "it ends in the middle"),
    ] {
        let body = json!({"text": "a", "reference_audio": audio});
        let (status, answer) =
            status_and_json(server.request("/v1/text-to-speech", &body).send().await.unwrap()).await;
        assert!(status == 422 && message(&answer).contains(words), "{audio}: {answer}");
    }
    let post = |kind: &'static str, body: &'static str| {
        let request = server.client.post(server.url("/v1/text-to-speech"));
        request.header("content-type", kind).body(body).send()
    };
    let form = "application/x-www-form-urlencoded";
    let (_, answer) =
        status_and_json(post(form, "text=a&pronunciation_dictionary_locators=abc").await.unwrap()).await;
    let said = message(&answer);
    assert!(said.contains("must be a JSON list") && !said.contains("line 1"), "{said}");
    let (status, answer) = status_and_json(post("multipart/form-data", "x").await.unwrap()).await;
    assert!(status == 400 && message(&answer).contains("has no boundary"), "{answer}");
}

/// The page's example is what this server answers.
#[tokio::test]
async fn the_pages_preview_is_what_is_answered() {
    let server = Server::start(Script::frames(1)).await;
    let page = std::fs::read_to_string(svara_testkit::models::workspace().join("docs/api.md")).unwrap();
    let section = page.split("## `POST /v1/text/preview`").nth(1).unwrap();
    let shown: Value =
        serde_json::from_str(section.split("```json").nth(1).unwrap().split("```").next().unwrap()).unwrap();
    let body = json!({"text": "**कीमत ₹5** है। [pause:1s] ठीक", "voice": "hi_female", "strip_markdown": true});
    let (_, answer) = status_and_json(server.request("/v1/text/preview", &body).send().await.unwrap()).await;
    assert_eq!(answer, shown);
}
