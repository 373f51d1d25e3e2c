//! Dictionaries of callers in jobs: what was posted is said, whatever becomes of the dictionary.

use std::path::Path;

use reqwest::{Method, multipart::Form};
use serde_json::{Value, json};
use svara_config::Config;
use svara_testkit::{
    eventually,
    fake_vllm::{End, Script},
};

use crate::{
    dictionaries::{alias, ask, ask_as, made, stored},
    dictionary_owners::{ALICE, BOB, keyed},
    harness::{Server, status_and_json},
};

const LOCATORS: &str = "pronunciation_dictionary_locators";

fn with_jobs(directory: &Path, then: impl FnOnce(&mut Config)) -> impl FnOnce(&mut Config) {
    let jobs = directory.join("jobs").display().to_string();
    move |config| {
        then(config);
        config.jobs.store = jobs;
    }
}

async fn post(server: &Server, key: &str, lines: &[Value]) -> (u16, Value) {
    let body = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let request = server.client.post(server.url("/v1/jobs")).header("content-type", "application/jsonl");
    let request = if key.is_empty() { request } else { request.header("xi-api-key", key) };
    status_and_json(request.body(body).send().await.unwrap()).await
}

async fn done(server: &Server, job: &Value) -> Value {
    let url = server.url(&format!("/v1/jobs/{}", job["id"].as_str().unwrap()));
    // The API has no event to wait for, so poll.
    eventually("the end of the job", async || {
        let (_, job) = status_and_json(server.client.get(&url).send().await.unwrap()).await;
        matches!(job["status"].as_str(), Some("done" | "failed")).then_some(job)
    })
    .await
}

fn prompts(server: &Server) -> Vec<String> {
    let prompt = |request: Value| request["prompt"].as_str().unwrap().to_owned();
    server.engine.requests().into_iter().map(prompt).collect()
}

#[tokio::test]
async fn each_text_of_a_job_may_name_dictionaries() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(2), with_jobs(directory.path(), stored(directory.path()))).await;
    let first = made(&server, "first", &json!([alias("SQL", "sequel")])).await;
    let second = made(&server, "second", &json!([alias("SQL", "S Q L"), alias("Rao", "Raao")])).await;
    let hosted = json!({"name": "hosted", "rules": [{"text": "nasa", "pronunciation": "naasaa"}]});
    let (status, hosted) = ask(&server, Method::POST, "/add-from-rules", Some(hosted)).await;
    assert_eq!(status, 200, "{hosted}");
    let by_id = |kept: &Value| json!({"pronunciation_dictionary_id": kept["id"]});
    let old = json!({"pronunciation_dictionary_id": first["id"], "version_id": first["version_id"]});
    let path = format!("/{}/add-rules", first["id"].as_str().unwrap());
    let more = json!({"rules": [alias("SQL", "squirrel")]});
    assert_eq!(ask(&server, Method::POST, &path, Some(more)).await.0, 200);
    let line = |text: &str, locators: Value| json!({"text": text, "voice": "en_male", "timestamps": "word", "pronunciation_dictionary_locators": locators});
    let lines = [
        line("Alpha SQL Rao.", json!([old, by_id(&second)])),
        line("Beta SQL Rao.", json!([by_id(&second), by_id(&first)])),
        line("Gamma SQL.", json!([by_id(&first)])),
        json!({"text": "Delta NASA SQL.", "voice": "en_male", "pronunciation_dictionary_id": hosted["id"]}),
        json!({"text": "Epsilon SQL.", "voice": "en_male"}),
    ];
    let (status, job) = post(&server, "", &lines).await;
    assert_eq!(status, 202, "{job}");
    let done = done(&server, &job).await;
    assert_eq!(done["status"], "done", "{done}");
    let prompts = prompts(&server);
    for said in ["Alpha sequel Raao.", "Beta S Q L Raao.", "Gamma squirrel.", "Delta naasaa", "Epsilon S"] {
        assert!(prompts.iter().any(|prompt| prompt.contains(said)), "{said}: {prompts:?}");
    }
    // The times are of what was typed.
    let times = server.client.get(server.url(done["items"][0]["timestamps"].as_str().unwrap()));
    let times: Value = times.send().await.unwrap().json().await.unwrap();
    let raao = times["words"].as_array().unwrap().iter().find(|word| word["word"] == "Raao.");
    let raao = raao.unwrap_or_else(|| panic!("{times}")).clone();
    assert_eq!((&raao["typed_start"], &raao["typed_end"]), (&json!(10), &json!(14)), "{raao}");
    // What can't be used is told before there is a job.
    for (fields, status, param) in [
        (json!({"pronunciation_dictionary_id": "none"}), 404, "pronunciation_dictionary_id"),
        (
            json!({"pronunciation_dictionary_locators": [{"pronunciation_dictionary_id": "none"}]}),
            404,
            "pronunciation_dictionary_locators",
        ),
        (
            json!({"pronunciation_dictionary_locators": [old, old, old, old]}),
            422,
            "pronunciation_dictionary_locators",
        ),
        (
            json!({"pronunciation_dictionary_id": first["id"], "pronunciation_dictionary_locators": [old]}),
            400,
            "pronunciation_dictionary_locators",
        ),
    ] {
        let mut line = json!({"text": "SQL", "voice": "en_male"});
        line.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let (found, error) = post(&server, "", &[line]).await;
        assert_eq!((found, &error["error"]["field"]), (status, &json!(param)), "{error}");
    }
}

/// Other routes of this dialect take the same fields.
#[tokio::test]
async fn speech_and_preview_take_locators_too() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(2), stored(directory.path())).await;
    let kept = made(&server, "words", &json!([alias("SQL", "sequel")])).await;
    let locators = json!([{"pronunciation_dictionary_id": kept["id"]}]);
    let body = json!({"text": "Use SQL.", "voice": "en_male", "pronunciation_dictionary_locators": locators});
    for path in ["/v1/text/preview", "/v1/text-to-speech"] {
        let answer = server.request(path, &body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let answer = answer.bytes().await.unwrap();
        let said = if path.ends_with("preview") {
            String::from_utf8(answer.into()).unwrap()
        } else {
            prompts(&server).concat()
        };
        assert!(said.contains("Use sequel."), "{said}");
    }
    let form =
        Form::new().text("text", "Use SQL.").text("voice", "en_male").text(LOCATORS, locators.to_string());
    let answer = server.client.post(server.url("/v1/text/preview")).multipart(form).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("Use sequel."));
}

#[tokio::test]
async fn a_job_says_what_was_posted_whatever_becomes_of_the_dictionary() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(
        Script { end: End::Refuse(503, "busy".to_owned()), ..Script::frames(0) },
        with_jobs(directory.path(), stored(directory.path())),
    )
    .await;
    let kept = made(&server, "words", &json!([alias("SQL", "sequel")])).await;
    let line = json!({"text": "Use SQL now.", "voice": "en_male", "pronunciation_dictionary_id": kept["id"]});
    let (status, job) = post(&server, "", &[line]).await;
    assert_eq!(status, 202, "{job}");
    let path = format!("/{}", kept["id"].as_str().unwrap());
    assert_eq!(ask(&server, Method::DELETE, &path, None).await.0, 200);
    server.engine.set(Script::frames(2));
    let done = done(&server, &job).await;
    assert_eq!(done["status"], "done", "{done}");
    let prompts = prompts(&server);
    assert!(prompts.iter().all(|prompt| prompt.contains("Use sequel now.")), "{prompts:?}");
}

#[tokio::test]
async fn a_job_names_only_dictionaries_of_its_key() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(2), with_jobs(directory.path(), keyed(directory.path()))).await;
    let body = json!({"name": "Patients", "rules": [alias("SQL", "sequel")]});
    let (_, kept) = ask_as(ALICE, &server, Method::POST, "/add-from-rules", Some(body)).await;
    let line = json!({"text": "SQL", "voice": "en_male", "pronunciation_dictionary_id": kept["id"]});
    assert_eq!(post(&server, BOB, std::slice::from_ref(&line)).await.0, 404);
    assert_eq!(post(&server, ALICE, &[line]).await.0, 202);
}

/// A text may not become longer by dictionaries than a job may be.
#[tokio::test]
async fn a_job_is_bounded_with_what_dictionaries_say() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(
        Script::frames(2),
        with_jobs(directory.path(), |config: &mut Config| {
            stored(directory.path())(config);
            config.jobs.job_characters = 1_000;
        }),
    )
    .await;
    let kept = made(&server, "long", &json!([alias("a", &"word ".repeat(39))])).await;
    let line =
        json!({"text": "a ".repeat(20), "voice": "en_male", "pronunciation_dictionary_id": kept["id"]});
    let (status, error) = post(&server, "", &[line]).await;
    assert_eq!((status, &error["error"]["field"]), (422, &json!("text")), "{error}");
    assert!(error["detail"].as_str().unwrap().contains("dictionaries"), "{error}");
}
