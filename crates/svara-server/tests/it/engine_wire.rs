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
    let frames = frame_tokens(6);
    let frames: String =
        frames.chunks(7).map(|ids| event(&json!({"text": "", "token_ids": ids}), "\n")).collect();
    let broken = frames + "data: {x}\n\n";
    let engine = Raw::start(stream_of(&broken)).await;
    let server = server_of(&engine.url).await;
    assert_eq!(server.speak(json!({"stream": false})).await.status(), 502);
    assert_eq!(engine.asked(), 2);
}
