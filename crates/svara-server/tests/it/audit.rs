//! Audit lines of the real program, and bounds on its log.

use std::{path::Path, process::Stdio, time::Instant};

use reqwest::Method;
use serde_json::{Value, json};
use svara_service::callers::KeyHash;
use svara_testkit::{
    eventually,
    fake_vllm::{FakeVllm, Script},
};

use crate::{
    cloning::{base64, wav},
    harness::{self, Program},
};

const KEY: &str = "sk-svara-test-of-alice-000";
const OTHER: &str = "sk-svara-test-of-bob-00000";

/// The lines of an audit file with a kind.
fn lines(file: &Path, kind: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["kind"] == kind).collect()
}

#[tokio::test]
async fn who_did_what_is_told_and_floods_do_not_wash_it_out() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let engine = FakeVllm::start(Script::frames(2)).await;
    let key =
        |name: &str, key: &str| format!("[[keys]]\nname = {name:?}\nsha256 = {:?}\n", KeyHash::of(key).hex());
    std::fs::write(at("keys.toml"), key("alice", KEY) + &key("bob", OTHER)).unwrap();
    let more = format!(
        "[server]\nport = 0\nkeys_file = {:?}\ntrusted_proxies = [\"127.0.0.1\"]\n[engine]\nbase_url = {:?}\n[model]\ntokenizer = {:?}\n\
         [cloning]\nencoder = {:?}\n[voices]\nstore = {:?}\n[jobs]\nstore = {:?}\n[log]\naudit_file = {:?}\n",
        at("keys.toml"),
        engine.base_url(),
        svara_testkit::models::tokenizer(),
        svara_testkit::models::snac_small("encoder.onnx"),
        at("voices"),
        at("jobs"),
        at("audit.log"),
    );
    let file = crate::program::config(directory.path(), &more);
    let mut command = crate::program::program(&file);
    command.stdout(Stdio::null());
    let started = Instant::now();
    let (mut server, log) = Program::start_logged(command).await;
    let client = harness::client();
    let send = async |method: Method, path: &str, key: &str, body: Option<Value>| {
        let request = client.request(method, format!("{}{path}", server.root)).bearer_auth(key);
        let request = request.header("x-forwarded-for", "192.0.2.7");
        let request = body.into_iter().fold(request, |request, body| request.json(&body));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or_default())
    };
    let voice = json!({"name": "a", "audio": base64(&wav(1.5, 0.4)), "consent": true});
    let (status, voice) = send(Method::POST, "/v1/voices", KEY, Some(voice)).await;
    assert_eq!(status, 201, "{voice}");
    let voice = format!("/v1/voices/{}", voice["voice_id"].as_str().unwrap());
    let job = json!({"text": "नमस्ते", "voice": "hi_female", "response_format": "pcm"});
    let (status, job) = send(Method::POST, "/v1/jobs", KEY, Some(job)).await;
    assert_eq!(status, 202, "{job}");
    let job = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    // A flood of refusals, by one who has no key and by one who has.
    for _ in 0..600 {
        send(Method::GET, "/v1/jobs/none", OTHER, None).await;
    }
    for _ in 0..600 {
        send(Method::GET, "/v1/jobs", "wrong", None).await;
    }
    assert_eq!(send(Method::DELETE, &voice, OTHER, None).await.0, 404);
    assert_eq!(send(Method::PATCH, &voice, KEY, Some(json!({"shared": true}))).await.0, 200);
    assert_eq!(send(Method::DELETE, &voice, KEY, None).await.0, 200);
    assert_eq!(send(Method::DELETE, &job, KEY, None).await.0, 200);
    std::fs::write(at("keys.toml"), key("alice", KEY)).unwrap();
    server.signal("HUP").await;
    eventually("a line tells of the reload", async || {
        (!lines(&at("audit.log"), "keys_reloaded").is_empty()).then_some(())
    })
    .await;
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    for (kind, outcome, key, object) in [
        ("voice_created", "ok", "alice", id(&voice)),
        ("voice_changed", "ok", "alice", id(&voice)),
        ("voice_deleted", "not_found", "bob", id(&voice)),
        ("voice_deleted", "ok", "alice", id(&voice)),
        ("job_created", "ok", "alice", id(&job)),
        ("job_deleted", "ok", "alice", id(&job)),
    ] {
        let told = lines(&at("audit.log"), kind);
        let told: Vec<&Value> = told.iter().filter(|line| line["outcome"] == outcome).collect();
        assert_eq!(told.len(), 1, "{kind}: {told:?}");
        let line = told[0];
        assert_eq!(
            (&line["key"], &line["object"], &line["client"]),
            (&json!(key), &json!(object), &json!("192.0.2.7"))
        );
        assert_eq!(line["target"], "audit");
    }
    let refused = lines(&at("audit.log"), "key_refused");
    assert!(refused.iter().any(|line| line["outcome"] == "unknown_key" && line["client"] == "192.0.2.7"));
    // Of each kind, 200 lines at once and then one in 50 ms.
    let most_of_a_kind = || 200 + usize::try_from(started.elapsed().as_millis() / 50).unwrap();
    assert!((10..=most_of_a_kind()).contains(&refused.len()), "{} lines of refused keys", refused.len());
    let text = std::fs::read_to_string(at("audit.log")).unwrap();
    assert!(!text.contains("sk-svara"), "no keys");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(at("audit.log")).unwrap().permissions().mode() & 0o777, 0o600);
    let metrics = client.get(format!("{}/metrics", server.root)).send().await.unwrap().text().await.unwrap();
    let left_out: Vec<&str> =
        metrics.lines().filter(|line| line.starts_with("svara_log_lines_left_out_total")).collect();
    assert!(left_out.iter().any(|line| line.contains("not_found")), "{left_out:?}");
    server.signal("TERM").await;
    assert!(server.ended().await.success());
    let log = log.await.unwrap();
    let of = |words: &str| log.iter().filter(|line| line.contains(words)).count();
    // Of two kinds: `not_found` and `unknown_key`.
    let refusals = of("\"refused\"");
    assert!((200..=2 * most_of_a_kind()).contains(&refusals), "{refusals} lines of refusals");
    assert!(of("voice_deleted") >= 2, "audit lines are in the log, too");
}

/// A client chooses its path and method: they don't fill the log.
#[tokio::test]
async fn a_long_path_is_cut() {
    let directory = tempfile::tempdir().unwrap();
    let engine = FakeVllm::start(Script::frames(2)).await;
    let more = format!(
        "[server]\nport = 0\n[engine]\nbase_url = {:?}\n[model]\ntokenizer = {:?}\n[voices]\nstore = \"\"\n[log]\nformat = \"json\"\n",
        engine.base_url(),
        svara_testkit::models::tokenizer(),
    );
    let file = crate::program::config(directory.path(), &more);
    let (mut server, log) = Program::start_logged(crate::program::program(&file)).await;
    let client = harness::client();
    let path = format!("/v1/voices/{}", "x".repeat(3000));
    let answer = client.delete(format!("{}{path}", server.root)).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    let method = Method::from_bytes("X".repeat(3000).as_bytes()).unwrap();
    let answer = client.request(method, format!("{}/v1/text-to-speech", server.root)).send().await.unwrap();
    assert_eq!(answer.status(), 405);
    server.signal("TERM").await;
    server.ended().await;
    let lines = log.await.unwrap();
    let told = lines.iter().filter(|line| line.contains("xxxx")).count();
    assert!(told > 0, "{lines:?}");
    assert!(lines.iter().all(|line| line.len() < 2000), "{lines:?}");
}
