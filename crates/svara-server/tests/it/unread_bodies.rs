//! Requests that are refused before their bodies are read: most clients send head and body apart, and go on afterwards.

use serde_json::json;
use svara_config::{Config, DecoderBackend, Seconds};
use svara_service::callers::KeyEntry;
use svara_testkit::fake_vllm::Script;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

use crate::{
    harness::Server,
    raw::{LONG, connect},
};

const KEY: &str = "sk-svara-test-0123456789";
const BODY: &str = r#"{"text":"Hi","voice":"hi_female"}"#;

fn keyed(config: &mut Config) {
    config.decoder.kind = DecoderBackend::Null;
    let slow =
        KeyEntry { requests_per_minute: Some(1), ..KeyEntry::unbounded("slow", &format!("{KEY}-slow")) };
    config.server.keys = vec![KeyEntry::unbounded("test", KEY), slow];
}

/// The head of a request for a path, with more lines, and with a body of this length.
fn head(path: &str, more: &str, bytes: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{more}Content-Length: {bytes}\r\n\r\n")
}

/// The head of an answer, whose body is read, too.
async fn answered(stream: &mut BufReader<TcpStream>) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let read = timeout(LONG, stream.read_line(&mut head)).await.expect("an answer comes").unwrap();
        assert!(read > 0, "it closes: {head:?}");
    }
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    timeout(LONG, stream.read_exact(&mut body)).await.expect("it comes whole").unwrap();
    head
}

/// Every way to be refused before the body is read.
fn refused() -> Vec<(&'static str, String, u16)> {
    let json = "Content-Type: application/json\r\n";
    let key = format!("Authorization: Bearer {KEY}\r\n");
    let with = |more: &str| format!("{key}{more}");
    vec![
        ("/v1/text-to-speech", with("Content-Type: text/plain\r\n"), 415),
        ("/v1/audio/speech", with("Content-Type: text/plain\r\n"), 415),
        ("/v1/voices/add", with(json), 415),
        ("/v1/text-to-speech", json.to_owned(), 401),
        ("/v1/audio/speech", format!("{json}Authorization: Bearer wrong\r\n"), 401),
        ("/v1/nope", with(json), 404),
        ("/v1/chat/completions", with(json), 404),
        ("/v1/audio/speech/", with(json), 308),
        ("/v1/voices/settings/default", with(json), 405),
        ("/v1/text-to-speech", with(&format!("{json}Origin: http://evil\r\n")), 403),
        ("/v1/text-to-speech/hi_female?output_format=zz", with(json), 400),
        ("/v1/text-to-speech", with(&format!("{json}Content-Encoding: gzip\r\n")), 415),
        ("/v1/voices?zz=1", with(&format!("{json}Prefer: handling=strict\r\n")), 400),
    ]
}

/// Asks for something else on the same connection.
async fn goes_on(stream: &mut BufReader<TcpStream>, case: &str) {
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let next = answered(stream).await;
    assert!(next.starts_with("http/1.1 200"), "{case}: {next}");
}

#[tokio::test]
async fn a_body_behind_its_refusal_leaves_the_connection_to_the_next_request() {
    let server = Server::with(Script::frames(1), keyed).await;
    for (path, more, status) in refused() {
        let case = format!("{path} {more:?}");
        let mut stream = BufReader::new(connect(server.address).await);
        // Twice: the connection is as good as before.
        for _ in 0..2 {
            stream.write_all(head(path, &more, BODY.len()).as_bytes()).await.unwrap();
            let answer = answered(&mut stream).await;
            assert!(answer.starts_with(&format!("http/1.1 {status} ")), "{case}: {answer}");
            assert!(!answer.contains("connection: close"), "{case}: {answer}");
            let (first, rest) = BODY.split_at(5);
            stream.write_all(first.as_bytes()).await.unwrap();
            stream.write_all(rest.as_bytes()).await.unwrap();
            goes_on(&mut stream, &case).await;
        }
    }
}

#[tokio::test]
async fn a_key_without_requests_left_keeps_its_connection() {
    let server = Server::with(Script::frames(1), keyed).await;
    let more = format!("Content-Type: application/json\r\nAuthorization: Bearer {KEY}-slow\r\n");
    let mut stream = BufReader::new(connect(server.address).await);
    for status in [404, 429] {
        let body = json!({"text": "a", "voice": "zzz"}).to_string();
        stream.write_all(head("/v1/text-to-speech", &more, body.len()).as_bytes()).await.unwrap();
        if status == 404 {
            stream.write_all(body.as_bytes()).await.unwrap();
            assert!(answered(&mut stream).await.starts_with("http/1.1 404 "));
            continue;
        }
        let answer = answered(&mut stream).await;
        assert!(answer.starts_with("http/1.1 429 ") && !answer.contains("connection: close"), "{answer}");
        stream.write_all(body.as_bytes()).await.unwrap();
        goes_on(&mut stream, "429").await;
    }
}

/// Readers of chunks stop where they have all; the end comes behind it. And a refusal reads what is there.
#[tokio::test]
async fn a_body_in_chunks_leaves_the_connection_too() {
    let server = Server::with(Script::frames(1), keyed).await;
    let chunks = format!("{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len());
    let part = "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\na\r\n--b--\r\n";
    let parts = format!("{:x}\r\n{part}\r\n0\r\n\r\n", part.len());
    let mut stream = BufReader::new(connect(server.address).await);
    for (kind, chunks) in [
        ("application/json", &chunks),
        ("multipart/form-data; boundary=b", &parts),
        ("text/plain", &chunks),
        ("text/plain", &parts),
    ] {
        let head = format!(
            "POST /v1/text/preview HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n\
             Authorization: Bearer {KEY}\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        stream.write_all(format!("{head}{chunks}").as_bytes()).await.unwrap();
        let answer = answered(&mut stream).await;
        assert!(!answer.contains("connection: close"), "{kind}: {answer}");
        goes_on(&mut stream, kind).await;
    }
}

/// What may be long, or never come, is told to end with the answer, and the answer arrives whatever the client does.
#[tokio::test]
async fn a_body_that_is_not_read_to_its_end_is_told_to_close() {
    let server = Server::with(Script::frames(1), keyed).await;
    let chunked =
        "POST /v1/nope HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned();
    for (request, sent) in [
        (head("/v1/nope", "", 4 << 20), 4 << 20),
        (head("/v1/text-to-speech", "Content-Type: text/plain\r\n", 300 << 10), 300 << 10),
        (head("/v1/nope", "Expect: 100-continue\r\n", 9), 0),
        (chunked, 0),
    ] {
        let mut stream = BufReader::new(connect(server.address).await);
        stream.write_all(request.as_bytes()).await.unwrap();
        // A client that sends all of it before it reads.
        stream.write_all(&vec![b'x'; sent]).await.unwrap();
        let answer = answered(&mut stream).await;
        assert!(
            answer.starts_with("http/1.1 4") && answer.contains("connection: close"),
            "{request}: {answer}"
        );
        let mut rest = Vec::new();
        timeout(LONG, stream.read_to_end(&mut rest)).await.expect("it closes").unwrap();
        assert!(rest.is_empty(), "{request}");
    }
}

/// A rest that never comes holds the connection no longer than a body may take.
#[tokio::test]
async fn a_rest_that_never_comes_is_not_waited_for() {
    let server = Server::with(Script::frames(1), |config| {
        config.limits.body_seconds = Seconds::new(1);
    })
    .await;
    let mut stream = BufReader::new(connect(server.address).await);
    stream.write_all(head("/v1/nope", "", 9).as_bytes()).await.unwrap();
    assert!(answered(&mut stream).await.starts_with("http/1.1 404 "));
    let mut rest = Vec::new();
    timeout(LONG, stream.read_to_end(&mut rest)).await.expect("it closes").unwrap();
    assert!(rest.is_empty());
}
