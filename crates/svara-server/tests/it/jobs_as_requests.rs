//! A job says what a request with the same fields says, refuses what it can't say before it is accepted, and names what has no
//! effect.

use std::path::Path;

use serde_json::{Value, json};
use svara_config::Config;
use svara_testkit::{eventually, fake_vllm::Script};

use crate::{
    cloning::{base64, wav},
    dictionaries::{alias, made, stored},
    harness::{Server, status_and_json},
};

/// A server with stores there, whose prompts are text, and which parts texts at this many characters.
async fn server(directory: &Path, characters: usize, change: impl FnOnce(&mut Config)) -> Server {
    let jobs = directory.join("jobs").display().to_string();
    Server::with(Script::frames(3), |config| {
        stored(directory)(config);
        config.jobs.store = jobs;
        config.limits.text_characters = characters;
        change(config);
    })
    .await
}

/// The prompts of a job with one text, once it has ended.
async fn said(server: &Server, fields: &Value) -> (Value, Vec<String>) {
    let before = server.engine.requests().len();
    let (status, job) = status_and_json(server.request("/v1/jobs", fields).send().await.unwrap()).await;
    assert_eq!(status, 202, "{job}");
    let url = server.url(&format!("/v1/jobs/{}", job["id"].as_str().unwrap()));
    // The API has no event to wait for, so poll.
    let job = eventually("the end of the job", async || {
        let (_, job) = status_and_json(server.client.get(&url).send().await.unwrap()).await;
        matches!(job["status"].as_str(), Some("done" | "failed")).then_some(job)
    })
    .await;
    let asked = server.engine.requests().split_off(before);
    (job, asked.iter().map(|request| request["prompt"].as_str().unwrap().to_owned()).collect())
}

/// Prose of this many sentences, each of its own.
fn prose(name: &str, sentences: usize) -> String {
    (0..sentences).map(|number| format!("The {name} has the word w{number}w in it. ")).collect()
}

#[tokio::test]
async fn a_job_is_read_in_the_language_that_it_names() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), 1000, |_| {}).await;
    for (language, word) in [(json!("en"), "five"), (json!("English"), "five"), (json!(null), "पाँच")]
    {
        let fields = json!({"text": "5", "voice": "hi_female", "language": language});
        let (job, prompts) = said(&server, &fields).await;
        assert!(prompts.iter().any(|prompt| prompt.contains(word)), "{language}: {prompts:?} {job}");
    }
    // A saved voice whose own language has no rules.
    let voice = json!({"name": "Marie", "audio": base64(&wav(1.5, 0.4)), "consent": true, "language": "fr"});
    let (status, voice) = status_and_json(server.request("/v1/voices", &voice).send().await.unwrap()).await;
    assert_eq!(status, 201, "{voice}");
    let fields =
        json!({"text": "5", "voice": voice["voice_id"], "language": "hi", "text_normalization": "on"});
    let (job, prompts) = said(&server, &fields).await;
    assert_eq!((&job["status"], prompts.len()), (&json!("done"), 1), "{job}");
}

/// Wherever a long text is cut, code, thoughts and style sheets aren't said, and the words behind them are.
#[tokio::test]
async fn what_is_not_said_is_not_said_in_parts_either() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), 5000, |_| {}).await;
    let (first, last) = (prose("start", 24), prose("end", 20));
    let hidden: String = (0..60).map(|number| format!("hidden.line({number}); Not. This.\n")).collect();
    let short: String = (0..8).map(|number| format!("hidden({number}); Not. This.\n")).collect();
    for (markdown, between) in [
        (true, format!("\n```js\n{hidden}```\n")),
        (true, format!("\n```js\n{short}```\n")),
        (true, format!("\n~~~\n{hidden}~~~\n")),
        (true, format!("<think>{hidden}</think>")),
        (false, format!("<style>{hidden}</style>")),
        (false, format!("<script>{short}</script>")),
        (false, format!("<!-- {hidden} -->")),
        (false, format!("<!-- {short} -->")),
    ] {
        let text = format!("{first}{between}{last}");
        let fields = json!({"text": text, "voice": "en_male", "strip_markdown": markdown});
        let (job, prompts) = said(&server, &fields).await;
        assert_eq!(job["status"], "done", "{job}");
        assert!(
            !prompts.iter().any(|prompt| prompt.contains("hidden") || prompt.contains("Not.")),
            "{between}"
        );
        let (status, preview) =
            status_and_json(server.request("/v1/text/preview", &fields).send().await.unwrap()).await;
        assert_eq!(status, 200, "{preview}");
        let words = preview["normalized"].as_str().unwrap().split_whitespace();
        let all = prompts.join(" ");
        let lost: Vec<&str> = words.filter(|word| !all.contains(word)).collect();
        assert!(lost.is_empty(), "{between}: {lost:?}");
    }
    // An answer whose thoughts have no end has nothing to say, however long they are.
    let fields =
        json!({"text": format!("<think>{hidden}{hidden}"), "voice": "en_male", "strip_markdown": true});
    let (job, prompts) = said(&server, &fields).await;
    assert_eq!((&job["status"], prompts.len()), (&json!("done"), 0), "{job} {prompts:?}");
}

/// The tag of a style at the end has no words of its own; it must not fail all that was spoken.
#[tokio::test]
async fn a_tag_at_the_end_goes_with_the_last_words() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), 100, |_| {}).await;
    let text = format!("{} <happy>", ["यह एक वाक्य है।"; 6].join(" "));
    assert_eq!(text.chars().count(), 103);
    let (job, prompts) = said(&server, &json!({"text": text, "voice": "hi_female"})).await;
    assert_eq!(job["status"], "done", "{job}");
    assert!(prompts.last().unwrap().contains("<happy>"), "{prompts:?}");
    let sentences: usize = prompts.iter().map(|prompt| prompt.matches("वाक्य").count()).sum();
    assert_eq!(sentences, 6, "{prompts:?}");
}

/// What dictionaries say makes no part of a job too long to be spoken.
#[tokio::test]
async fn a_part_may_grow_by_dictionaries() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), 100, |_| {}).await;
    let said_for_it = "seven words that stand for one word";
    let kept =
        made(&server, "long", &json!([alias("SQL", said_for_it), alias("Rao", &"x ".repeat(99))])).await;
    let text = format!("{}And Rao ends it.", "Say SQL. ".repeat(30));
    let fields = json!({"text": text, "voice": "en_male", "pronunciation_dictionary_id": kept["id"]});
    let (job, prompts) = said(&server, &fields).await;
    assert_eq!(job["status"], "done", "{job}");
    let count: usize = prompts.iter().map(|prompt| prompt.matches(said_for_it).count()).sum();
    assert_eq!(count, 30, "{prompts:?}");
    assert!(prompts.iter().any(|prompt| prompt.contains("x x x x")), "{prompts:?}");
}

#[tokio::test]
async fn a_job_that_dictionaries_make_too_long_is_refused_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), 200, |config| config.jobs.job_characters = 1_000).await;
    let kept = made(&server, "long", &json!([alias("SQL", &"word ".repeat(20))])).await;
    let line = |text: &str, more: Value| {
        let mut line = json!({"text": text, "voice": "en_male", "pronunciation_dictionary_id": kept["id"]});
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line.to_string()
    };
    let post = async |lines: &[String]| {
        let request = server.client.post(server.url("/v1/jobs")).header("content-type", "application/jsonl");
        status_and_json(request.body(lines.join("\n")).send().await.unwrap()).await
    };
    // In one, as a request is.
    let in_one = line(&format!("{}SQL", "a ".repeat(90)), json!({"max_tokens": 500}));
    let (status, error) = post(&[in_one]).await;
    assert_eq!((status, &error["error"]["field"]), (422, &json!("text")), "{error}");
    assert!(error["detail"].as_str().unwrap().contains("dictionaries"), "{error}");
    // In either order, both together are too long.
    let grows = line(&"SQL ".repeat(5), json!({}));
    let plain = line(&"plain ".repeat(100), json!({}));
    for lines in [[grows.clone(), plain.clone()], [plain.clone(), grows.clone()]] {
        let (status, error) = post(&lines).await;
        assert_eq!((status, &error["error"]["field"]), (422, &json!("text")), "{error}");
    }
    for one in [grows, plain] {
        assert_eq!(post(&[one]).await.0, 202);
    }
}

#[tokio::test]
async fn nothing_of_a_job_is_streamed() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), 1000, |_| {}).await;
    let fields = json!({"text": "a", "voice": "hi_female", "stream": true});
    for kind in ["application/json", "application/jsonl"] {
        let request = || {
            let request = server.client.post(server.url("/v1/jobs")).header("content-type", kind);
            request.body(fields.to_string())
        };
        let answer = request().send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["x-ignored-fields"]),
            (202, &"stream".parse().unwrap())
        );
        let (status, error) =
            status_and_json(request().header("prefer", "handling=strict").send().await.unwrap()).await;
        assert!(status == 400 && error["detail"].as_str().unwrap().contains("stream"), "{error}");
    }
}
