//! The most memory that the documentation speaks of, against everything at once.

use std::time::{Duration, Instant};

use http::Request;
use reqwest::Method;
use serde_json::{Value, json};
use svara_config::{Config, DecoderBackend, HELD_BYTES};
use svara_testkit::fake_vllm::{FakeVllm, Script};
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinSet};

use crate::{
    harness::{self, Program},
    http2,
    openapi::operations,
    program::program,
    raw::connect,
};

const KIB: usize = 1024;
const MIB: usize = 1024 * 1024;
const STREAMS: usize = 4;
/// How much of the load must be there for the test to prove anything.
const LEAST: usize = 48 * MIB;

fn small(config: &mut Config) {
    config.server.port = 0;
    config.decoder.kind = DecoderBackend::Null;
    config.limits.streams = STREAMS;
    config.limits.text_characters = 1000;
    config.limits.body_bytes = 10 * MIB;
    config.limits.all_bodies_bytes = 24 * MIB;
    config.limits.all_answers_bytes = 4 * MIB;
    config.limits.connections = 400;
    config.limits.connections_per_address = 400;
    config.jobs.audio_bytes = 2 * MIB;
    config.cache.memory_bytes = 0;
}

/// A figure of the process in KiB, such as `VmHWM`, its most memory so far.
fn figure_kib(process: u32, name: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Sends all but the last byte of a body, and holds the connection.
async fn unfinished(server: &Program, path: &str, media_type: &str, body: &[u8]) -> TcpStream {
    let mut stream = connect(server.address).await;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    // One that is refused isn't taken to its end.
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = tokio::time::timeout(Duration::from_secs(1), stream.write_all(&body[..body.len() - 1])).await;
    stream
}

/// Bodies for every route that takes one, until there is no room for more.
async fn bodies(server: &Program, document: &Value) -> Vec<TcpStream> {
    let text = json!({"text": "a".repeat(900), "input": "a", "voice": "hi_female", "unknown": "x".repeat(900 * KIB)});
    let json = text.to_string().into_bytes();
    let mut form =
        b"--b\r\ncontent-disposition: form-data; name=\"reference_audio\"; filename=\"a\"\r\n\r\n".to_vec();
    form.resize(4 * MIB, b'x');
    let mut tasks = Vec::new();
    for (method, path, operation) in operations(document) {
        let content = operation["requestBody"]["content"].as_object();
        for media_type in content.iter().flat_map(|content| content.keys()).filter(|_| method == Method::POST)
        {
            let path = path.replace(['{', '}'], "");
            tasks.push(match media_type.as_str() {
                "multipart/form-data" => (path, "multipart/form-data; boundary=b", &form),
                _ => (path, "application/json", &json),
            });
        }
    }
    assert!(tasks.len() > 15, "{}", tasks.len());
    futures::future::join_all(
        tasks.iter().map(|(path, media_type, body)| unfinished(server, path, media_type, body)),
    )
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_at_once_stays_within_the_formula() {
    // The server is a process of its own: nothing of the clients is measured.
    let (directory, start) = (tempfile::tempdir().unwrap(), Instant::now());
    let engine = FakeVllm::start(Script::frames(30)).await;
    let mut config = harness::config();
    small(&mut config);
    config.engine.base_url = engine.base_url();
    config.jobs.store = directory.path().join("jobs").display().to_string();
    let file = directory.path().join("server.toml");
    std::fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
    let server = Program::start_as(program(&file)).await;
    let client = harness::client();
    let speak = |fields: Value| {
        let mut body = json!({"text": "नमस्ते", "voice": "hi_female", "response_format": "pcm"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        client.post(format!("{}/v1/text-to-speech", server.root)).json(&body).send()
    };
    speak(json!({})).await.unwrap().bytes().await.unwrap();
    let document = client.get(format!("{}/openapi.json", server.root)).send().await.unwrap();
    let document: Value = document.json().await.unwrap();
    let rest = figure_kib(server.id(), "VmRSS");

    engine.set(Script { chunk_tokens: 70, ..Script::frames(250) });
    let text = "यह एक वाक्य है। ".repeat(60);
    let mut waiting = JoinSet::new();
    for _ in 0..STREAMS + 8 {
        waiting.spawn(speak(json!({"text": text, "stream": false, "response_format": "wav"})));
    }
    for _ in 0..4 {
        let fields = json!({"text": text, "voice": "hi_female", "response_format": "pcm"});
        let posted = client.post(format!("{}/v1/jobs", server.root)).json(&fields).send().await.unwrap();
        assert_eq!(posted.status(), 202);
    }
    let mut held = bodies(&server, &document).await;
    for _ in 0..150 {
        let mut stream = connect(server.address).await;
        let head = format!(
            "GET / HTTP/1.1\r\nhost: localhost\r\nx-long: {}",
            "a".repeat(config.limits.header_bytes - 100)
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        held.push(stream);
    }
    let mut unread = Vec::new();
    for _ in 0..4 {
        // A window of nothing: no byte of a body is sent.
        let mut client = http2::client(connect(server.address).await, 0).await;
        for _ in 0..90 {
            let request = Request::get("http://localhost/openapi.json").body(()).unwrap();
            unread.push(client.send_request(request, true).unwrap().0.await.unwrap());
        }
    }
    for route in ["stream-input", "multi-stream-input"] {
        for _ in 0..10 {
            let url = format!("ws://{}/v1/text-to-speech/hi_female/{route}", server.address);
            let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
            let message = json!({"text": "a ".repeat(300)}).to_string();
            let message = tokio_tungstenite::tungstenite::Message::Text(message.into());
            futures::SinkExt::send(&mut socket, message).await.unwrap();
            tokio::spawn(async move {
                let _held = socket;
                std::future::pending::<()>().await;
            });
        }
    }
    // Some bodies end, so that they are read while the others are there.
    for stream in held.iter_mut().take(8) {
        let _ = stream.write_all(b"}").await;
    }
    engine.wait_for_requests(30).await;
    let probe = client.get(format!("{}/health/live", server.root)).send().await.unwrap();
    assert_eq!(probe.status(), 200, "it is still there");
    let taken = (figure_kib(server.id(), "VmHWM") - rest) * KIB;
    let most = config.most_memory_bytes(STREAMS) - HELD_BYTES;
    println!("{} MiB of {} MiB after {:?}", taken / MIB, most / MIB, start.elapsed());
    assert!((LEAST..=most).contains(&taken), "{} MiB of {} MiB", taken / MIB, most / MIB);
    drop((waiting, held, unread));
}
