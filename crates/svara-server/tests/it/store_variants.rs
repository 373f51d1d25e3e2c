//! Stores of voices and dictionaries, and quotas: races, failures and damage, as `stores` has them for jobs.

use std::path::Path;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use svara_config::{Config, DecoderBackend};
use svara_service::callers::KeyEntry;
use svara_testkit::fake_vllm::Script;

use crate::{
    cloning::{base64, wav},
    dictionaries::{alias, ask, made},
    harness::{Server, one_life, status_and_json},
};

const ALICE: &str = "sk-svara-test-of-alice-000";

fn stored(store: &Path) -> impl FnOnce(&mut Config) + use<> {
    let store = store.display().to_string();
    move |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.voices.store = format!("{store}/voices");
        config.jobs.store = format!("{store}/jobs");
    }
}

async fn make_voice(server: &Server) -> (u16, Value) {
    let body = json!({"name": "Asha", "audio": base64(&wav(1.5, 0.4)), "consent": true});
    status_and_json(server.request("/v1/voices", &body).send().await.unwrap()).await
}

async fn kept_voices(server: &Server) -> usize {
    let list: Value = server.client.get(server.url("/v1/voices")).send().await.unwrap().json().await.unwrap();
    let cloned = |voice: &&Value| voice["category"] == "cloned";
    list["voices"].as_array().unwrap().iter().filter(cloned).count()
}

async fn kept_dictionaries(server: &Server) -> usize {
    let (_, list) = ask(server, Method::GET, "", None).await;
    list["pronunciation_dictionaries"].as_array().unwrap().len()
}

fn count(statuses: &[(u16, Value)], wanted: u16) -> usize {
    statuses.iter().filter(|(status, _)| *status == wanted).count()
}

/// Whatever is asked for at once: a bound is a bound.
#[tokio::test]
async fn requests_at_once_keep_to_every_bound() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(3), |config| {
        stored(directory.path())(config);
        config.voices.max_kept = 2;
        config.dictionaries.max_kept = 3;
    })
    .await;
    let voices = join_all((0..6).map(|_| make_voice(&server))).await;
    assert_eq!((count(&voices, 201), kept_voices(&server).await), (2, 2), "{voices:?}");
    let make = |number: usize| {
        let body = json!({"name": format!("d{number}"), "rules": [alias("a", "b")]});
        ask(&server, Method::POST, "/add-from-rules", Some(body))
    };
    let dictionaries = join_all((0..20).map(make)).await;
    assert_eq!((count(&dictionaries, 200), kept_dictionaries(&server).await), (3, 3), "{dictionaries:?}");
    let keyed = Server::with(Script::frames(3), |config| {
        config.decoder.kind = DecoderBackend::Null;
        let key = KeyEntry { characters_per_day: Some(10), ..KeyEntry::unbounded("alice", ALICE) };
        config.server.keys = vec![key];
    })
    .await;
    let speak = async |_| {
        let body = json!({"text": "123456", "voice": "hi_female", "response_format": "pcm"});
        let answer = keyed.request("/v1/text-to-speech", &body).bearer_auth(ALICE).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.bytes().await.map(drop).map_or(json!("broken"), |()| Value::Null))
    };
    let spoken = join_all((0..20).map(speak)).await;
    assert_eq!((count(&spoken, 200), count(&spoken, 429)), (1, 19), "{spoken:?}");
}

/// A damaged voice or dictionary, and a bound that is lower than before, hide nothing else and delete nothing.
#[tokio::test]
async fn damage_and_lower_bounds_hide_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().to_owned();
    let before = store.clone();
    let (voices, dictionaries) = one_life(async move || {
        let server = Server::with(Script::frames(3), stored(&before)).await;
        let (mut voices, mut dictionaries) = (Vec::new(), Vec::new());
        for number in 0..3 {
            voices.push(make_voice(&server).await.1["voice_id"].as_str().unwrap().to_owned());
            let dictionary = made(&server, &format!("n{number}"), &json!([alias("a", "b")])).await;
            dictionaries.push(dictionary["id"].as_str().unwrap().to_owned());
        }
        (voices, dictionaries)
    })
    .await;
    let flip = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    let voice_file = store.join("voices/voices").join(&voices[0]);
    let dictionary_file = store.join("voices/dictionaries").join(&dictionaries[0]);
    flip(&voice_file);
    flip(&dictionary_file);
    let server = Server::with(Script::frames(3), |config| {
        stored(&store)(config);
        config.voices.max_kept = 1;
        config.dictionaries.max_kept = 1;
    })
    .await;
    assert_eq!((kept_voices(&server).await, kept_dictionaries(&server).await), (2, 2));
    let statuses = async || {
        let mut statuses = Vec::new();
        for id in &voices {
            statuses.push(server.speak(json!({"voice": id})).await.status().as_u16());
        }
        for id in &dictionaries {
            statuses.push(ask(&server, Method::GET, &format!("/{id}"), None).await.0);
        }
        statuses
    };
    assert_eq!(statuses().await, [500, 200, 200, 500, 200, 200]);
    assert_eq!(make_voice(&server).await.0, 409);
    flip(&voice_file);
    flip(&dictionary_file);
    assert_eq!(statuses().await, [200; 6], "nothing was deleted");
    assert_eq!((kept_voices(&server).await, kept_dictionaries(&server).await), (3, 3));
}

/// What can't be written isn't changed, and is told as such.
#[tokio::test]
async fn a_change_that_cannot_be_stored_is_none() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(3), stored(directory.path())).await;
    let dictionary = made(&server, "one", &json!([alias("a", "b")])).await;
    let path = format!("/{}", dictionary["id"].as_str().unwrap());
    let versions = directory.path().join("voices/dictionary_versions");
    let saved = directory.path().join("saved");
    std::fs::rename(&versions, &saved).unwrap();
    // No file can be written here, whoever asks.
    std::fs::write(&versions, "").unwrap();
    let rules = json!({"rules": [alias("c", "d")]});
    for (to, body) in [
        (format!("{path}/add-rules"), rules.clone()),
        (format!("{path}/set-rules"), rules.clone()),
        ("/add-from-rules".to_owned(), json!({"name": "two", "rules": [alias("c", "d")]})),
    ] {
        let (status, error) = ask(&server, Method::POST, &to, Some(body)).await;
        assert_eq!((status, &error["detail"]["status"]), (503, &json!("store_unavailable")), "{to}");
    }
    std::fs::remove_file(&versions).unwrap();
    std::fs::rename(&saved, &versions).unwrap();
    let (status, kept) = ask(&server, Method::GET, &path, None).await;
    assert_eq!((status, kept["rules"].as_array().unwrap().len()), (200, 1), "{kept}");
    assert_eq!(kept_dictionaries(&server).await, 1);
    assert_eq!(ask(&server, Method::POST, &format!("{path}/add-rules"), Some(rules)).await.0, 200);
}
