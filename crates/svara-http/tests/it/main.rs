//! A router of a few lines, served over real connections.
#![allow(clippy::unwrap_used, reason = "helpers of tests are test code too")]

mod failures;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, routing::get};
use svara_http::{Connections, Lifecycle, Limits, Phase, ServeError, Settings, Tls, TlsError};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
    time::timeout,
};

/// Far longer than anything here takes.
const LONG: Duration = Duration::from_secs(20);

struct Server {
    address: SocketAddr,
    life: Lifecycle,
    connections: Connections,
    served: JoinHandle<Result<(), ServeError>>,
    /// Tells that a request for `/slow` has begun.
    begun: Arc<Notify>,
    /// Lets it end.
    finish: Arc<Notify>,
}

impl Server {
    /// Asks for `/slow`, and waits until the router has the request.
    async fn ask_slowly(&self) -> TcpStream {
        let stream = ask(self.address, "/slow").await;
        timeout(LONG, self.begun.notified()).await.unwrap();
        stream
    }
}

async fn start(change: impl FnOnce(&mut Settings)) -> Server {
    let limits = Limits {
        connections: 10,
        connections_per_address: 100,
        probes: &[],
        header_bytes: 8192,
        header: LONG,
        idle: LONG,
        body: LONG,
        write_stall: LONG,
        write_bytes_per_s: 0,
    };
    let mut settings = Settings { limits, tls: None, drain_delay: Duration::ZERO, drain: LONG };
    change(&mut settings);
    let (begun, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, finishes) = (Arc::clone(&begun), Arc::clone(&finish));
    let slow = move || async move {
        begins.notify_one();
        finishes.notified().await;
        "slow"
    };
    let app = Router::new().route("/", get(|| async { "quick" })).route("/slow", get(slow));
    let app = app.merge(failures::routes());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (life, connections) = (Lifecycle::default(), Connections::default());
    let served = tokio::spawn(svara_http::serve(listener, app, life.clone(), connections.clone(), settings));
    Server { address, life, connections, served, begun, finish }
}

async fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    timeout(LONG, stream.read_to_string(&mut text)).await.unwrap().unwrap();
    text
}

#[tokio::test]
async fn an_open_request_outlives_the_listener() {
    let server = start(|_| {}).await;
    assert!(answer(ask(server.address, "/").await).await.ends_with("quick"));
    let slow = server.ask_slowly().await;
    server.life.stop();
    timeout(LONG, server.life.reached(Phase::Closing)).await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
    server.finish.notify_one();
    assert!(answer(slow).await.ends_with("slow"));
    timeout(LONG, server.served).await.unwrap().unwrap().unwrap();
    assert_eq!(server.connections.open(), 0);
}

#[tokio::test]
async fn a_second_stop_breaks_off_open_requests() {
    let server = start(|settings| settings.drain = LONG * 10).await;
    let mut slow = server.ask_slowly().await;
    server.life.stop();
    server.life.stop();
    timeout(LONG, server.served).await.unwrap().unwrap().unwrap();
    let mut rest = Vec::new();
    let read = timeout(LONG, slow.read_to_end(&mut rest)).await.unwrap();
    assert!(read.is_err() || rest.is_empty(), "{rest:?}");
}

#[tokio::test]
async fn connections_beyond_the_limit_get_503() {
    let server = start(|settings| settings.limits.connections = 1).await;
    let slow = server.ask_slowly().await;
    let refused = answer(TcpStream::connect(server.address).await.unwrap()).await;
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("Retry-After: 1\r\n"), "{refused}");
    server.finish.notify_one();
    assert!(answer(slow).await.ends_with("slow"));
}

#[tokio::test]
async fn a_request_that_does_not_come_is_not_waited_for() {
    let server = start(|settings| settings.limits.header = Duration::from_millis(50)).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut rest = Vec::new();
    let _ = timeout(LONG, silent.read_to_end(&mut rest)).await.unwrap();
}

#[test]
fn certificates_that_cannot_be_used_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let (empty, nowhere) = (directory.path().join("empty.pem"), directory.path().join("nowhere.pem"));
    std::fs::write(&empty, "").unwrap();
    let error = Tls::load(&nowhere, &empty).unwrap_err();
    assert!(matches!(&error, TlsError::Certificate { path, .. } if *path == nowhere), "{error:?}");
    let error = Tls::load(&empty, &nowhere).unwrap_err();
    assert!(matches!(&error, TlsError::NoCertificate(path) if *path == empty), "{error:?}");
}
