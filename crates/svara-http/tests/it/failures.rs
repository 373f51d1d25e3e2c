//! Bodies that fail or end: what a client sees of them.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use futures::{StreamExt, stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{LONG, start};

/// More than a socket's buffers take at once.
const MUCH: usize = 8_000_000;

/// `/failing` sends eight bytes and fails at once, `/failing-late` sends much before, `/ending` ends
/// well, `/endless` goes on.
pub(crate) fn routes() -> Router {
    let failing = || io::Result::<Bytes>::Err(io::Error::other("the engine is gone"));
    let few = || io::Result::Ok(Bytes::from("audio-1."));
    let much = || Ok(Bytes::from(vec![b'a'; MUCH]));
    Router::new()
        .route("/failing", get(move || async move { Body::from_stream(stream::iter([few(), failing()])) }))
        .route(
            "/failing-late",
            get(move || async move { Body::from_stream(stream::iter([much(), failing()])) }),
        )
        .route(
            "/failing-held",
            get(move || async move {
                let held = Held::new();
                Body::from_stream(stream::iter([few(), failing()]).inspect(move |_| {
                    let _ = &held;
                }))
            }),
        )
        .route("/ending", get(move || async move { Body::from_stream(stream::iter([few()])) }))
        .route("/endless", get(|| async { Body::from_stream(endless()) }))
}

/// What the body of `/failing-held` holds, and how often that exists.
struct Held;
static HELD: AtomicUsize = AtomicUsize::new(0);

impl Held {
    fn new() -> Self {
        HELD.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Eight bytes, and then nothing.
fn endless() -> impl futures::Stream<Item = io::Result<Bytes>> {
    stream::iter([Ok(Bytes::from("audio-1."))]).chain(stream::pending())
}

/// What a client receives of a path until the connection ends, and whether it ends cleanly.
async fn received(path: &str, version: &str) -> (String, io::Result<()>) {
    let server = start(|_| {}).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET {path} HTTP/{version}\r\nHost: test\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let ended = timeout(LONG, stream.read_to_end(&mut bytes)).await.unwrap();
    (String::from_utf8(bytes).unwrap(), ended.map(drop))
}

#[tokio::test]
async fn what_came_before_a_failure_arrives() {
    for _ in 0..20 {
        let (text, _) = received("/failing", "1.1").await;
        assert!(text.starts_with("HTTP/1.1 200 ") && text.contains("audio-1."), "{text:?}");
        assert!(!text.ends_with("0\r\n\r\n"), "it looks whole: {text:?}");
    }
}

#[tokio::test]
async fn over_http_1_0_a_failure_is_a_reset() {
    let (text, ended) = received("/failing", "1.0").await;
    assert!(text.starts_with("HTTP/1.0 200 ") && text.ends_with("audio-1."), "{text:?}");
    assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    let (text, ended) = received("/failing-late", "1.0").await;
    assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert!(text.len() > MUCH, "{} bytes", text.len());
    let (text, ended) = received("/ending", "1.0").await;
    ended.unwrap();
    assert!(text.ends_with("audio-1."), "{text:?}");
}

#[tokio::test]
async fn what_a_failed_body_holds_is_free_before_its_connection_breaks() {
    let server = start(|_| {}).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /failing-held HTTP/1.0\r\n\r\n").await.unwrap();
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"audio-1.") {
        assert_ne!(timeout(LONG, stream.read_buf(&mut bytes)).await.unwrap().unwrap(), 0);
    }
    let free = async {
        while HELD.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(LONG, free).await.unwrap();
    let open = stream.try_read(&mut [0]).unwrap_err();
    assert_eq!(open.kind(), io::ErrorKind::WouldBlock, "others waited for the end of the connection");
}

#[tokio::test]
async fn a_drain_that_breaks_off_an_http_1_0_answer_resets_it() {
    let server = start(|_| {}).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /endless HTTP/1.0\r\n\r\n").await.unwrap();
    let mut some = [0; 64];
    let seen = timeout(LONG, stream.read(&mut some)).await.unwrap().unwrap();
    assert!(seen > 0);
    server.life.stop();
    server.life.stop();
    let mut rest = Vec::new();
    let ended = timeout(LONG, stream.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}
