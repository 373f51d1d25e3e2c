//! An engine that answers probes and fails whatever it is asked: health says so, and one text doesn't make it so.

use serde_json::{Value, json};
use svara_config::DecoderBackend;
use svara_testkit::{
    eventually,
    fake_vllm::{End, Script},
};

use crate::harness::Server;

async fn server(script: Script) -> Server {
    Server::with(script, |config| config.decoder.kind = DecoderBackend::Null).await
}

/// The statuses of `/health`, `/health/ready` and `/health/live`, and the reason.
async fn health(server: &Server) -> ([u16; 3], Value) {
    let (mut statuses, mut reason) = ([0; 3], Value::Null);
    for (status, path) in statuses.iter_mut().zip(["/health", "/health/ready", "/health/live"]) {
        let answer = server.client.get(server.url(path)).send().await.unwrap();
        *status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        reason = if body["reason"].is_string() { body["reason"].clone() } else { reason };
    }
    (statuses, reason)
}

async fn failed_texts(server: &Server) -> f64 {
    let page = server.metrics().await;
    let line = page.lines().find(|line| line.starts_with("svara_engine_failed_texts{")).unwrap();
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

/// The ways in which an engine gives no whole speech, although it answers.
fn faults() -> Vec<Script> {
    vec![
        Script { end: End::Refuse(500, "broken".into()), ..Script::frames(0) },
        Script::frames(0),
        Script::new((100..200).collect()),
        Script { end: End::Eof, ..Script::frames(9) },
    ]
}

#[tokio::test]
async fn an_engine_that_fails_every_text_is_unhealthy_until_one_is_spoken() {
    for fault in faults() {
        let server = server(fault.clone()).await;
        for number in 0..5 {
            assert_eq!(health(&server).await.0, [200; 3], "{fault:?} after {number} texts");
            let answer = server.speak(json!({"text": format!("text {number}")})).await;
            assert!(answer.status() != 200 || answer.bytes().await.is_err(), "{fault:?}");
        }
        let (statuses, reason) = health(&server).await;
        assert_eq!(statuses, [503, 503, 200], "{fault:?}");
        assert!(reason.as_str().unwrap().contains("whatever text it is asked for"), "{reason}");
        assert!(failed_texts(&server).await >= 5.0);
        server.engine.set(Script::frames(3));
        assert_eq!(server.speak(json!({})).await.bytes().await.unwrap().len(), 3 * 2048 * 2);
        assert_eq!((health(&server).await.0, failed_texts(&server).await), ([200; 3], 0.0), "{fault:?}");
    }
}

#[tokio::test]
async fn one_text_that_fails_takes_no_server_out() {
    for fault in faults() {
        let server = server(fault.clone()).await;
        for seed in 0..12 {
            let answer = server.speak(json!({"text": "the bad one", "seed": seed})).await;
            assert!(answer.status() != 200 || answer.bytes().await.is_err(), "{fault:?}");
        }
        assert_eq!((health(&server).await.0, failed_texts(&server).await), ([200; 3], 1.0), "{fault:?}");
    }
}

/// While health says no, nobody may ask for speech: the server asks for a word itself.
#[tokio::test]
async fn an_engine_that_speaks_again_is_found_without_a_request() {
    let server = server(Script { end: End::Refuse(500, "broken".into()), ..Script::frames(0) }).await;
    for number in 0..5 {
        assert_eq!(server.speak(json!({"text": format!("text {number}")})).await.status(), 502);
    }
    assert_eq!(health(&server).await.0, [503, 503, 200]);
    server.engine.set(Script::frames(3));
    eventually("health", async || (health(&server).await.0 == [200; 3]).then_some(())).await;
}

/// Somebody with many bad texts takes no server out either, but for the moment until the engine has said a word.
#[tokio::test]
async fn many_bad_texts_are_found_not_to_be_the_engines_fault() {
    let server = server(Script::frames(3)).await;
    // Those of the retries, too.
    for seed in 0..40 {
        let refusal = Script { end: End::Refuse(500, "broken".into()), ..Script::frames(0) };
        server.engine.set_for_seed(seed, refusal);
    }
    for seed in 0..9 {
        let bad = json!({"text": format!("text {seed}"), "seed": seed});
        assert_eq!(server.speak(bad).await.status(), 502);
    }
    eventually("health", async || (health(&server).await.0 == [200; 3]).then_some(())).await;
}
