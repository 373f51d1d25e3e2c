//! Saved voices belong to the key that made them.

use std::path::Path;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use svara_config::Config;
use svara_service::callers::{KeyEntry, KeyHash};
use svara_testkit::fake_vllm::Script;

use crate::{
    cloning::{base64, wav},
    harness::{Server, status_and_json},
    sockets::Client,
};

const ALICE: &str = "sk-svara-test-of-alice-000";
const BOB: &str = "sk-svara-test-of-bob-00000";
const ADMIN: &str = "sk-svara-test-of-the-admin";

fn keyed(store: &Path) -> impl FnOnce(&mut Config) {
    let store = store.display().to_string();
    move |config| {
        config.voices.store = format!("{store}/voices");
        config.jobs.store = format!("{store}/jobs");
        config.server.keys = vec![
            KeyEntry::unbounded("alice", ALICE),
            KeyEntry::unbounded("bob", BOB),
            KeyEntry { admin: true, ..KeyEntry::unbounded("root", ADMIN) },
        ];
    }
}

async fn send(request: RequestBuilder, key: Option<&str>) -> (u16, Value) {
    let request = key.into_iter().fold(request, |request, key| request.bearer_auth(key));
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn ask(server: &Server, method: Method, path: &str, key: Option<&str>) -> (u16, Value) {
    send(server.client.request(method, server.url(path)), key).await
}

async fn make(server: &Server, key: Option<&str>, fields: Value) -> String {
    let mut body = json!({"name": "Patient 42", "audio": base64(&wav(1.5, 0.4)), "consent": true});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let (status, made) = send(server.request("/v1/voices", &body), key).await;
    assert_eq!(status, 201, "{made}");
    made["voice_id"].as_str().unwrap().to_owned()
}

/// Every request that names a voice, and what it answers to a key that may use the voice.
fn uses(server: &Server, id: &str) -> Vec<(&'static str, RequestBuilder, u16)> {
    let text = "नमस्ते";
    let get = |path: String| server.client.get(server.url(&path));
    vec![
        ("one", get(format!("/v1/voices/{id}")), 200),
        ("settings", get(format!("/v1/voices/{id}/settings")), 200),
        ("svara", server.request("/v1/text-to-speech", &json!({"text": text, "voice": id})), 200),
        ("seeded", server.request("/v1/text-to-speech", &json!({"text": text, "voice": id, "seed": 7})), 200),
        ("clone id", server.request("/v1/text-to-speech", &json!({"text": text, "voice_clone_id": id})), 200),
        (
            "openai",
            server
                .request("/v1/audio/speech", &json!({"input": text, "voice": id, "response_format": "pcm"})),
            200,
        ),
        ("openai id", server.request("/v1/audio/speech", &json!({"input": text, "voice": {"id": id}})), 200),
        ("elevenlabs", server.request(&format!("/v1/text-to-speech/{id}"), &json!({"text": text})), 200),
        (
            "times",
            server.request(&format!("/v1/text-to-speech/{id}/with-timestamps"), &json!({"text": text})),
            200,
        ),
        ("preview", server.request("/v1/text/preview", &json!({"text": text, "voice": id})), 200),
        ("job", server.request("/v1/jobs", &json!({"text": text, "voice": id})), 202),
        ("job by id", server.request("/v1/jobs", &json!({"text": text, "voice_clone_id": id})), 202),
    ]
}

/// Whether each list has the voice.
async fn listed(server: &Server, id: &str, key: Option<&str>) -> bool {
    let mut found = Vec::new();
    for path in [
        "/v1/voices",
        "/v2/voices?page_size=100",
        "/v2/voices?category=cloned",
        "/v1/audio/voices",
        "/v1/audio/voices?legacy=true",
    ] {
        let (status, list) = ask(server, Method::GET, path, key).await;
        assert_eq!(status, 200, "{path}");
        found.push(list.to_string().contains(id));
    }
    assert!(found.iter().all(|there| *there == found[0]), "{found:?}");
    found[0]
}

async fn is_for(server: &Server, id: &str, key: Option<&str>) -> bool {
    assert!(!listed(server, id, None).await, "lists without a key have no saved voice");
    let there = listed(server, id, key).await;
    for (name, request, well) in uses(server, id) {
        let (status, body) = send(request, key).await;
        assert_eq!(status, if there { well } else { 404 }, "{name}: {body}");
        assert!(there || !body.to_string().contains("Patient"), "{name}: {body}");
    }
    for path in [format!("/v1/voices/{id}"), format!("/v1/voices/{id}/settings")] {
        assert_eq!(ask(server, Method::GET, &path, None).await.0, 404, "{path} without a key");
    }
    for route in ["stream-input", "multi-stream-input"] {
        let query = format!("&xi_api_key={}", key.unwrap());
        let mut socket = Client::open(server, &format!("{id}/{route}"), &query).await;
        socket.send(json!({"text": "a ", "flush": true})).await;
        let first = socket.next().await.unwrap();
        assert_eq!(first["audio"].is_string(), there, "{first}");
    }
    there
}

#[tokio::test]
async fn a_voice_is_its_keys_alone_until_it_is_shared() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(2), |config| {
        keyed(directory.path())(config);
        config.cache.memory_bytes = 10_000_000;
    })
    .await;
    let id = make(&server, Some(ALICE), json!({})).await;
    let path = format!("/v1/voices/{id}");
    // What she hears is cached; that must not tell others anything.
    assert!(is_for(&server, &id, Some(ALICE)).await);
    assert!(!is_for(&server, &id, Some(BOB)).await);
    assert!(is_for(&server, &id, Some(ADMIN)).await);
    let change = |key: &'static str, change: Value| {
        send(server.client.patch(server.url(&path)).json(&change), Some(key))
    };
    assert_eq!(change(BOB, json!({"shared": true})).await.0, 404);
    assert_eq!(ask(&server, Method::DELETE, &path, Some(BOB)).await.0, 404);
    let (status, shared) = change(ALICE, json!({"shared": true, "name": "Asha"})).await;
    assert_eq!((status, &shared["shared"], &shared["name"]), (200, &json!(true), &json!("Asha")));
    assert!(is_for(&server, &id, Some(BOB)).await);
    assert_eq!(ask(&server, Method::DELETE, &path, Some(BOB)).await.0, 403, "shared, not given away");
    assert_eq!(change(BOB, json!({"name": "Bob's"})).await.0, 403);
    assert_eq!(change(ALICE, json!({"shared": false})).await.0, 200);
    assert!(!is_for(&server, &id, Some(BOB)).await);
    assert_eq!(ask(&server, Method::DELETE, &path, Some(ALICE)).await.0, 200);
    assert_eq!(ask(&server, Method::GET, &path, Some(ALICE)).await.0, 404);
    let from_the_start = make(&server, Some(BOB), json!({"shared": true})).await;
    assert!(is_for(&server, &from_the_start, Some(ALICE)).await);
    assert_eq!(
        ask(&server, Method::DELETE, &format!("/v1/voices/{from_the_start}"), Some(ADMIN)).await.0,
        200
    );
    let (status, error) = change(ALICE, json!({"shared": "maybe"})).await;
    assert!(status == 422 || status == 400, "{error}");
}

/// The older fork's voices aren't listed; whoever guesses or hears of an id is refused all the same.
#[tokio::test]
async fn an_unlisted_voice_is_its_keys_alone() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(2), keyed(directory.path())).await;
    for consent in [json!(true), Value::Null] {
        let body = json!({"reference_audio": base64(&wav(1.5, 0.4)), "consent": consent});
        let (status, made) = send(server.request("/v1/voice-clone", &body), Some(ALICE)).await;
        assert_eq!(status, 200, "{made}");
        let id = made["voice_id"].as_str().unwrap();
        for (key, wanted) in [(ALICE, true), (BOB, false), (ADMIN, true)] {
            for (name, request, well) in uses(&server, id) {
                assert_eq!(
                    send(request, Some(key)).await.0,
                    if wanted { well } else { 404 },
                    "{name} by {key}"
                );
            }
        }
        // Only what the speaker agreed to is stored.
        let stored = directory.path().join("voices/voices").join(id).exists();
        assert_eq!(stored, consent == json!(true));
        let path = format!("/v1/voices/{id}");
        assert_eq!(ask(&server, Method::DELETE, &path, Some(BOB)).await.0, 404);
        assert_eq!(ask(&server, Method::DELETE, &path, Some(ALICE)).await.0, 200);
        assert_eq!(ask(&server, Method::GET, &path, Some(ALICE)).await.0, 404);
    }
}

/// Voices of an older version have no owner: every key may use them, as before, and an admin key may delete them.
#[tokio::test]
async fn a_voice_without_an_owner_is_shared() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(2), keyed(directory.path())).await;
    let id = make(&server, Some(ALICE), json!({})).await;
    let file = directory.path().join("voices/voices").join(&id);
    let sealed = std::fs::read(&file).unwrap();
    let mut record: Value = serde_json::from_slice(&sealed[40..]).unwrap();
    for field in ["owner", "shared"] {
        record.as_object_mut().unwrap().remove(field).unwrap();
    }
    let old = "0123456789abcdef0123456789abcdef";
    record["voice_id"] = json!(old);
    let value = record.to_string();
    let sum = KeyHash::of(&value).hex();
    let sum: Vec<u8> =
        (0..64).step_by(2).map(|at| u8::from_str_radix(&sum[at..at + 2], 16).unwrap()).collect();
    std::fs::write(file.with_file_name(old), [&sealed[..8], &sum, value.as_bytes()].concat()).unwrap();
    for key in [ALICE, BOB, ADMIN] {
        assert!(is_for(&server, old, Some(key)).await);
    }
    let path = format!("/v1/voices/{old}");
    assert_eq!(ask(&server, Method::DELETE, &path, Some(BOB)).await.0, 403);
    assert_eq!(ask(&server, Method::DELETE, &path, Some(ADMIN)).await.0, 200);
}

/// Without keys, everyone has all voices.
#[tokio::test]
async fn without_keys_nobody_owns() {
    let directory = tempfile::tempdir().unwrap();
    let id = {
        let server = Server::with(Script::frames(2), keyed(directory.path())).await;
        make(&server, Some(ALICE), json!({})).await
    };
    let server = Server::with(Script::frames(2), |config| {
        keyed(directory.path())(config);
        config.server.keys.clear();
        config.jobs.store = String::new();
    })
    .await;
    assert!(listed(&server, &id, None).await);
    assert_eq!(server.speak(json!({"voice": id})).await.status(), 200);
    assert_eq!(ask(&server, Method::DELETE, &format!("/v1/voices/{id}"), None).await.0, 200);
}

/// A wrong key isn't taken for none: lists tell no more of keys than other routes do.
#[tokio::test]
async fn a_wrong_key_has_no_list() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(1), keyed(directory.path())).await;
    for path in ["/v1/voices", "/v2/voices", "/v1/audio/voices", "/v1/voices/hi_female"] {
        let (status, body) = ask(&server, Method::GET, path, Some("wrong")).await;
        assert_eq!(status, 401, "{path}: {body}");
        assert_eq!(ask(&server, Method::GET, path, None).await.0, 200, "{path}");
    }
}

/// A key has a share of the places for voices.
#[tokio::test]
async fn a_key_has_a_share_of_the_voices() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(1), |config| {
        keyed(directory.path())(config);
        config.voices.max_kept = 3;
    })
    .await;
    let first = make(&server, Some(ALICE), json!({})).await;
    make(&server, Some(ALICE), json!({})).await;
    let body = json!({"name": "a", "audio": base64(&wav(1.5, 0.4)), "consent": true});
    let (status, error) =
        status_and_json(server.request("/v1/voices", &body).bearer_auth(ALICE).send().await.unwrap()).await;
    assert_eq!((status, &error["error"]["type"]), (409, &json!("voices_full")), "{error}");
    assert!(error["detail"].as_str().unwrap().contains("voices.max_kept_per_key"), "{error}");
    make(&server, Some(BOB), json!({})).await;
    assert_eq!(ask(&server, Method::DELETE, &format!("/v1/voices/{first}"), Some(ALICE)).await.0, 200);
    make(&server, Some(ALICE), json!({})).await;
}
