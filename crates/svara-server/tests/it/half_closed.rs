//! Clients that close their sending side once they have asked, and those that are gone.

use std::{net::SocketAddr, time::Duration};

use serde_json::json;
use svara_config::Seconds;
use svara_testkit::fake_vllm::{End, Script};
use tokio::{io::AsyncWriteExt, time::timeout};

use crate::{
    harness::Server,
    raw::{self, LONG, SPEECH, speech_request},
};

/// Bytes of PCM in 12 frames.
const AUDIO_BYTES: usize = 12 * 2048 * 2;

/// What a client reads that sends this and closes its sending side.
async fn half_closed(address: SocketAddr, request: &str) -> Vec<u8> {
    let mut stream = raw::connect(address).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    raw::bytes_until_closed(&mut stream).await
}

fn post(path: &str, version: &str, fields: &serde_json::Value) -> String {
    let mut body = json!({"text": "नमस्ते", "voice": "hi_female", "response_format": "pcm"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let body = body.to_string();
    format!(
        "POST {path} HTTP/{version}\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The final answers in what was read: interim ones are skipped, as clients do.
fn final_answer(read: &[u8]) -> &[u8] {
    let mut rest = read;
    while let Some(after) = rest.strip_prefix(b"HTTP/1.1 100 Continue\r\n\r\n") {
        rest = after;
    }
    rest
}

#[tokio::test]
async fn a_client_that_closes_its_sending_side_gets_its_answer() {
    let script = Script { pause: Duration::from_millis(30), ..Script::frames(12) };
    let server = Server::start(script).await;
    let chunked = post("/v1/text-to-speech", "1.1", &json!({}));
    let (head, body) = chunked.split_once("\r\n\r\n").unwrap();
    let head = head.split("\r\ncontent-length").next().unwrap();
    let in_chunks =
        format!("{head}\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for (request, least) in [
        (chunked.clone(), AUDIO_BYTES),
        (in_chunks, AUDIO_BYTES),
        (speech_request(SPEECH), AUDIO_BYTES),
        (post("/v1/text-to-speech", "1.0", &json!({})), AUDIO_BYTES),
        (post("/v1/text-to-speech", "1.1", &json!({"stream": false})), AUDIO_BYTES),
        (post("/v1/text-to-speech", "1.0", &json!({"stream": false})), AUDIO_BYTES),
        (post("/v1/audio/speech", "1.1", &json!({"input": "a", "stream_format": "sse"})), AUDIO_BYTES),
        (post("/v1/text-to-speech/hi_female", "1.1", &json!({})), 1000),
        (post("/v1/text-to-speech/hi_female/stream/with-timestamps", "1.1", &json!({})), 1000),
        ("GET /v1/voices HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned(), 500),
        ("GET /v1/voices HTTP/1.0\r\n\r\n".to_owned(), 500),
        // Two at once: both are answered.
        (format!("{chunked}{chunked}"), 2 * AUDIO_BYTES),
    ] {
        let read = half_closed(server.address, &request).await;
        let answer = final_answer(&read);
        let start = String::from_utf8_lossy(&answer[..answer.len().min(200)]).into_owned();
        assert!(start.starts_with("HTTP/1.1 200") || start.starts_with("HTTP/1.0 200"), "{request}: {start}");
        assert!(answer.len() > least, "{} bytes for {request}", answer.len());
    }
    server.quiet().await;
}

/// One that is refused hears why.
#[tokio::test]
async fn it_hears_why_it_is_refused() {
    let server = Server::start(Script::frames(1)).await;
    for (request, status) in [
        (post("/v1/text-to-speech", "1.1", &json!({"voice": "nobody"})), "404"),
        (post("/v1/text-to-speech", "1.1", &json!({"temperature": 9})), "422"),
        ("GET /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned(), "404"),
        ("GET /nowhere HTTP/1.1\r\n\r\n".to_owned(), "400"),
    ] {
        let read = half_closed(server.address, &request).await;
        let answer = String::from_utf8_lossy(final_answer(&read)).into_owned();
        assert!(answer.split(' ').nth(1) == Some(status), "{request}: {answer}");
    }
}

/// Half a request is none, however its client closes.
#[tokio::test]
async fn half_a_request_is_not_waited_for() {
    let server = Server::with(Script::frames(1), |config| {
        // Far more than the test waits.
        config.limits.header_seconds = Seconds::new(600);
        config.limits.body_seconds = Seconds::new(600);
    })
    .await;
    let whole = post("/v1/text-to-speech", "1.1", &json!({}));
    for cut in [5, 60, whole.len() - 1] {
        let mut stream = raw::connect(server.address).await;
        stream.write_all(&whole.as_bytes()[..cut]).await.unwrap();
        stream.shutdown().await.unwrap();
        raw::bytes_until_closed(&mut stream).await;
    }
    assert_eq!(server.engine.requests().len(), 0);
}

/// A client that waits for its first audio longer than the server waits before it asks whether the client is there.
#[tokio::test]
async fn it_may_wait_long_for_the_first_audio() {
    let script = Script { pause: Duration::from_millis(250), ..Script::frames(6) };
    let server = Server::start(script).await;
    let read =
        half_closed(server.address, &post("/v1/text-to-speech", "1.1", &json!({"stream": false}))).await;
    assert!(read.starts_with(b"HTTP/1.1 100 Continue\r\n\r\n"), "the server asks");
    let answer = final_answer(&read);
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n") && answer.len() > 6 * 4096, "{}", answer.len());
    // A client library skips what it doesn't wait for.
    let response = server.speak(json!({"stream": false})).await;
    assert_eq!(response.bytes().await.unwrap().len(), 6 * 4096);
}

/// Whether it leaves while it waits for audio or in the middle of it: its generation ends, though its close looks the same.
#[tokio::test]
async fn one_that_is_gone_is_told_apart() {
    for frames in [0, 2, 4] {
        let server = Server::start(Script { end: End::Hang, ..Script::frames(frames) }).await;
        for version in ["1.1", "1.0"] {
            let mut stream = raw::connect(server.address).await;
            stream.write_all(post("/v1/text-to-speech", version, &json!({})).as_bytes()).await.unwrap();
            server.engine.wait_for_open_streams(1).await;
            if version == "1.0" {
                // Nothing can be asked of it: it is gone when its connection is.
                stream.set_zero_linger().unwrap();
            }
            drop(stream);
            timeout(LONG, server.engine.wait_for_open_streams(0)).await.expect("the generation ends");
        }
        server.quiet().await;
    }
}
