//! The cache, as callers see it.

use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};
use svara_testkit::{
    eventually,
    fake_vllm::{End, Script},
};

use crate::{harness::Server, shares::waiting};

const FRAME_BYTES: usize = 2048 * 2;

async fn with_cache(script: Script) -> Server {
    Server::with(script, |config| config.cache.memory_bytes = 50_000_000).await
}

fn said(response: &Response) -> (&str, Option<&str>) {
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap());
    (header("x-cache").unwrap_or("none"), header("etag"))
}

/// The fake engine generates different audio each time, so equal audio comes from the cache.
fn another(server: &Server, frames: usize) {
    let mut script = Script::frames(frames + 7);
    script.tokens.drain(..7 * 7);
    server.engine.set(script);
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_audio() {
    let server = with_cache(Script::frames(6)).await;
    for (fields, streamed) in [
        (json!({"seed": 1}), true),
        (json!({"seed": 1, "response_format": "wav", "stream": false}), false),
        (json!({"seed": 1, "response_format": "mp3", "voice": "Hindi (Female)"}), true),
    ] {
        let before = server.engine.requests().len();
        let first = server.speak(fields.clone()).await;
        let (result, tag) = said(&first);
        assert_eq!(result, "miss");
        let tag = tag.unwrap().to_owned();
        let finish = first.headers().get("x-finish-reason").cloned();
        assert_eq!(finish.is_some(), !streamed);
        let bytes = first.bytes().await.unwrap();
        another(&server, 6);
        let again = server.speak(fields.clone()).await;
        assert_eq!(said(&again), ("hit", Some(tag.as_str())), "{fields}");
        assert_eq!(again.headers().get("x-finish-reason"), finish.as_ref());
        assert_eq!(again.headers()["server-timing"], "cache;desc=hit");
        assert_eq!(again.content_length(), Some(bytes.len() as u64));
        assert_eq!(again.bytes().await.unwrap(), bytes);
        assert_eq!(server.engine.requests().len(), before + 1);
        let other = server.speak(json!({"seed": 2})).await;
        assert_ne!(said(&other).1, Some(tag.as_str()));
        other.bytes().await.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_has_the_audio_gets_a_304() {
    let server = with_cache(Script::frames(6)).await;
    let body = json!({"text": "नमस्ते", "voice": "hi_female", "seed": 1});
    let first = server.request("/v1/text-to-speech", &body).send().await.unwrap();
    let tag = said(&first).1.unwrap().to_owned();
    first.bytes().await.unwrap();
    let ask = async |known: &str| {
        server.request("/v1/text-to-speech", &body).header("if-none-match", known).send().await.unwrap()
    };
    let known = ask(&tag).await;
    assert_eq!((known.status().as_u16(), said(&known)), (304, ("hit", Some(tag.as_str()))));
    assert_eq!(known.bytes().await.unwrap().len(), 0);
    let other = ask("W/\"0000\"").await;
    assert_eq!(other.status(), 200);
    assert!(!other.bytes().await.unwrap().is_empty());
    assert_eq!(server.engine.requests().len(), 1);
}

#[tokio::test]
async fn requests_without_a_seed_are_not_cached_by_default() {
    for (unseeded, spoken) in [(false, 2), (true, 1)] {
        let server = Server::with(Script::frames(6), |config| {
            config.cache.memory_bytes = 50_000_000;
            config.cache.unseeded = unseeded;
        })
        .await;
        for _ in 0..2 {
            let response = server.speak(json!({})).await;
            assert_eq!(said(&response).0 != "none", unseeded);
            response.bytes().await.unwrap();
        }
        assert_eq!(server.engine.requests().len(), spoken);
    }
}

#[tokio::test]
async fn equal_requests_share_one_generation() {
    let slow = Script { pause: Duration::from_millis(5), ..Script::frames(20) };
    let server = with_cache(slow).await;
    let crowd = (0..20).map(|_| async {
        let response = server.speak(json!({"seed": 3})).await;
        let result = said(&response).0.to_owned();
        (result, response.bytes().await.unwrap())
    });
    let answers = futures::future::join_all(crowd).await;
    assert_eq!(server.engine.requests().len(), 1);
    assert!(answers.iter().all(|(_, bytes)| *bytes == answers[0].1 && bytes.len() == 20 * FRAME_BYTES));
    assert_eq!(answers.iter().filter(|(result, _)| result == "miss").count(), 1);
    assert!(answers.iter().any(|(result, _)| result == "join"));
}

#[tokio::test]
async fn a_generation_ends_with_its_last_client() {
    let slow = Script { pause: Duration::from_millis(5), end: End::Hang, ..Script::frames(60) };
    let server = with_cache(slow).await;
    let mut leader = server.speak(json!({"seed": 4})).await;
    leader.chunk().await.unwrap().unwrap();
    let mut follower = server.speak(json!({"seed": 4})).await;
    assert_eq!(said(&follower).0, "join");
    drop(leader);
    let mut bytes = 0;
    while bytes < 40 * FRAME_BYTES {
        bytes += follower.chunk().await.unwrap().unwrap().len();
    }
    assert_eq!(server.open_streams().await, 1);
    drop(follower);
    server.engine.wait_for_open_streams(0).await;
    server.quiet().await;
    assert_eq!(server.engine.requests().len(), 1);
}

#[tokio::test]
async fn failures_are_told_and_not_kept() {
    let refusing = Script { end: End::Refuse(503, "busy".to_owned()), ..Script::frames(0) };
    let server = with_cache(refusing).await;
    let (status, body): (u16, Value) = server.speak_json(json!({"seed": 5})).await;
    assert_eq!((status, &body["error"]["type"]), (503, &json!("engine_busy")));
    server.engine.set(Script { end: End::ErrorEvent, ..Script::frames(10) });
    assert!(server.speak(json!({"seed": 5})).await.bytes().await.is_err(), "broken off");
    server.engine.set(Script::frames(10));
    let well = server.speak(json!({"seed": 5})).await;
    assert_eq!(said(&well).0, "miss");
    assert_eq!(well.bytes().await.unwrap().len(), 10 * FRAME_BYTES);
    let (status, body) = server.speak_json(json!({"seed": 5, "voice": "nobody"})).await;
    assert_eq!((status, &body["error"]["type"]), (404, &json!("unknown_voice")));
}

/// How long another caller has waited, and what its key has left, is its own affair.
#[tokio::test]
async fn a_caller_that_joins_another_is_not_refused_for_it() {
    // It goes on for long: what is written to a client that is gone frees the stream.
    let script = Script { pause: Duration::from_millis(300), ..Script::frames(1000) };
    let server = Server::with(script, |config| {
        config.cache.memory_bytes = 50_000_000;
        config.decoder.max_streams = 1;
        config.limits.queue_seconds = svara_config::Seconds::new(4);
    })
    .await;
    let mut first = server.speak(json!({"seed": 1})).await;
    first.chunk().await.unwrap().unwrap();
    server.engine.set(Script::frames(6));
    let waits_too_long = async {
        let refused = server.speak_json(json!({"seed": 2})).await;
        // Only now is the stream free.
        drop(first);
        refused
    };
    let joins = async {
        waiting(&server, 1).await;
        let answer = server.speak(json!({"seed": 2})).await;
        (answer.status().as_u16(), answer.bytes().await.unwrap().len())
    };
    let ((status, body), joined) = tokio::join!(waits_too_long, joins);
    assert_eq!((status, &body["error"]["type"]), (503, &json!("server_full")), "{body}");
    assert_eq!(joined, (200, 6 * FRAME_BYTES));
}

/// One word that is typed in two encodings is one prompt, and one entry.
#[tokio::test]
async fn spellings_of_one_text_share_their_audio() {
    let server = with_cache(Script::frames(6)).await;
    for (seed, one, other) in [
        (1, "\u{95b}रूरत", "\u{91c}\u{93c}रूरत"),
        (2, "അവൻ", "അവന\u{d4d}\u{200d}"),
        (3, "கொடி", "க\u{bc6}\u{bbe}டி"),
        (4, "ড়", "\u{9a1}\u{9bc}"),
        (5, "caf\u{e9}", "cafe\u{301}"),
        (6, "soft", "so\u{ad}ft"),
    ] {
        let first = server.speak(json!({"seed": seed, "text": one})).await;
        assert_eq!(said(&first).0, "miss", "{one}");
        let tag = said(&first).1.unwrap().to_owned();
        let bytes = first.bytes().await.unwrap();
        another(&server, 6);
        let again = server.speak(json!({"seed": seed, "text": other})).await;
        assert_eq!(said(&again), ("hit", Some(tag.as_str())), "{one}");
        assert_eq!(again.bytes().await.unwrap(), bytes);
        server.engine.set(Script::frames(6));
    }
    let unlike = server.speak(json!({"seed": 1, "text": "जरूरत"})).await;
    assert_eq!(said(&unlike).0, "miss", "another word");
}

/// What a hit of the store puts into memory shows in the metrics.
#[tokio::test]
async fn the_gauges_show_what_is_in_memory_now() {
    let directory = tempfile::tempdir().unwrap();
    let of_a_process = || {
        let store = directory.path().display().to_string();
        Server::with(Script::frames(3), move |config| {
            config.cache.memory_bytes = 50_000_000;
            config.cache.store = store;
        })
    };
    let in_memory = async |server: &Server| {
        let page = server.metrics().await;
        let value = |name: &str| {
            page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok()).unwrap()
        };
        (value("svara_cache_entries "), value("svara_cache_bytes ") > (3 * FRAME_BYTES) as f64)
    };
    for result in ["miss", "hit"] {
        let server = of_a_process().await;
        assert_eq!(in_memory(&server).await, (0.0, false));
        let answer = server.speak(json!({"seed": 1})).await;
        assert_eq!(said(&answer).0, result);
        answer.bytes().await.unwrap();
        eventually("it is in memory", async || (in_memory(&server).await == (1.0, true)).then_some(())).await;
    }
}
