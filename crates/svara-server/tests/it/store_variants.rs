//! Stores of voices and dictionaries, and quotas: races, failures, damage, foreign files and links, and two servers, as
//! `stores` has them for jobs.

use std::{os::unix::ffi::OsStrExt, path::Path};

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

/// What nobody made through the server is neither listed, counted nor deleted, and hides nothing.
#[tokio::test]
async fn foreign_files_and_links_hide_nothing_and_stay() {
    let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::with(Script::frames(3), |config| {
        stored(directory.path())(config);
        config.voices.max_kept = 2;
        config.dictionaries.max_kept = 2;
    })
    .await;
    let voice = make_voice(&server).await.1["voice_id"].as_str().unwrap().to_owned();
    let dictionary = made(&server, "one", &json!([alias("a", "b")])).await["id"].as_str().unwrap().to_owned();
    let folders =
        ["voices/voices", "voices/dictionaries", "voices/dictionary_versions", "jobs/jobs/requests"];
    let outside = elsewhere.path().join("mine");
    std::fs::write(&outside, "mine").unwrap();
    let mut foreign = Vec::new();
    for folder in folders {
        let folder = directory.path().join(folder);
        let at = |name: &str| folder.join(name);
        std::fs::create_dir_all(at("copies")).unwrap();
        for (number, name) in ["README", "a b%00", ".hidden", "voice.json#7", "x#y"].iter().enumerate() {
            std::fs::write(at(name), vec![b'x'; number]).unwrap();
        }
        // Somebody's copies, one of them of what is there.
        for id in [&voice, &dictionary] {
            let copied = std::fs::copy(at(id), at("copies").join(id));
            assert_eq!(copied.is_ok(), at(id).exists());
        }
        std::fs::write(folder.join(std::ffi::OsStr::from_bytes(b"\xff\xfe")), "").unwrap();
        std::os::unix::fs::symlink(".", at("circle")).unwrap();
        std::os::unix::fs::symlink(directory.path(), at("up")).unwrap();
        std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
        std::os::unix::fs::symlink("itself", at("itself")).unwrap();
        std::os::unix::fs::symlink(&outside, at(&"e".repeat(32))).unwrap();
        foreign.extend(["README", "a b%00", ".hidden", "x#y", "copies", "circle", "up", "dangling"].map(at));
    }
    assert_eq!((kept_voices(&server).await, kept_dictionaries(&server).await), (1, 1));
    // What has the name of an id counts, as it may be readable again; so the bound is reached.
    assert_eq!(make_voice(&server).await.0, 409);
    for folder in folders {
        std::fs::remove_file(directory.path().join(folder).join("e".repeat(32))).unwrap();
    }
    assert_eq!(make_voice(&server).await.0, 201, "foreign files don't count");
    assert_eq!(kept_dictionaries(&server).await, 1);
    made(&server, "two", &json!([alias("a", "b")])).await;
    assert_eq!(server.speak(json!({"voice": voice})).await.status(), 200);
    let gone = server.client.delete(server.url(&format!("/v1/voices/{voice}"))).send().await.unwrap();
    assert_eq!(gone.status(), 200);
    assert_eq!(ask(&server, Method::DELETE, &format!("/{dictionary}"), None).await.0, 200);
    assert_eq!((kept_voices(&server).await, kept_dictionaries(&server).await), (1, 1));
    for file in &foreign {
        assert!(file.symlink_metadata().is_ok(), "{} is gone", file.display());
    }
    assert_eq!(std::fs::read(&outside).unwrap(), b"mine");
}

/// A link in the place of a voice is read and deleted as a link: what it leads to is not the server's.
#[tokio::test]
async fn a_link_is_deleted_and_not_what_it_leads_to() {
    let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::with(Script::frames(3), stored(directory.path())).await;
    let id = make_voice(&server).await.1["voice_id"].as_str().unwrap().to_owned();
    let (file, moved) = (directory.path().join("voices/voices").join(&id), elsewhere.path().join(&id));
    std::fs::rename(&file, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &file).unwrap();
    assert_eq!(kept_voices(&server).await, 1);
    let gone = server.client.delete(server.url(&format!("/v1/voices/{id}"))).send().await.unwrap();
    assert_eq!(gone.status(), 200);
    assert!(moved.exists() && file.symlink_metadata().is_err());
}

/// A directory by another name is the same directory: one server uses a store of jobs, and two share one of voices.
#[tokio::test]
async fn two_servers_share_what_they_may_by_whatever_name() {
    let directory = tempfile::tempdir().unwrap();
    let (real, link) = (directory.path().join("real"), directory.path().join("link"));
    std::fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let quick = |store: &Path| {
        let change = stored(store);
        move |config: &mut Config| {
            change(config);
            config.voices.revalidate_seconds = svara_config::Seconds::new(0);
        }
    };
    let first = Server::with(Script::frames(3), quick(&real)).await;
    let second = Server::with(Script::frames(3), quick(&link)).await;
    let job = json!({"text": "a", "voice": "hi_female"});
    let post =
        async |server: &Server| server.request("/v1/jobs", &job).send().await.unwrap().status().as_u16();
    assert_eq!((post(&first).await, post(&second).await), (202, 501));

    // Whoever made it, both know it, and neither loses what the other makes at the same moment.
    let make = async |number: usize| {
        let server = if number.is_multiple_of(2) { &first } else { &second };
        let dictionary = made(server, &format!("d{number}"), &json!([alias("a", "b")])).await;
        let (status, voice) = make_voice(server).await;
        assert_eq!(status, 201, "{voice}");
        let id = |made: &Value, field: &str| made[field].as_str().unwrap().to_owned();
        (id(&voice, "voice_id"), id(&dictionary, "id"))
    };
    let ids = join_all((0..4).map(make)).await;
    for server in [&first, &second] {
        assert_eq!((kept_voices(server).await, kept_dictionaries(server).await), (4, 4));
    }
    // Each deletes what the other made.
    for (number, (voice, dictionary)) in ids.iter().enumerate() {
        let server = if number.is_multiple_of(2) { &second } else { &first };
        let gone = server.client.delete(server.url(&format!("/v1/voices/{voice}"))).send().await.unwrap();
        assert_eq!(gone.status(), 200);
        assert_eq!(ask(server, Method::DELETE, &format!("/{dictionary}"), None).await.0, 200);
    }
    for server in [&first, &second] {
        assert_eq!((kept_voices(server).await, kept_dictionaries(server).await), (0, 0));
    }
    let versions = real.join("voices/dictionary_versions");
    assert_eq!(std::fs::read_dir(versions).unwrap().count(), 0);
}

/// What a crash cut off, wherever: it isn't listed, says so when it is asked for, and costs nothing else its place.
#[tokio::test]
async fn half_written_files_are_told_and_hide_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().to_owned();
    let before = store.clone();
    let (voice, dictionary) = one_life(async move || {
        let server = Server::with(Script::frames(3), stored(&before)).await;
        let dictionary = made(&server, "one", &json!([alias("a", "b")])).await;
        made(&server, "two", &json!([alias("a", "b")])).await;
        make_voice(&server).await;
        let id = |made: &Value, field: &str| made[field].as_str().unwrap().to_owned();
        (id(&make_voice(&server).await.1, "voice_id"), id(&dictionary, "id"))
    })
    .await;
    let files =
        [store.join("voices/voices").join(&voice), store.join("voices/dictionaries").join(&dictionary)];
    let whole = files.each_ref().map(|file| std::fs::read(file).unwrap());
    for part in [0.0, 0.01, 0.5, 0.99] {
        for (file, whole) in files.iter().zip(&whole) {
            std::fs::write(file, &whole[..(whole.len() as f64 * part) as usize]).unwrap();
            std::fs::write(file.with_file_name(format!("{}#1", "f".repeat(32))), "half").unwrap();
        }
        let (store, voice, dictionary) = (store.clone(), voice.clone(), dictionary.clone());
        one_life(async move || {
            let server = Server::with(Script::frames(3), stored(&store)).await;
            assert_eq!((kept_voices(&server).await, kept_dictionaries(&server).await), (1, 1), "{part}");
            let (status, body) = server.speak_json(json!({"voice": voice})).await;
            assert_eq!((status, &body["error"]["type"]), (500, &json!("voice_damaged")), "{part}");
            assert_eq!(ask(&server, Method::GET, &format!("/{dictionary}"), None).await.0, 500, "{part}");
            assert_eq!(make_voice(&server).await.0, 201);
            assert_eq!(kept_voices(&server).await, 2);
            let list = server.client.get(server.url("/v1/voices")).send().await.unwrap();
            let list: Value = list.json().await.unwrap();
            let kept = list["voices"].as_array().unwrap().iter().find(|voice| voice["category"] == "cloned");
            let id = kept.unwrap()["voice_id"].as_str().unwrap().to_owned();
            let gone = server.client.delete(server.url(&format!("/v1/voices/{id}"))).send().await.unwrap();
            assert_eq!(gone.status(), 200);
        })
        .await;
    }
    for (file, whole) in files.iter().zip(&whole) {
        std::fs::write(file, whole).unwrap();
    }
    let server = Server::with(Script::frames(3), stored(&store)).await;
    assert_eq!((kept_voices(&server).await, kept_dictionaries(&server).await), (2, 2), "nothing was deleted");
}
