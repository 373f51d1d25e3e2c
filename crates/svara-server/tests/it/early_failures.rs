//! Failures close behind the first audio, many at once: each answer has a status; what was made before arrives; and nothing
//! that failed looks whole, whatever the protocol and the form of the answer.

use std::io::ErrorKind;

use futures::future::join_all;
use serde_json::{Value, json};
use svara_config::{DecoderBackend, Seconds};
use svara_testkit::fake_vllm::{End, Script};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::{
    harness::Server,
    http2,
    raw::{LONG, connect},
    socket_faults::{heard, is_failure, sockets},
};

/// Answers at once.
const CLIENTS: usize = 12;

async fn server() -> Server {
    Server::with(Script::frames(0), |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.decoder.max_streams = 2 * CLIENTS;
        config.engine.inactivity_seconds = Seconds::new(1);
        config.engine.first_token_seconds = Seconds::new(1);
    })
    .await
}

/// Failures with this many frames before them, from none to a hop or two.
fn failures() -> Vec<Script> {
    let ends = [End::Eof, End::ErrorEvent, End::Finish("abort"), End::Finish("length")];
    let scripts = [0, 1, 2, 3, 4, 5, 9].into_iter().zip(ends.into_iter().cycle());
    scripts.map(|(frames, end)| Script { end, ..Script::frames(frames) }).collect()
}

/// Requests in all forms of streamed answers: the path and the body.
fn forms() -> Vec<(String, Value)> {
    let mut forms: Vec<(String, Value)> = ["pcm", "wav", "mp3", "opus", "flac", "ulaw"]
        .map(|format| {
            let body = json!({"text": "नमस्ते", "voice": "hi_female", "response_format": format});
            ("/v1/text-to-speech".to_owned(), body)
        })
        .into();
    let openai = json!({"model": "tts-1", "input": "नमस्ते", "voice": "hi_female", "response_format": "pcm"});
    forms.push(("/v1/audio/speech".to_owned(), openai));
    forms.push((
        "/v1/text-to-speech/hi_female/stream?output_format=pcm_24000".to_owned(),
        json!({"text": "नमस्ते"}),
    ));
    forms
}

/// The head and the body of an answer, and how its connection ended.
async fn asked(
    server: &Server,
    path: &str,
    body: &Value,
    version: &str,
) -> (String, Vec<u8>, std::io::Result<()>) {
    let body = body.to_string();
    let mut stream = connect(server.address).await;
    let request = format!(
        "POST {path} HTTP/{version}\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let ended = timeout(LONG, stream.read_to_end(&mut answer)).await.expect("the server closes");
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
    let rest = answer.split_off(head);
    (String::from_utf8(answer).unwrap(), rest, ended.map(drop))
}

/// All answers to requests sent at once.
async fn at_once(
    server: &Server,
    path: &str,
    body: &Value,
    version: &str,
) -> Vec<(String, Vec<u8>, std::io::Result<()>)> {
    join_all((0..CLIENTS).map(|_| asked(server, path, body, version))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_1_1_each_answer_has_a_status_and_what_was_made() {
    let server = server().await;
    for script in failures() {
        server.engine.set(script.clone());
        for (path, body) in forms() {
            for (head, rest, _) in at_once(&server, &path, &body, "1.1").await {
                let case =
                    format!("{:?} after {} tokens, {path} {body}: {head:?}", script.end, script.tokens.len());
                if head.starts_with("HTTP/1.1 200 ") {
                    assert!(head.contains("transfer-encoding: chunked"), "{case}");
                    assert!(rest.len() > 10, "{case}: nothing was heard");
                    assert!(!rest.ends_with(b"0\r\n\r\n"), "{case}: it looks whole");
                } else {
                    assert!(head.starts_with("HTTP/1.1 50"), "{case}");
                    assert!(serde_json::from_slice::<Value>(&rest).is_ok(), "{case}");
                }
            }
        }
    }
    server.quiet().await;
}

/// Its answers end with the connection, so that only a reset tells a failure.
#[tokio::test(flavor = "multi_thread")]
async fn over_http_1_0_a_failure_is_a_reset_or_a_status() {
    let server = server().await;
    for script in failures() {
        server.engine.set(script.clone());
        let (path, body) = &forms()[0];
        for (head, rest, ended) in at_once(&server, path, body, "1.0").await {
            let case = format!("{:?} after {} tokens: {head:?}", script.end, script.tokens.len());
            if head.starts_with("HTTP/1.0 200 ") {
                assert!(!rest.is_empty(), "{case}: nothing was heard");
                assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset, "{case}");
            } else {
                assert!(head.starts_with("HTTP/1.0 50"), "{case}");
                ended.unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_2_each_stream_has_a_status_and_what_was_made() {
    let server = server().await;
    for script in failures() {
        server.engine.set(script.clone());
        let client = http2::client(connect(server.address).await, 1 << 16).await;
        let streams = (0..CLIENTS).map(|_| {
            let mut client = client.clone();
            async move {
                let answer = http2::ask(&mut client, json!({})).await;
                let status = answer.status().as_u16();
                let (mut body, mut count) = (answer.into_body(), 0);
                while let Some(data) = timeout(LONG, body.data()).await.expect("something comes") {
                    let Ok(data) = data else { return (status, count, true) };
                    count += data.len();
                    body.flow_control().release_capacity(data.len()).unwrap();
                }
                (status, count, false)
            }
        });
        for (status, count, failed) in join_all(streams).await {
            let case =
                format!("{:?} after {} tokens: {status}, {count} bytes", script.end, script.tokens.len());
            assert!(count > 0, "{case}");
            assert_eq!(failed, status == 200, "{case}");
            assert!(status == 200 || status >= 500, "{case}");
        }
    }
    server.quiet().await;
}

/// Each socket sends the failure as a message, and closes with the reason.
#[tokio::test(flavor = "multi_thread")]
async fn every_socket_is_told() {
    let server = server().await;
    for script in failures() {
        server.engine.set(script.clone());
        for (path, messages) in sockets() {
            for (events, code, reason) in
                join_all((0..CLIENTS).map(|_| heard(&server, path, &messages))).await
            {
                let case = format!(
                    "{path}, {:?} after {}: {code} {reason} {events:?}",
                    script.end,
                    script.tokens.len()
                );
                assert!(events.iter().any(is_failure), "{case}");
                let of_several = path.contains("multi-stream") || path.ends_with("speech/stream");
                assert_eq!(of_several, code == 1000, "{case}");
                assert_eq!(code != 1000, !reason.is_empty(), "{case}");
            }
        }
    }
    server.quiet().await;
}
