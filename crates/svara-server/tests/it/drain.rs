use futures::StreamExt;
use serde_json::json;
use svara_config::Seconds;
use svara_testkit::fake_vllm::{End, FakeVllm, Script};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::{
    harness::{Program, Server},
    raw::{self, LONG, SPEECH, speech_request},
    sockets::Client,
};

/// A stop lets the open stream finish, refuses new requests, and then returns.
#[tokio::test]
async fn open_streams_finish_before_the_server_stops() {
    let script = Script { pause: std::time::Duration::from_millis(20), ..Script::frames(20) };
    let mut server = Server::start(script).await;
    let mut response = server.speak(json!({})).await;
    let first = response.chunk().await.unwrap().unwrap().len();
    server.life.stop();
    let rest: usize =
        response.bytes_stream().map(|chunk| chunk.unwrap().len()).collect::<Vec<_>>().await.iter().sum();
    assert_eq!(first + rest, 20 * 2048 * 2);
    (&mut server.stopped).await.unwrap().unwrap();
    let refused = server.client.get(server.url("/health")).send().await;
    assert!(refused.unwrap_err().is_connect());
}

/// A stream that doesn't end delays a stop until the deadline and no longer.
#[tokio::test]
async fn the_drain_has_a_deadline() {
    let script = Script { end: End::Hang, ..Script::frames(5) };
    let mut server = Server::with(script, |config| {
        config.server.drain_seconds = Seconds::new(1);
        config.engine.inactivity_seconds = Seconds::new(600);
    })
    .await;
    let mut response = server.speak(json!({})).await;
    response.chunk().await.unwrap().unwrap();
    server.life.stop();
    timeout(LONG, &mut server.stopped).await.unwrap().unwrap().unwrap();
}

/// Load balancers see a server that answers but isn't ready; open streams continue.
#[tokio::test]
async fn a_draining_server_refuses_new_requests() {
    let script = Script { pause: std::time::Duration::from_millis(50), ..Script::frames(40) };
    let mut server =
        Server::with(script, |config| config.server.drain_delay_seconds = Seconds::new(20)).await;
    let mut kept_open = raw::connect(server.address).await;
    kept_open.write_all(b"GET /v1/test HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut start = [0; 12];
    kept_open.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    let mut response = server.speak(json!({})).await;
    let first = response.chunk().await.unwrap().unwrap().len();
    server.life.stop();
    for (path, status) in [("/health/live", 200), ("/health/ready", 503), ("/health", 503), ("/metrics", 200)]
    {
        let answer = server.client.get(server.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    kept_open
        .write_all(speech_request(SPEECH).replace("connection: close\r\n", "").as_bytes())
        .await
        .unwrap();
    let refused = raw::until_closed(&mut kept_open).await.to_lowercase();
    for words in ["http/1.1 503", "connection: close", "retry-after: ", "server_stopping"] {
        assert!(refused.contains(words), "{words} in {refused}");
    }
    let rest: usize =
        response.bytes_stream().map(|chunk| chunk.unwrap().len()).collect::<Vec<_>>().await.iter().sum();
    assert_eq!(first + rest, 40 * 2048 * 2);
    // A second signal skips the rest of the delay.
    server.life.stop();
    timeout(LONG, &mut server.stopped).await.unwrap().unwrap().unwrap();
}

/// A page reads why it is refused and when to come again.
#[tokio::test]
async fn a_draining_server_says_so_to_pages() {
    const PAGE: &str = "https://app.example";
    let mut server = Server::with(Script::frames(1), |config| {
        config.server.drain_delay_seconds = Seconds::new(20);
        config.server.cors_origins = vec![PAGE.to_owned()];
    })
    .await;
    server.life.stop();
    let url = server.url("/v1/text-to-speech");
    let preflight = server.client.request(reqwest::Method::OPTIONS, &url).header("origin", PAGE);
    let preflight = preflight.header("access-control-request-method", "POST");
    let preflight = preflight.header("access-control-request-headers", "content-type").send().await.unwrap();
    let body = json!({"text": "a", "voice": "hi_female"});
    let refused = server.client.post(&url).header("origin", PAGE).json(&body).send().await.unwrap();
    for (answer, status) in [(&preflight, 200), (&refused, 503)] {
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()["access-control-allow-origin"], PAGE, "{status}");
    }
    assert!(refused.headers().contains_key("retry-after"));
    // A page of another origin is told nothing.
    let foreign = server.client.get(server.url("/v1/jobs")).header("origin", "https://other.example");
    let foreign = foreign.send().await.unwrap();
    assert!(!foreign.headers().contains_key("access-control-allow-origin"));
    server.life.stop();
    timeout(LONG, &mut server.stopped).await.unwrap().unwrap().unwrap();
}

/// WebSockets delay a stop like other streams, and are aborted like them.
#[tokio::test]
async fn a_second_stop_aborts_streams_and_sockets() {
    let script = Script { end: End::Hang, ..Script::frames(5) };
    let mut server = Server::with(script, |config| {
        config.server.drain_seconds = Seconds::new(600);
        config.engine.inactivity_seconds = Seconds::new(600);
    })
    .await;
    let mut response = server.speak(json!({})).await;
    response.chunk().await.unwrap().unwrap();
    let mut socket = Client::open(&server, "hi_female/stream-input", "").await;
    socket.send(json!({"text": "a", "flush": true})).await;
    socket.next().await.unwrap();
    server.life.stop();
    tokio::select! {
        _ = &mut server.stopped => panic!("it stopped while streams were open"),
        () = server.life.reached(svara_http::Phase::Closing) => {}
    }
    server.life.stop();
    timeout(LONG, &mut server.stopped).await.unwrap().unwrap().unwrap();
    assert!(response.bytes_stream().any(|chunk| async move { chunk.is_err() }).await, "it looks complete");
    timeout(LONG, server.engine.wait_for_open_streams(0)).await.expect("the generations are aborted");
}

/// The log doesn't blame clients for what the server breaks off.
#[tokio::test]
async fn the_log_says_who_ended_a_stream() {
    let directory = tempfile::tempdir().unwrap();
    let engine = FakeVllm::start(Script { end: End::Hang, ..Script::frames(6) }).await;
    let mut config = crate::harness::config();
    config.engine.base_url = engine.base_url();
    config.engine.inactivity_seconds = Seconds::new(600);
    config.server.port = 0;
    config.server.drain_seconds = Seconds::new(1);
    config.log.format = svara_config::LogFormat::Json;
    let path = directory.path().join("server.toml");
    std::fs::write(&path, toml::to_string(&config).unwrap()).unwrap();
    let (mut server, log) = Program::start_logged(crate::program::program(&path)).await;
    let body = json!({"text": "a", "voice": "hi_female", "response_format": "pcm"});
    let client = crate::harness::client();
    let left = client.post(format!("{}/v1/text-to-speech", server.root)).json(&body);
    let mut stays = left.try_clone().unwrap().send().await.unwrap();
    stays.chunk().await.unwrap().unwrap();
    drop(left.send().await.unwrap());
    engine.wait_for_open_streams(1).await;
    server.signal("TERM").await;
    server.ended().await;
    let log = log.await.unwrap();
    let count = |words: &str| log.iter().filter(|line| line.contains(words)).count();
    assert_eq!((count("client left"), count("the server stops: speech broken off")), (1, 1), "{log:#?}");
}

/// A reload doesn't stop the server, even if there is nothing to reload.
#[tokio::test]
async fn a_hangup_ends_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let more = format!(
        "[server]\nport = 0\n[model]\ntokenizer = {:?}\n[voices]\nstore = \"\"\n[jobs]\nstore = \"\"\n",
        svara_testkit::models::tokenizer()
    );
    let mut server = Program::start(&crate::program::config(directory.path(), &more)).await;
    server.signal("HUP").await;
    server.signal("TERM").await;
    assert!(server.ended().await.success(), "it ran until the stop signal");
}
