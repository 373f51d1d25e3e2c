//! Pronunciation dictionaries over HTTP: made, changed and used, in ElevenLabs' form and in the hosted API's.

use std::path::Path;

use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use svara_config::Config;
use svara_testkit::fake_vllm::Script;

use crate::{
    harness::{Server, status_and_json},
    sockets::Client,
};

pub const PATH: &str = "/v1/pronunciation-dictionaries";

/// Settings with a store there and prompts that these tests can read.
pub fn stored(directory: &Path) -> impl FnOnce(&mut Config) {
    let store = directory.display().to_string();
    move |config| {
        config.voices.store = store;
        config.model.tokenizer = String::new();
    }
}

/// Asks as the holder of a key.
pub async fn ask_as(
    key: &str,
    server: &Server,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let request = server.client.request(method, server.url(&format!("{PATH}{path}")));
    let request = body.iter().fold(request, |request, body| request.json(body));
    let request = if key.is_empty() { request } else { request.header("xi-api-key", key) };
    status_and_json(request.send().await.unwrap()).await
}

pub async fn ask(server: &Server, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    ask_as("", server, method, path, body).await
}

pub fn alias(text: &str, said: &str) -> Value {
    json!({"type": "alias", "string_to_replace": text, "alias": said})
}

pub async fn made(server: &Server, name: &str, rules: &Value) -> Value {
    let body = json!({"name": name, "rules": rules});
    let (status, made) = ask(server, Method::POST, "/add-from-rules", Some(body)).await;
    assert_eq!(status, 200, "{made}");
    made
}

/// The words that ElevenLabs' route says for a text, as its alignment has them, and the text as it was typed.
async fn said_with(server: &Server, text: &str, locators: Value) -> (String, String) {
    let body = json!({"text": text, "pronunciation_dictionary_locators": locators});
    let answer = server.request("/v1/text-to-speech/en_male/with-timestamps", &body).send().await.unwrap();
    let (status, answer) = status_and_json(answer).await;
    assert_eq!(status, 200, "{answer}");
    let joined = |name: &str| -> String {
        answer[name]["characters"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect()
    };
    (joined("normalized_alignment"), joined("alignment"))
}

#[tokio::test]
async fn a_dictionary_is_made_used_changed_and_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(6), stored(directory.path())).await;
    let phoneme =
        json!({"type": "phoneme", "string_to_replace": "tomato", "phoneme": "təˈmɑːtəʊ", "alphabet": "ipa"});
    let any_case =
        json!({"type": "alias", "string_to_replace": "kpl", "alias": "kay pee", "case_sensitive": false});
    let first = made(&server, "words", &json!([alias("SQL", "sequel"), phoneme, any_case])).await;
    let id = first["id"].as_str().unwrap();
    assert_eq!((&first["version_rules_num"], &first["permission_on_resource"]), (&json!(3), &json!("admin")));
    // As typed where no dictionary is named.
    let text = "SQL, sql, MySQL, KPL and tomato at 5.";
    let by_id = json!([{"pronunciation_dictionary_id": id}]);
    let (said, typed) = said_with(&server, text, by_id.clone()).await;
    assert_eq!((said.as_str(), typed.as_str()), ("sequel, sql, MySQL, kay pee and tomato at five.", text));
    let old = json!([{"pronunciation_dictionary_id": id, "version_id": first["version_id"]}]);
    let path = |rest: &str| format!("/{id}{rest}");
    let more = json!({"rules": [alias("SQL", "S Q L"), alias("tomato", "tomahto")]});
    let (status, second) = ask(&server, Method::POST, &path("/add-rules"), Some(more)).await;
    assert_eq!((status, &second["version_rules_num"]), (200, &json!(3)), "replaced: {second}");
    assert_ne!(second["version_id"], first["version_id"]);
    assert!(said_with(&server, "SQL tomato", by_id.clone()).await.0.contains("tomahto"));
    assert_eq!(said_with(&server, "SQL tomato", old.clone()).await.0, "sequel tomato");
    let remove = json!({"rule_strings": ["SQL"]});
    let (status, third) = ask(&server, Method::POST, &path("/remove-rules"), Some(remove.clone())).await;
    assert_eq!((status, &third["version_rules_num"]), (200, &json!(2)));
    let (status, error) = ask(&server, Method::POST, &path("/remove-rules"), Some(remove)).await;
    assert_eq!((status, &error["detail"][0]["loc"]), (422, &json!(["body", "rule_strings"])), "{error}");
    let set = json!({"rules": [alias("C++", "see plus plus"), alias("New York", "the city")]});
    assert_eq!(ask(&server, Method::POST, &path("/set-rules"), Some(set)).await.0, 200);
    let (said, _) = said_with(&server, "C++ in New York, KPL", by_id.clone()).await;
    assert!(said.starts_with("see plus plus in the city, K"), "{said}");
    // All of it, as the latest version has it.
    let (_, whole) = ask(&server, Method::GET, &path(""), None).await;
    assert_eq!(whole["rules"][1]["alias"], "the city");
    assert_eq!(whole["rules"][1]["pronunciation"], "the city");
    assert_eq!((&whole["latest_version_rules_num"], &whole["name"]), (&json!(2), &json!("words")));
    // Its first version, as a file and back.
    let version = first["version_id"].as_str().unwrap();
    let lexicon =
        server.client.get(server.url(&format!("{PATH}/{id}/{version}/download"))).send().await.unwrap();
    assert_eq!(lexicon.headers()["content-type"], "application/pls+xml; charset=utf-8");
    let lexicon = lexicon.text().await.unwrap();
    assert!(
        lexicon.contains("<grapheme>tomato</grapheme><phoneme alphabet=\"ipa\">təˈmɑːtəʊ</phoneme>"),
        "{lexicon}"
    );
    let (status, copy) = upload(&server, "copy", lexicon).await;
    assert_eq!((status, &copy["version_rules_num"]), (200, &json!(3)), "{copy}");
    let by_copy = json!([{"pronunciation_dictionary_id": copy["id"]}]);
    assert_eq!(said_with(&server, text, by_copy.clone()).await.0, said_with(&server, text, old).await.0);
    // What is said about it.
    let change = json!({"name": " acronyms ", "archived": true});
    let (status, changed) = ask(&server, Method::PATCH, &path(""), Some(change)).await;
    assert_eq!((status, &changed["name"]), (200, &json!("acronyms")));
    assert!(
        changed["archived_time_unix"].is_u64() && changed["latest_version_id"] == whole["latest_version_id"]
    );
    let names = async |query: &str| -> Vec<String> {
        let (_, page) = ask(&server, Method::GET, query, None).await;
        let names = page["pronunciation_dictionaries"].as_array().unwrap().iter();
        names.map(|kept| kept["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("").await, ["copy"]);
    assert_eq!(names("?include_archived=true&sort=name").await, ["acronyms", "copy"]);
    assert_eq!(names("?include_archived=true&sort=name&page_size=1").await, ["acronyms"]);
    assert_eq!(names("?include_archived=true&sort=name&page_size=1&cursor=1").await, ["copy"]);
    // Who names it may still use it, until it is deleted.
    assert!(said_with(&server, "C++", by_id.clone()).await.0.starts_with("see plus plus"));
    assert_eq!(ask(&server, Method::DELETE, &path(""), None).await.0, 200);
    assert_eq!(ask(&server, Method::DELETE, &path(""), None).await.0, 404);
    let body = json!({"text": "C++", "pronunciation_dictionary_locators": by_id});
    let answer = server.request("/v1/text-to-speech/en_male", &body).send().await.unwrap();
    let (status, error) = status_and_json(answer).await;
    assert_eq!(
        (status, &error["detail"]["param"]),
        (404, &json!("pronunciation_dictionary_locators")),
        "{error}"
    );
    // Nothing of it is left.
    let left: Vec<_> = std::fs::read_dir(directory.path().join("dictionary_versions")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    // Another server finds the other one.
    let other = Server::with(Script::frames(6), stored(directory.path())).await;
    assert_eq!(said_with(&other, "SQL", by_copy).await.0, "sequel");
}

pub async fn upload(server: &Server, name: &'static str, file: impl Into<Vec<u8>>) -> (u16, Value) {
    let part = Part::bytes(file.into()).file_name("words.pls").mime_str("text/plain").unwrap();
    let form = Form::new().text("name", name).part("file", part);
    let url = server.url(&format!("{PATH}/add-from-file"));
    status_and_json(server.client.post(url).multipart(form).send().await.unwrap()).await
}

/// The dictionaries are in the order of precedence; the map goes through them, word by word.
#[tokio::test]
async fn up_to_three_are_used_and_the_times_are_of_what_was_typed() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(6), stored(directory.path())).await;
    let mut locators = Vec::new();
    for (text, said) in [("Asha", "Aasha"), ("Asha", "wrong"), ("Asha Rao", "Aasha Raao"), ("Rao", "never")] {
        let kept = made(&server, text, &json!([alias(text, said)])).await;
        locators.push(json!({"pronunciation_dictionary_id": kept["id"], "version_id": null}));
    }
    let three = json!(locators[..3]);
    let text = "Asha, Asha Rao paid $5.";
    let (said, typed) = said_with(&server, text, three).await;
    assert_eq!((said.as_str(), typed.as_str()), ("Aasha, Aasha Raao paid five dollars.", text));
    let body = json!({"text": "a", "pronunciation_dictionary_locators": locators});
    let (status, error) =
        status_and_json(server.request("/v1/text-to-speech/en_male", &body).send().await.unwrap()).await;
    assert_eq!(status, 422, "{error}");
    assert!(error.to_string().contains("more than 3 items"), "{error}");
    // The words of our own API say which characters they stand for.
    let id = &locators[2]["pronunciation_dictionary_id"];
    let (status, timed) = server
        .speak_json(json!({"text": text, "voice": "en_male", "timestamps": "word", "stream": false, "pronunciation_dictionary_id": id}))
        .await;
    assert_eq!(status, 200, "{timed}");
    let word = timed["words"].as_array().unwrap().iter().find(|word| word["word"] == "Raao").unwrap().clone();
    assert_eq!((&word["typed_start"], &word["typed_end"]), (&json!(6), &json!(14)), "{word}");
}

#[tokio::test]
async fn a_socket_names_dictionaries_in_its_first_message() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(2), stored(directory.path())).await;
    let kept = made(&server, "words", &json!([alias("SQL", "sequel")])).await;
    let locators = json!([{"pronunciation_dictionary_id": kept["id"], "version_id": kept["version_id"]}]);
    let said = |server: &Server| {
        let prompt = server.engine.requests().pop().unwrap()["prompt"].as_str().unwrap().to_owned();
        prompt.rsplit_once("ale): ").unwrap().1.trim().trim_end_matches("<custom_token_").to_owned()
    };
    for (route, context) in [("stream-input", Value::Null), ("multi-stream-input", json!("one"))] {
        let mut socket = Client::open(&server, &format!("en_male/{route}"), "").await;
        let first =
            json!({"text": " ", "context_id": context, "pronunciation_dictionary_locators": locators});
        socket.send(first).await;
        socket.send(json!({"text": "Use SQL now. ", "flush": true, "context_id": context})).await;
        let spoken = socket.next().await.unwrap();
        assert!(spoken["audio"].is_string(), "{spoken}");
        assert!(said(&server).starts_with("Use sequel now."), "{}", said(&server));
        // The same again is no fault; others come too late.
        socket
            .send(json!({"text": "a ", "context_id": context, "pronunciation_dictionary_locators": locators}))
            .await;
        socket
            .send(json!({"text": "a ", "context_id": context, "pronunciation_dictionary_locators": []}))
            .await;
        let (messages, code) = socket.rest().await;
        assert_eq!(code, 1008);
        let told = messages.iter().find(|message| message["error"].is_string()).unwrap();
        assert_eq!(told["param"], "pronunciation_dictionary_locators", "{told}");
    }
    let mut socket = Client::open(&server, "en_male/stream-input", "").await;
    let unknown = json!([{"pronunciation_dictionary_id": "none", "version_id": "x"}]);
    socket
        .send(json!({"text": "Use SQL now. ", "flush": true, "pronunciation_dictionary_locators": unknown}))
        .await;
    let (messages, code) = socket.rest().await;
    assert_eq!((code, &messages[0]["error"]), (1008, &json!("not_found")), "{messages:?}");
}

#[tokio::test]
async fn the_hosted_form_is_all_or_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(6), stored(directory.path())).await;
    let rule = json!({"text": "NASA", "pronunciation": "नासा जी", "case_sensitive": false, "word_boundaries": true, "only_languages": ["hi"], "except_languages": null});
    let body = |rules: Value| json!({"name": "mine", "description": "d", "rules": rules});
    for (rules, reason) in [
        (json!([rule, {"text": " ", "pronunciation": "x"}]), "rule 2: text must not be empty"),
        (json!([rule, {"text": "x"}]), "rule 2: pronunciation is required"),
        (json!([rule, {"text": "x", "pronunciation": "a\u{7}"}]), "rule 2: alias must not have control"),
        (json!([rule, {"text": "x", "pronunciation": "y", "only_languages": ["xx"]}]), "only_languages"),
        (json!([rule, {"text": "x".repeat(101), "pronunciation": "y"}]), "at most 100"),
    ] {
        let (status, error) = ask(&server, Method::POST, "/add-from-rules", Some(body(rules))).await;
        assert_eq!((status, &error["detail"][0]["loc"]), (422, &json!(["body", "rules"])), "{error}");
        assert!(error["detail"][0]["msg"].as_str().unwrap().contains(reason), "{error}");
    }
    let (_, none) = ask(&server, Method::GET, "", None).await;
    assert_eq!(none["pronunciation_dictionaries"], json!([]));
    let (status, kept) = ask(&server, Method::POST, "/add-from-rules", Some(body(json!([rule])))).await;
    assert_eq!((status, &kept["entry_count"], &kept["description"]), (200, &json!(1), &json!("d")), "{kept}");
    let id = kept["pronunciation_dictionary_id"].as_str().unwrap();
    let (status, error) = ask(&server, Method::POST, "/add-from-rules", Some(body(json!([rule])))).await;
    assert_eq!((status, &error["detail"]["status"]), (409, &json!("dictionary_exists")), "{error}");
    let (_, list) = ask(&server, Method::GET, "", None).await;
    assert_eq!(list["pronunciation_dictionaries"][0]["pronunciation_dictionary_id"], json!(id));
    let (_, whole) = ask(&server, Method::GET, &format!("/{id}"), None).await;
    let shown = &whole["rules"][0];
    assert_eq!(
        (&shown["text"], &shown["pronunciation"], &shown["only_languages"], &shown["except_languages"]),
        (&json!("NASA"), &json!("नासा जी"), &json!(["hi"]), &Value::Null)
    );
    for (asked, told) in [(json!(id), Some("hit")), (json!("none"), Some("miss")), (Value::Null, None)] {
        let speech = json!({"input": "nasa है", "voice": "hi_female", "pronunciation_dictionary_id": asked});
        let answer = server.request("/v1/audio/speech", &speech).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let header = answer.headers().get("x-svara-dictionary").map(|told| told.to_str().unwrap().to_owned());
        assert_eq!(header.as_deref(), told);
        answer.bytes().await.unwrap();
        let prompt = server.engine.requests().pop().unwrap()["prompt"].to_string();
        assert_eq!(prompt.contains("नासा जी है"), told == Some("hit"), "{prompt}");
    }
    // A rule for Hindi is none for English.
    let (said, _) = said_with(&server, "NASA", json!([{"pronunciation_dictionary_id": id}])).await;
    assert!(!said.contains("नासा"), "{said}");
}

#[tokio::test]
async fn without_a_store_there_are_none() {
    let server = Server::with(Script::frames(2), |_| {}).await;
    let body = json!({"name": "x", "rules": [alias("a", "b")]});
    let (status, error) = ask(&server, Method::POST, "/add-from-rules", Some(body)).await;
    assert_eq!(status, 501, "{error}");
    assert_eq!(ask(&server, Method::GET, "", None).await.0, 200);
    assert_eq!(ask(&server, Method::GET, "/x", None).await.0, 404);
}

/// The files of the store, below its folders.
fn files(store: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for folder in ["dictionaries", "dictionary_versions"] {
        let entries = std::fs::read_dir(store.join(folder)).into_iter().flatten();
        names.extend(entries.map(|entry| format!("{folder}/{}", entry.unwrap().file_name().display())));
    }
    names
}

/// A deletion that fails half-way can be asked for again, and leaves no file once it succeeds: neither a version that the
/// store didn't list, nor one that a crash left behind.
#[tokio::test]
async fn a_deletion_leaves_no_version_behind() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(3), stored(directory.path())).await;
    let versions = directory.path().join("dictionary_versions");
    let saved = directory.path().join("saved");
    let made_twice = async |name: &str| {
        let made = made(&server, name, &json!([alias("a", "b")])).await;
        let path = format!("/{}", made["id"].as_str().unwrap());
        let rules = json!({"rules": [alias("c", "d")]});
        assert_eq!(ask(&server, Method::POST, &format!("{path}/add-rules"), Some(rules)).await.0, 200);
        (path, made["version_id"].as_str().unwrap().to_owned())
    };

    // Its first version can't be deleted, whoever asks.
    let (path, first) = made_twice("one").await;
    let version = versions.join(format!("{}.{first}", &path[1..]));
    std::fs::rename(&version, &saved).unwrap();
    std::fs::create_dir(&version).unwrap();
    for _ in 0..2 {
        assert_eq!(ask(&server, Method::DELETE, &path, None).await.0, 503);
        assert_eq!(ask(&server, Method::GET, &path, None).await.0, 200);
    }
    std::fs::remove_dir(&version).unwrap();
    std::fs::rename(&saved, &version).unwrap();
    assert_eq!(ask(&server, Method::DELETE, &path, None).await.0, 200);
    assert_eq!(files(directory.path()), Vec::<String>::new());

    // The folder of versions is hidden, by a link in a circle and by a file in its place.
    for hidden in [true, false] {
        let (path, _) = made_twice("two").await;
        std::fs::rename(&versions, &saved).unwrap();
        if hidden {
            std::os::unix::fs::symlink(&versions, &versions).unwrap();
        } else {
            std::fs::write(&versions, "").unwrap();
        }
        assert_eq!(ask(&server, Method::DELETE, &path, None).await.0, 503);
        std::fs::remove_file(&versions).unwrap();
        std::fs::rename(&saved, &versions).unwrap();
        assert_eq!(ask(&server, Method::GET, &path, None).await.0, 200);
        // What a crash left behind, among things that aren't the server's.
        let left = versions.join(format!("{}.{}", &path[1..], "0".repeat(32)));
        std::fs::write(left, "").unwrap();
        std::fs::create_dir_all(versions.join("copies")).unwrap();
        std::os::unix::fs::symlink(".", versions.join("circle")).unwrap();
        std::fs::write(versions.join("README"), "").unwrap();
        assert_eq!(ask(&server, Method::DELETE, &path, None).await.0, 200);
        let mut left = files(directory.path());
        left.sort();
        let foreign = ["README", "circle", "copies"].map(|name| format!("dictionary_versions/{name}"));
        assert_eq!(left, foreign);
        std::fs::remove_file(versions.join("README")).unwrap();
        std::fs::remove_file(versions.join("circle")).unwrap();
    }
}

#[tokio::test]
async fn switches_may_be_words_and_kinds_in_any_case() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(1), stored(directory.path())).await;
    let rule = json!({"type": "ALIAS", "string_to_replace": "a", "alias": "b", "case_sensitive": "false", "word_boundaries": 1});
    for (number, shared) in [json!("yes"), json!(1), json!("True"), json!("")].into_iter().enumerate() {
        let body =
            json!({"name": format!("d{number}"), "rules": [rule], "shared": shared, "workspace_access": ""});
        let (status, made) = ask(&server, Method::POST, "/add-from-rules", Some(body)).await;
        assert_eq!(status, 200, "{made}");
        let path = format!("/{}", made["id"].as_str().unwrap());
        let (status, changed) = ask(&server, Method::PATCH, &path, Some(json!({"archived": "true"}))).await;
        assert_eq!(status, 200, "{changed}");
    }
}

/// A version that is too old but can't be deleted keeps no change from being told.
#[tokio::test]
async fn a_change_counts_though_an_old_version_stays() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(1), stored(directory.path())).await;
    let first = made(&server, "words", &json!([alias("SQL", "sequel")])).await;
    let path = format!("/{}/set-rules", first["id"].as_str().unwrap());
    let set = async |n: usize| {
        let rules = json!({"rules": [alias("SQL", &format!("sequel {n}"))]});
        ask(&server, Method::POST, &path, Some(rules)).await
    };
    for n in 1..20 {
        assert_eq!(set(n).await.0, 200);
    }
    let (id, version) = (first["id"].as_str().unwrap(), first["version_id"].as_str().unwrap());
    let oldest = directory.path().join(format!("dictionary_versions/{id}.{version}"));
    std::fs::remove_file(&oldest).unwrap();
    std::fs::create_dir_all(oldest.join("not ours")).unwrap();
    let (status, changed) = set(20).await;
    assert_eq!(status, 200, "{changed}");
    let (_, whole) = ask(&server, Method::GET, &format!("/{id}"), None).await;
    assert_eq!(whole["rules"][0]["alias"], "sequel 20");
}
