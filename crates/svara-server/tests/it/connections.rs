//! Clients that are slow or never finish.

use std::time::Duration;

use serde_json::{Value, json};
use svara_config::{Config, DecoderBackend, Seconds};
use svara_testkit::{
    eventually,
    fake_vllm::{End, FakeVllm, Script},
    process::{alone, resident_kib},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout},
};

use crate::{
    harness::{self, Program, Server},
    raw::{self, LONG, SPEECH, exchange, speech_request, until_closed},
};

fn short(seconds: f64) -> Seconds {
    Seconds::try_from(seconds).unwrap()
}

fn hasty(config: &mut Config) {
    config.decoder.kind = DecoderBackend::Null;
    config.limits.header_seconds = short(0.3);
    config.limits.idle_seconds = short(0.3);
    config.limits.body_seconds = short(0.3);
    config.limits.write_stall_seconds = short(0.5);
}

#[tokio::test]
async fn a_client_that_sends_no_request_is_disconnected() {
    let server = Server::with(Script::frames(1), hasty).await;
    for start in ["", "GET /health HTTP/1.1\r\nhost: localhost\r\nx-slow: ", "PRI * HTTP/2.0\r\n"] {
        let mut stream = raw::connect(server.address).await;
        stream.write_all(start.as_bytes()).await.unwrap();
        let answer = until_closed(&mut stream).await;
        assert!(!answer.contains("200"), "{start:?}: {answer}");
    }
    // Single bytes don't reset the deadline.
    let mut stream = raw::connect(server.address).await;
    let trickle = async {
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(LONG, trickle).await.expect("a connection that trickles is closed");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = Server::with(Script::frames(1), hasty).await;
    let mut stream = raw::connect(server.address).await;
    stream.write_all(b"GET /v1/test HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let start = Instant::now();
    let answer = until_closed(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && start.elapsed() >= Duration::from_millis(300), "{answer}");
}

#[tokio::test]
async fn a_late_body_gets_a_408() {
    let server = Server::with(Script::frames(1), hasty).await;
    for path in ["/v1/text-to-speech", "/v1/audio/speech"] {
        for content_type in ["application/json", "multipart/form-data; boundary=b"] {
            if path == "/v1/audio/speech" && content_type.starts_with("multipart") {
                continue;
            }
            let mut stream = raw::connect(server.address).await;
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {content_type}\r\ncontent-length: 1000\r\n\r\n--b"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            let answer = until_closed(&mut stream).await;
            assert!(
                answer.starts_with("HTTP/1.1 408") && answer.contains("body_timeout"),
                "{path} {content_type}: {answer}"
            );
        }
    }
    assert_eq!(server.engine.requests().len(), 0);
}

#[tokio::test]
async fn large_heads_and_bodies_are_refused() {
    let server = Server::with(Script::frames(1), |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.limits.header_bytes = 8192;
        config.limits.body_bytes = 1000;
    })
    .await;
    let long = "x".repeat(10_000);
    let one_header = format!("GET /health HTTP/1.1\r\nhost: localhost\r\nx-long: {long}\r\n\r\n");
    let many_headers = format!("GET /health HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "a: b\r\n".repeat(1000));
    for request in [one_header, many_headers] {
        let answer = exchange(server.address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    let long_path = format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "x".repeat(70_000));
    let answer = exchange(server.address, long_path.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let head = "POST /v1/text-to-speech HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let announced = format!("{head}content-length: 99999999999\r\n\r\n{long}");
    let chunks = format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    for request in [announced, chunks] {
        let answer = exchange(server.address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"), "{answer}");
    }
}

/// Idle connections give way to new ones, busy ones don't, and probes are answered in any case.
#[tokio::test]
async fn too_many_connections_leave_room_for_others() {
    let script = Script { end: End::Hang, ..Script::frames(4) };
    for (all, per_address) in [(2, 10), (10, 2)] {
        let server = Server::with(script.clone(), |config| {
            config.decoder.kind = DecoderBackend::Null;
            config.limits.connections = all;
            config.limits.connections_per_address = per_address;
        })
        .await;
        let mut idle = Vec::new();
        for _ in 0..5 {
            let mut stream = raw::connect(server.address).await;
            stream.write_all(b"GET /v1/test HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
            let mut byte = [0];
            timeout(LONG, stream.read_exact(&mut byte)).await.expect("a new one is served").unwrap();
            idle.push(stream);
        }
        let answer = until_closed(&mut idle[0]).await;
        assert!(answer.starts_with("TTP/1.1 200"), "the first was served and gave way: {answer}");
        drop(idle);
        let mut busy = Vec::new();
        for _ in 0..2 {
            let mut stream = raw::connect(server.address).await;
            let request = speech_request(SPEECH).replace("connection: close\r\n", "");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut byte = [0];
            timeout(LONG, stream.read_exact(&mut byte)).await.expect("it speaks").unwrap();
            busy.push(stream);
        }
        let ask = async |path: &str| {
            let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
            exchange(server.address, request.as_bytes()).await
        };
        let answer = ask("/v1/voices").await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after"), "{answer}");
        for path in ["/health/live", "/health/ready"] {
            assert!(ask(path).await.starts_with("HTTP/1.1 200"), "{path}");
        }
        // Clients that say nothing don't keep probes out.
        let mut silent = Vec::new();
        for _ in 0..40 {
            silent.push(raw::connect(server.address).await);
        }
        assert!(ask("/health/live").await.starts_with("HTTP/1.1 200"));
        drop(busy);
        let served = async { while !ask("/v1/voices").await.starts_with("HTTP/1.1 200") {} };
        timeout(LONG, served).await.expect("a connection that is closed makes room");
    }
}

/// The log names the bound that is reached, and doesn't say of a connection that is served that it is turned away.
#[tokio::test]
async fn the_log_names_the_bound_that_is_reached() {
    let directory = tempfile::tempdir().unwrap();
    let engine = FakeVllm::start(Script { end: End::Hang, ..Script::frames(4) }).await;
    let mut config = harness::config();
    config.decoder.kind = DecoderBackend::Null;
    config.engine.base_url = engine.base_url();
    config.server.port = 0;
    config.server.drain_seconds = short(1.0);
    config.limits.connections_per_address = 1;
    config.log.format = svara_config::LogFormat::Json;
    let path = directory.path().join("server.toml");
    std::fs::write(&path, toml::to_string(&config).unwrap()).unwrap();
    let (mut server, log) = Program::start_logged(crate::program::program(&path)).await;
    let mut busy = raw::connect(server.address).await;
    busy.write_all(speech_request(SPEECH).as_bytes()).await.unwrap();
    timeout(LONG, busy.read_exact(&mut [0])).await.expect("it speaks").unwrap();
    let probe = b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert!(exchange(server.address, probe).await.starts_with("HTTP/1.1 200"));
    drop(busy);
    server.signal("TERM").await;
    server.ended().await;
    let log = log.await.unwrap();
    let lines: Vec<Value> = log.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let bounds: Vec<&Value> = lines.iter().filter(|line| !line["limit"].is_null()).collect();
    let [line] = bounds[..] else { panic!("not once: {log:#?}") };
    assert_eq!((&line["bound"], &line["limit"]), (&json!("connections_per_address"), &json!(1)), "{line}");
    assert!(!line["message"].as_str().unwrap().contains("turned away"), "{line}");
}

/// 16 MB of audio for a client that reads nothing: the engine isn't read, memory doesn't grow, the stream ends.
#[tokio::test]
async fn a_slow_reader_is_disconnected_without_using_memory() {
    if !alone("connections::a_slow_reader_is_disconnected_without_using_memory") {
        return;
    }
    // One script for each piece of a text of 4800 characters, with 17 s of audio, which isn't too long for a piece.
    let (text, piece_frames, pieces) = ("नमस्ते दुनिया। ".repeat(320), 200, 20);
    let server = Server::with(Script::frames(piece_frames), |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.limits.write_stall_seconds = short(1.0);
    })
    .await;
    // A first request loads everything that is loaded once; it fails early because its text is short.
    assert!(server.speak(json!({})).await.bytes().await.is_err());
    let before = resident_kib();
    let mut stream = raw::connect(server.address).await;
    let body = json!({"text": text, "voice": "hi_female", "response_format": "pcm"}).to_string();
    stream.write_all(speech_request(&body).as_bytes()).await.unwrap();
    let until = async |open: u64| {
        let seen = async {
            while server.open_streams().await != open {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LONG, seen).await.expect("the stream begins and ends");
    };
    until(1).await;
    until(0).await;
    timeout(LONG, server.engine.wait_for_open_streams(0)).await.expect("the generation is aborted");
    eventually("it ended since its client left", async || {
        let metrics = server.metrics().await;
        metrics.contains("outcome=\"client_left\"} 1").then_some(())
    })
    .await;
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 12_000, "{grown} KiB for a client that reads nothing");
    let answer = until_closed(&mut stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && !answer.ends_with("0\r\n\r\n"),
        "the answer looks complete"
    );
    let all_bytes = pieces * piece_frames * 2048 * 2;
    assert!(answer.len() < all_bytes / 2, "{} bytes were sent without a reader", answer.len());
}

/// Anything but valid HTTP gets a 4xx response or a closed connection.
#[tokio::test]
async fn garbage_is_refused_and_leaves_nothing_behind() {
    let server = Server::with(Script::frames(1), |config| {
        hasty(config);
        config.limits.header_seconds = short(1.0);
        config.limits.body_seconds = short(1.0);
    })
    .await;
    let post = "POST /v1/text-to-speech HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let with_body = |body: &[u8]| {
        let mut request =
            format!("{post}connection: close\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
        request.extend_from_slice(body);
        request
    };
    let nested = format!("{{\"text\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let multipart = |body: &str| {
        let head = "POST /v1/text-to-speech HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
        let kind = "content-type: multipart/form-data; boundary=b\r\n";
        format!("{head}{kind}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    let mut requests: Vec<Vec<u8>> = vec![
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), // a TLS client
        b"\0\0\0\0\r\n\r\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"GET /\xff\xfe HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nhost: localhost\r\nbad header\r\n\r\n".to_vec(),
        format!("{post}content-length: -1\r\n\r\n").into_bytes(),
        format!("{post}content-length: 5\r\ncontent-length: 6\r\n\r\nhello").into_bytes(),
        format!("{post}transfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n").into_bytes(),
        format!("{post}transfer-encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n").into_bytes(),
        format!("{post}transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello").into_bytes(),
        format!("{post}transfer-encoding: gzip\r\n\r\nhello").into_bytes(),
        multipart("hello"),
        multipart("--b\r\n\r\n"),
        multipart("--b\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\nunfinished"),
        multipart("--b\r\ncontent-disposition: nonsense\r\n\r\nx\r\n--b--\r\n"),
    ];
    for body in [
        &b"{"[..],
        b"nonsense",
        b"\xff\xfe\x00",
        b"{\"text\":\"\xff\xfe\",\"voice\":\"hi_female\"}",
        b"{\"text\":\"a\",\"voice\":\"hi_female\",\"speed\":NaN}",
        b"{\"text\":\"a\",\"voice\":\"hi_female\",\"speed\":1e999}",
        b"{\"text\":\"a\",\"voice\":\"hi_female\",\"top_p\":\"x\"}",
        b"{\"text\":\"a\",\"voice\":\"hi_female\",\"seed\":99999999999999999999999}",
        b"{\"text\":\"a\",\"voice\":[\"hi_female\"]}",
        b"{\"text\":{\"a\":1},\"voice\":\"hi_female\"}",
        b"{\"text\":\"\\ud800\",\"voice\":\"hi_female\"}",
        b"{\"text\":\"a\",\"voice\":\"hi_female\"} trailing",
        b"[[[[[[",
        nested.as_bytes(),
    ] {
        requests.push(with_body(body));
    }
    for request in requests {
        let answer = exchange(server.address, &request).await;
        let shown = String::from_utf8_lossy(&request[..request.len().min(200)]).into_owned();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{shown}\nwas answered\n{answer}");
        assert!(!answer.contains("\r\n\r\n{") || answer.contains("\"detail\""), "{shown}: {answer}");
    }
    assert_eq!(server.engine.requests().len(), 0, "none of it reaches the engine");
    server.quiet().await;
    assert!(exchange(server.address, speech_request(SPEECH).as_bytes()).await.starts_with("HTTP/1.1 "));
}
