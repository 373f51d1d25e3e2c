//! What the wire to an engine may do: connections, ids, answers that are odd or aren't streams, and what callers are
//! told of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use svara_testkit::fake_vllm::{End, FakeVllm, Script, Settings, frame_tokens};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::harness::{Server, status_and_json};

/// An engine that answers every generation with the same bytes and closes.
struct Raw {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl Raw {
    async fn start(answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (answer, asked) = (answer.into(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, counted) = (answer.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    if read_request(stream, &answer).await {
                        counted.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Reads one request and answers it. Returns whether it was for a generation.
async fn read_request(mut stream: TcpStream, answer: &[u8]) -> bool {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let Ok(count @ 1..) = stream.read(&mut buffer).await else { return false };
        read.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&read).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0usize) {
            let _ = stream.write_all(answer).await;
            return head.starts_with("post");
        }
    }
}

async fn server_of(url: &str) -> Server {
    let url = url.to_owned();
    Server::with(Script::frames(1), |config| config.engine.base_url = url).await
}

fn stream_of(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{body}")
        .into_bytes()
}

fn event(fields: &Value, end: &str) -> String {
    format!("data: {}{end}{end}", json!({"choices": [fields]}))
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = Server::start(Script::frames(2)).await;
    for _ in 0..30 {
        assert_eq!(server.speak(json!({})).await.bytes().await.unwrap().len(), 2 * 2048 * 2);
    }
    assert_eq!(server.engine.requests().len(), 30);
    assert!(server.engine.accepts() <= 2, "{} connections for 30 requests", server.engine.accepts());
}

/// An engine that closes a kept connection just when it is used again.
#[tokio::test]
async fn a_connection_that_closes_when_used_again_is_not_heard() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let tokens = frame_tokens(2);
    let body = event(&json!({"token_ids": tokens, "finish_reason": "stop"}), "\n") + "data: [DONE]\n\n";
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let engine = tokio::spawn(async move {
        let mut requests = 0;
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 65536];
            // One answer for each connection; what comes next is read and met with a close.
            let mut answered = false;
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                let text = String::from_utf8_lossy(&buffer[..count]);
                requests += usize::from(text.starts_with("POST"));
                if answered {
                    break;
                }
                if text.trim_end().ends_with('}') {
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    answered = true;
                }
            }
            if requests >= 6 {
                return;
            }
        }
    });
    let server = server_of(&url).await;
    for _ in 0..3 {
        let response = server.speak(json!({})).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.bytes().await.unwrap().len(), 2 * 2048 * 2);
    }
    engine.abort();
}

#[tokio::test]
async fn two_requests_with_one_id_are_two_for_the_engine() {
    let server = Server::start(Script::frames(2)).await;
    let body = json!({"text": "नमस्ते", "voice": "hi_female", "response_format": "pcm"});
    let speak = || server.request("/v1/text-to-speech", &body).header("x-request-id", "mine").send();
    let (one, other) = tokio::join!(speak(), speak());
    for response in [one.unwrap(), other.unwrap()] {
        assert_eq!(response.headers()["x-request-id"], "mine");
        response.bytes().await.unwrap();
    }
    let ids: Vec<String> = server
        .engine
        .headers()
        .iter()
        .map(|headers| headers["x-request-id"].to_str().unwrap().to_owned())
        .collect();
    assert!(ids.len() == 2 && ids[0] != ids[1] && ids.iter().all(|id| id.starts_with("mine-")), "{ids:?}");
}

#[tokio::test]
async fn health_fails_without_the_model() {
    let engine = FakeVllm::start_paced(Settings { model: "another".to_owned(), ..Settings::default() }).await;
    let server = server_of(&engine.base_url()).await;
    for path in ["/health", "/health/ready"] {
        let response = server.client.get(server.url(path)).send().await.unwrap();
        let (status, body) = status_and_json(response).await;
        let reason = body["reason"].as_str().unwrap_or_default();
        assert!(status == 503 && reason.contains("kenpath/svara-tts-v1"), "{path}: {status} {body}");
    }
    assert_eq!(server.speak(json!({})).await.status(), 502);
}

#[tokio::test]
async fn health_does_not_need_a_list_of_models() {
    for (answer, status) in [
        ("HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", 200),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]", 200),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", 503),
        ("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", 503),
    ] {
        let engine = Raw::start(answer).await;
        let server = server_of(&engine.url).await;
        let health = server.client.get(server.url("/health")).send().await.unwrap();
        assert_eq!(health.status().as_u16(), status, "{answer}");
    }
}

#[tokio::test]
async fn odd_streams_are_the_same_speech() {
    let tokens = frame_tokens(4);
    let texts: String = tokens.iter().map(|id| format!("<custom_token_{}>", id - 128_256)).collect();
    let ids = json!({"token_ids": tokens, "text": "", "finish_reason": "stop"});
    let empty_ids = json!({"token_ids": [], "text": texts, "finish_reason": "stop"});
    let surrogate = event(&ids, "\n").replace("\"text\":\"\"", "\"text\":\"\\ud800\"");
    let lines = serde_json::to_string_pretty(&json!({"choices": [ids]})).unwrap();
    let lines: String = lines.lines().map(|line| format!("data: {line}\n")).collect();
    for (name, body) in [
        ("bom", format!("\u{feff}{}", event(&ids, "\n"))),
        ("cr", event(&ids, "\r")),
        ("several lines", format!("{lines}\n")),
        ("empty ids", event(&empty_ids, "\n")),
        ("surrogate", surrogate),
    ] {
        let engine = Raw::start(stream_of(&body)).await;
        let server = server_of(&engine.url).await;
        let response = server.speak(json!({})).await;
        assert_eq!(response.status(), 200, "{name}");
        assert_eq!(response.bytes().await.unwrap().len(), 4 * 2048 * 2, "{name}");
    }
}

#[tokio::test]
async fn a_prompt_follows_no_redirect() {
    let other = FakeVllm::start(Script::frames(2)).await;
    for status in [301, 302, 303, 307, 308] {
        let to = format!("{}/completions", other.base_url());
        let head = format!(
            "HTTP/1.1 {status} Moved\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        let engine = Raw::start(head).await;
        let server = server_of(&engine.url).await;
        assert_eq!(server.speak(json!({})).await.status(), 502);
        assert_eq!((engine.asked(), other.requests().len()), (1, 0));
    }
}

#[tokio::test]
async fn a_full_engine_says_when_to_come_back() {
    for (status, after) in [(429, "retry-after: 7\r\n"), (503, "retry-after: 7\r\n"), (429, "")] {
        let engine = Raw::start(format!(
            "HTTP/1.1 {status} Busy\r\n{after}content-length: 0\r\nconnection: close\r\n\r\n"
        ))
        .await;
        let server = server_of(&engine.url).await;
        let response = server.speak(json!({})).await;
        let wait = if after.is_empty() { "1" } else { "7" };
        assert_eq!(
            (response.status().as_u16(), &response.headers()["retry-after"]),
            (503, &wait.parse().unwrap())
        );
        assert_eq!(engine.asked(), 1, "{status} {after}");
    }
}

#[tokio::test]
async fn callers_learn_nothing_of_the_engine() {
    let html = "<html>secret-host.internal</html>";
    let answer = |head: &str| {
        format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{html}", html.len())
    };
    for answer in [
        answer("500 Oh"),
        answer("404 No"),
        answer("200 OK\r\ncontent-type: text/html"),
        answer("200 OK\r\ncontent-type: application/json"),
        answer("200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip"),
        answer("307 Moved\r\nlocation: http://secret-host.internal/"),
        String::new(),
    ] {
        let engine = Raw::start(answer).await;
        let server = server_of(&engine.url).await;
        let (host, text) =
            (engine.url.trim_start_matches("http://").trim_end_matches("/v1").to_owned(), "नमस्ते");
        for (path, body) in [
            ("/v1/text-to-speech", json!({"text": text, "voice": "hi_female"})),
            ("/v1/audio/speech", json!({"input": text, "voice": "hi_female", "model": "tts-1"})),
            ("/v1/text-to-speech/hi_female", json!({"text": text})),
        ] {
            let response = server.request(path, &body).send().await.unwrap();
            assert!(response.status().is_server_error());
            let body = response.text().await.unwrap();
            for word in [host.as_str(), "secret-host", "<html", "/v1", "http"] {
                assert!(!body.contains(word), "{path}: {body}");
            }
            assert!(body.contains("speech engine"), "{body}");
        }
    }
}

/// Two frames are tokens, but no audio yet. A voice's engine follows from both engines' ports: with 24 voices, the
/// broken one is chosen for one of them.
#[tokio::test]
async fn a_failure_before_anything_is_heard_goes_to_the_other_engine() {
    for end in [End::ErrorEvent, End::Eof, End::Finish("abort")] {
        let bad = Script { end, ..Script::new(frame_tokens(2)[..10].to_vec()) };
        let good = FakeVllm::start(Script::frames(4)).await;
        let url = good.base_url();
        let server = Server::with(bad, |config| {
            config.engine.base_url = format!("{},{url}", config.engine.base_url);
        })
        .await;
        for language in ["hi", "bn", "mr", "te", "kn", "gu", "ml", "pa", "ta", "en", "ne", "sa"] {
            for (gender, stream) in [("female", true), ("male", false)] {
                let voice = format!("{language}_{gender}");
                let response = server.speak(json!({"voice": voice, "stream": stream})).await;
                assert_eq!(response.status(), 200);
                assert_eq!(response.bytes().await.unwrap().len(), 4 * 2048 * 2);
            }
        }
        assert!(!server.engine.requests().is_empty());
    }
}

#[tokio::test]
async fn a_connection_is_there_before_the_first_request() {
    let server = Server::start(Script::frames(2)).await;
    svara_testkit::eventually("a connection", async || (server.engine.accepts() == 1).then_some(())).await;
}

#[tokio::test]
async fn a_socket_refuses_a_wrong_speed_with_its_first_message() {
    let server = Server::start(Script::frames(1)).await;
    for route in ["stream-input", "multi-stream-input"] {
        let url = format!("ws://{}/v1/text-to-speech/hi_female/{route}", server.address);
        let (mut socket, _) = connect_async(url).await.unwrap();
        let first = json!({"text": " ", "voice_settings": {"speed": 9}});
        socket.send(Message::Text(first.to_string().into())).await.unwrap();
        let told = socket.next().await.unwrap().unwrap();
        assert!(told.to_text().unwrap().contains("speed must be from 0.25 to 4"), "{route}: {told}");
    }
}

#[tokio::test]
async fn a_body_may_begin_with_a_byte_order_mark() {
    let server = Server::start(Script::frames(1)).await;
    for (path, body) in [
        ("/v1/text-to-speech", json!({"text": "a", "voice": "hi_female"})),
        ("/v1/audio/speech", json!({"input": "a", "voice": "hi_female", "model": "tts-1"})),
        ("/v1/text-to-speech/hi_female", json!({"text": "a"})),
    ] {
        let request = server.client.post(server.url(path)).header("content-type", "application/json");
        let response = request.body(format!("\u{feff}{body}")).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
    }
}

/// Each byte of a refusal may be in time, but not all of them.
#[tokio::test]
async fn a_refusal_that_drips_holds_nobody_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let _ = stream.read(&mut buffer).await;
                let _ = stream.write_all(b"HTTP/1.1 500 X\r\ncontent-length: 10000\r\n\r\n").await;
                let mut beat = tokio::time::interval(Duration::from_millis(300));
                while stream.write_all(b"x").await.is_ok() {
                    beat.tick().await;
                }
            });
        }
    });
    let server = server_of(&url).await;
    let speech = server.speak(json!({}));
    let response = tokio::time::timeout(Duration::from_secs(30), speech).await.expect("it is answered");
    assert_eq!(response.status(), 502);
}

/// What can't be read only once is asked for again, while nothing was heard.
#[tokio::test]
async fn an_answer_that_breaks_behind_whole_frames_is_asked_for_again() {
    let frames = frame_tokens(6);
    let frames: String =
        frames.chunks(7).map(|ids| event(&json!({"text": "", "token_ids": ids}), "\n")).collect();
    let engine = Raw::start(stream_of(&(frames + "data: {x}\n\n"))).await;
    let server = server_of(&engine.url).await;
    assert_eq!(server.speak(json!({"stream": false})).await.status(), 502);
    assert_eq!(engine.asked(), 2);
}
