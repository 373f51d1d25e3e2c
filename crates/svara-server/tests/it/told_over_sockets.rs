//! What a failure over a socket is to its client, a close code, and to the operator, a line of the log with the cause.

use serde_json::{Value, json};
use svara_config::DecoderBackend;
use svara_testkit::{
    fake_vllm::{End, FakeVllm, Script},
    models,
};

use crate::{
    harness::{Program, Server},
    program::program,
    socket_faults::{heard, heard_at, is_failure, sockets},
};

/// What the engine says of itself, which isn't for callers.
const INSIDE: &str = "no room on rack 5f2c";

#[tokio::test]
async fn the_log_has_the_cause_and_the_client_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let engine = FakeVllm::start(Script::frames(2)).await;
    let file = directory.path().join("server.toml");
    let text = format!(
        "[server]\nport = 0\n[engine]\nbase_url = {:?}\n[model]\ntokenizer = {:?}\n[voices]\nstore = \"\"\n\
         [decoder]\nkind = \"null\"\n",
        engine.base_url(),
        models::tokenizer(),
    );
    std::fs::write(&file, text).unwrap();
    let (mut server, log) = Program::start_logged(program(&file)).await;
    for (path, messages) in sockets() {
        // In between it works: the log reports an engine that fails every time in another way.
        engine.set(Script::frames(2));
        let (events, ..) = heard_at(server.address, path, &messages).await;
        assert!(!events.iter().any(is_failure), "{path}: {events:?}");
        engine.set(Script { end: End::Refuse(404, INSIDE.to_owned()), ..Script::frames(0) });
        let (events, _, reason) = heard_at(server.address, path, &messages).await;
        assert!(events.iter().any(is_failure), "{path}: {events:?}");
        assert!(!format!("{events:?} {reason}").contains(INSIDE), "{path}: {events:?} {reason}");
    }
    server.signal("TERM").await;
    server.ended().await;
    let lines = log.await.unwrap();
    let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let told: Vec<Value> = lines.filter(|line| line["message"] == "told over a socket").collect();
    assert_eq!(told.len(), sockets().len(), "{told:?}");
    for line in told {
        assert!(line["reason"].as_str().unwrap().contains(INSIDE), "{line}");
    }
}

/// The code of a failure is the same whatever the dialect, and whether it comes before there are words or later.
#[tokio::test]
async fn what_may_succeed_later_is_closed_with_1013() {
    let gone = Server::with(Script::frames(1), |config| {
        config.engine.base_url = "http://127.0.0.1:9/v1".to_owned();
        config.decoder.kind = DecoderBackend::Null;
    })
    .await;
    for (path, messages) in sockets() {
        let (events, code, _) = heard(&gone, path, &messages).await;
        let failure = events.iter().find(|event| is_failure(event)).unwrap();
        if path.ends_with("speech/stream") {
            assert_eq!((&failure["type"], code), (&json!("error"), 1000), "the next sentence may succeed");
            continue;
        }
        assert_eq!(failure["code"], 1013, "{path}: {events:?}");
        // One context's failure doesn't close the others' socket.
        assert_eq!(code, if path.contains("multi-stream") { 1000 } else { 1013 }, "{path}");
    }
}

#[tokio::test]
async fn so_is_a_store_that_is_down_before_there_are_words() {
    let directory = tempfile::tempdir().unwrap();
    let voices = directory.path().join("voices");
    let server = Server::with(Script::frames(1), |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.voices.store = voices.display().to_string();
    })
    .await;
    // A plain file in place of the directory fails every operation.
    std::fs::remove_dir_all(&voices).unwrap();
    std::fs::write(&voices, "").unwrap();
    let id = "0123456789abcdef0123456789abcdef";
    let config = json!({"type": "session.config", "voice": id});
    for (path, messages) in [
        (format!("/v1/text-to-speech/{id}/stream-input"), Vec::new()),
        (format!("/v1/text-to-speech/{id}/multi-stream-input"), Vec::new()),
        ("/v1/audio/speech/stream".to_owned(), vec![config]),
    ] {
        let (events, code, reason) = heard(&server, &path, &messages).await;
        assert!(code == 1013 && reason.contains("store"), "{path}: {code} {reason} {events:?}");
        assert!(is_failure(&events[0]), "{path}: {events:?}");
    }
}
