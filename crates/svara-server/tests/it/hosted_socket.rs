//! The hosted API's WebSocket: words in, sound out.

use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use svara_service::callers::KeyEntry;
use svara_testkit::fake_vllm::{End, Script};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::harness::{Server, least};

const FRAME_BYTES: usize = 2048 * 2;
const PATIENCE: Duration = Duration::from_secs(20);
const KEY: &str = "sk-svara-test-0123456789";

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What came over a socket.
#[derive(Debug, Default)]
struct Heard {
    events: Vec<Value>,
    audio: Vec<u8>,
    /// Whether sound came before the first chunk was told.
    early: bool,
    code: u16,
}

impl Heard {
    fn texts(&self) -> Vec<&str> {
        let chunks = self.events.iter().filter(|event| event["type"] == "chunk");
        chunks.map(|event| event["text"].as_str().unwrap()).collect()
    }
}

fn url(server: &Server, query: &str) -> String {
    format!("ws://{}/v1/audio/speech/stream-input?{query}", server.address)
}

async fn open(server: &Server, query: &str) -> Socket {
    connect_async(url(server, query)).await.unwrap().0
}

async fn send(socket: &mut Socket, message: Value) {
    socket.send(Message::Text(message.to_string().into())).await.unwrap();
}

async fn next(socket: &mut Socket) -> Message {
    tokio::time::timeout(PATIENCE, socket.next()).await.expect("nothing came").unwrap().unwrap()
}

/// All that comes, up to the close.
async fn rest(socket: &mut Socket) -> Heard {
    let mut heard = Heard::default();
    loop {
        match next(socket).await {
            Message::Text(text) => heard.events.push(serde_json::from_str(&text).unwrap()),
            Message::Binary(bytes) => {
                heard.early |= heard.events.is_empty();
                heard.audio.extend(bytes);
            }
            Message::Close(frame) => {
                heard.code = frame.unwrap().code.into();
                return heard;
            }
            _ => {}
        }
    }
}

/// The answer to an upgrade that is refused.
async fn refusal(server: &Server, query: &str, key: Option<&str>) -> (u16, Value) {
    let mut request = url(server, query).into_client_request().unwrap();
    if let Some(key) = key {
        request.headers_mut().insert("xi-api-key", key.parse().unwrap());
    }
    match connect_async(request).await {
        Err(Error::Http(answer)) => {
            let body = answer.body().clone().unwrap_or_default();
            (answer.status().as_u16(), serde_json::from_slice(&body).unwrap())
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn tokens_are_spoken_some_words_in_and_all_of_them_once() {
    let server = Server::start(Script::frames(4)).await;
    let mut socket = open(&server, "voice=hi_female").await;
    for token in ["One", " two", " three", " four", " five"] {
        send(&mut socket, json!({"text": token})).await;
    }
    assert_eq!(server.engine.requests().len(), 0);
    send(&mut socket, json!({"text": " six"})).await;
    let first: Value = serde_json::from_str(next(&mut socket).await.to_text().unwrap()).unwrap();
    assert_eq!(first, json!({"type": "chunk", "text": "One two three four ", "peek": "five six"}));
    let mut bytes = 0;
    while bytes < 4 * FRAME_BYTES {
        let Message::Binary(audio) = next(&mut socket).await else { panic!("sound comes in binary frames") };
        bytes += audio.len();
    }
    send(&mut socket, json!({"text": "teen, seven."})).await;
    send(&mut socket, json!({"text": ""})).await;
    let heard = rest(&mut socket).await;
    assert_eq!(heard.texts(), ["five sixteen, seven."]);
    assert_eq!((heard.events.last().unwrap(), heard.code), (&json!({"type": "done"}), 1000));
    assert_eq!(bytes + heard.audio.len(), 2 * 4 * FRAME_BYTES, "every frame is heard");
}

#[tokio::test]
async fn every_format_and_rate_is_one_file() {
    let server = Server::start(Script::frames(3)).await;
    for (query, head) in [
        ("response_format=mp3&bitrate_kbps=64", &b"\xff"[..]),
        ("response_format=opus", b"OggS"),
        ("response_format=aac", b"\xff"),
        ("response_format=flac", b"fLaC"),
        ("response_format=wav&sample_rate=16000", b"RIFF"),
        ("response_format=ulaw&sample_rate=8000", b""),
        ("response_format=alaw", b""),
        ("sample_rate=48000", b""),
    ] {
        let mut socket = open(&server, &format!("lang=hindi&{query}")).await;
        send(&mut socket, json!({"text": "एक दो तीन चार पाँच छह सात आठ नौ"})).await;
        send(&mut socket, json!({"text": ""})).await;
        let heard = rest(&mut socket).await;
        assert_eq!(heard.code, 1000, "{query}: {heard:?}");
        assert!(heard.audio.starts_with(head) && heard.audio.len() > 500 && !heard.early, "{query}");
        assert!(heard.texts().len() > 1, "{query}");
        let magic = |magic: &[u8]| heard.audio.windows(4).filter(|window| *window == magic).count();
        assert!(magic(b"RIFF") <= 1 && magic(b"fLaC") <= 1, "one header");
    }
}

#[tokio::test]
async fn a_flush_speaks_what_is_there() {
    let server = Server::start(Script::frames(2)).await;
    let mut socket = open(&server, "voice=hi_female").await;
    send(&mut socket, json!({"text": "Wait"})).await;
    send(&mut socket, json!({"flush": true})).await;
    let mut bytes = 0;
    while bytes < 2 * FRAME_BYTES {
        if let Message::Binary(audio) = next(&mut socket).await {
            bytes += audio.len();
        }
    }
    send(&mut socket, json!({"text": " a moment", "flush": true})).await;
    send(&mut socket, json!({"text": ""})).await;
    let heard = rest(&mut socket).await;
    assert_eq!((heard.texts(), heard.audio.len()), (vec![" a moment"], 2 * FRAME_BYTES));
}

#[tokio::test]
async fn chunks_keep_to_the_bounds_of_the_address() {
    let server = Server::start(Script::frames(1)).await;
    let query = "voice=hi_female&mode=eager&chunk_words=1&peek_words=0&max_chunk_words=3";
    let mut socket = open(&server, query).await;
    let text = "one two three four five six seven eight nine ten eleven";
    send(&mut socket, json!({"text": text})).await;
    send(&mut socket, json!({"text": ""})).await;
    let heard = rest(&mut socket).await;
    assert!(heard.texts().iter().all(|text| text.split_whitespace().count() <= 3), "{heard:?}");
    assert_eq!(heard.texts().concat(), text);
}

#[tokio::test]
async fn an_empty_utterance_is_done_at_once() {
    let server = Server::start(Script::frames(1)).await;
    let mut socket = open(&server, "voice=hi_female").await;
    send(&mut socket, json!({"text": ""})).await;
    let heard = rest(&mut socket).await;
    assert_eq!((heard.events, heard.audio.len(), heard.code), (vec![json!({"type": "done"})], 0, 1000));
}

/// Clients open sockets ahead. With one stream for all, four of them and a speech over HTTP are no trouble.
#[tokio::test]
async fn idle_sockets_hold_no_stream() {
    let server = Server::with(Script::frames(2), |config| {
        config.limits.streams = 1;
        config.limits.queue = 0;
        config.decoder.max_streams = 1;
        config.server.keys =
            vec![KeyEntry { concurrent_streams: Some(1), ..KeyEntry::unbounded("test", KEY) }];
    })
    .await;
    let mut sockets = Vec::new();
    for _ in 0..4 {
        sockets.push(open(&server, &format!("voice=hi_female&xi-api-key={KEY}")).await);
    }
    assert_eq!((server.open_streams().await, server.engine.requests().len()), (0, 0));
    let body = json!({"text": "a", "voice": "hi_female"});
    let http = server.request("/v1/text-to-speech", &body).bearer_auth(KEY).send().await.unwrap();
    assert_eq!(http.status(), 200);
    http.bytes().await.unwrap();
    for socket in &mut sockets {
        send(socket, json!({"text": "hello"})).await;
        send(socket, json!({"text": ""})).await;
        assert_eq!(rest(socket).await.code, 1000);
    }
}

#[tokio::test]
async fn an_idle_socket_is_closed_after_its_time() {
    let server = Server::with(Script::frames(2), |config| {
        config.limits.socket_idle_seconds = svara_config::Seconds::new(1);
    })
    .await;
    let start = Instant::now();
    let mut socket = open(&server, "voice=hi_female").await;
    let heard = rest(&mut socket).await;
    // Far less than the default.
    assert!((1..60).contains(&start.elapsed().as_secs()));
    assert_eq!(
        (&heard.events[0]["type"], &heard.events[0]["code"], heard.code),
        (&json!("error"), &json!(1008), 1008)
    );
    let default = svara_config::Config::default().limits.socket_idle_seconds;
    assert!(default.duration() > Duration::from_secs(300));
}

/// The user interrupts: the client closes the socket, in order or not.
#[tokio::test]
async fn closing_the_socket_ends_the_generation_at_once() {
    let server = Server::start(Script { end: End::Hang, ..Script::frames(8) }).await;
    let most = Duration::from_millis(100);
    for in_order in [true, false] {
        let took = least(most, async || {
            let mut socket = open(&server, "voice=hi_female").await;
            send(&mut socket, json!({"text": "one two three four five six seven"})).await;
            while !matches!(next(&mut socket).await, Message::Binary(_)) {}
            server.engine.wait_for_open_streams(1).await;
            let start = Instant::now();
            if in_order {
                socket.close(None).await.unwrap();
            } else {
                drop(socket);
            }
            server.engine.wait_for_open_streams(0).await;
            let took = start.elapsed();
            server.quiet().await;
            took
        })
        .await;
        assert!(took <= most, "{took:?}, in order: {in_order}");
    }
}

#[tokio::test]
async fn text_that_comes_faster_than_it_is_said_waits_at_the_client() {
    let server = Server::with(Script::frames(2), |config| config.limits.text_characters = 300).await;
    let mut socket = open(&server, "voice=hi_female").await;
    let sentence = "This is a sentence of a long completion that comes at once, and it is long. ";
    for _ in 0..20 {
        send(&mut socket, json!({"text": sentence})).await;
    }
    send(&mut socket, json!({"text": ""})).await;
    let heard = rest(&mut socket).await;
    assert_eq!((heard.texts().concat(), heard.code), (sentence.repeat(20), 1000));
}

#[tokio::test]
async fn a_refused_upgrade_is_the_http_failure() {
    let server = Server::with(Script::frames(1), |config| {
        config.server.keys = vec![
            KeyEntry::unbounded("test", KEY),
            KeyEntry {
                requests_per_minute: Some(1),
                ..KeyEntry::unbounded("slow", "sk-svara-test-slow-01234")
            },
        ];
    })
    .await;
    for (query, key, status, word) in [
        ("voice=hi_female", None, 401, "missing_api_key"),
        ("voice=hi_female", Some("wrong"), 401, "invalid_api_key"),
        ("voice=nobody", Some(KEY), 404, "voice_not_found"),
    ] {
        let (answered, body) = refusal(&server, query, key).await;
        assert_eq!((answered, &body["detail"]["status"]), (status, &json!(word)), "{query}: {body}");
        let (http, same) = {
            let body = json!({"input": "a", "voice": query.trim_start_matches("voice=")});
            let mut request = server.request("/v1/audio/speech", &body);
            request = request.header("xi-api-key", key.unwrap_or(""));
            crate::harness::status_and_json(request.send().await.unwrap()).await
        };
        assert_eq!(http, answered);
        if key == Some(KEY) {
            assert_eq!(same["detail"]["status"], body["detail"]["status"]);
        }
    }
    for (query, field) in [
        ("", "voice"),
        ("voice=hi_female&speed=9", "speed"),
        ("voice=hi_female&speed=0.5", "speed"),
        ("voice=hi_female&speed=x", "speed"),
        ("voice=hi_female&sample_rate=1", "sample_rate"),
        ("voice=hi_female&response_format=opus&sample_rate=44100", "sample_rate"),
        ("voice=hi_female&response_format=mp4", "response_format"),
        ("voice=hi_female&lang=xx", "lang"),
        ("voice=hi_female&normalize=maybe", "normalize"),
        ("voice=hi_female&mode=lazy", "mode"),
        ("voice=hi_female&chunk_words=0", "chunk_words"),
        ("voice=hi_female&peek_words=-1", "peek_words"),
        ("voice=hi_female&max_chunk_words=2", "max_chunk_words"),
        ("voice=hi_female&temperature=5", "temperature"),
        ("voice=hi_female&top_p=0", "top_p"),
        ("voice=hi_female&top_k=-9", "top_k"),
        ("voice=hi_female&repetition_penalty=0", "repetition_penalty"),
    ] {
        let (status, body) = refusal(&server, query, Some(KEY)).await;
        assert_eq!((status, &body["detail"][0]["loc"]), (422, &json!(["query", field])), "{query}: {body}");
    }
    let slow = "sk-svara-test-slow-01234";
    open(&server, &format!("voice=hi_female&xi-api-key={slow}")).await;
    let (status, body) = refusal(&server, "voice=hi_female", Some(slow)).await;
    assert_eq!((status, &body["detail"]["status"]), (429, &json!("rate_limit_exceeded")), "{body}");
}

#[tokio::test]
async fn an_upgrade_tells_what_http_answers_tell() {
    let server = Server::start(Script::frames(1)).await;
    let query = "voice=hi_female&pronunciation_dictionary_id=d&presence_penalty=1&shade=2";
    let (_, answer) = connect_async(url(&server, query)).await.unwrap();
    for (name, value) in [
        ("x-svara-dictionary", "miss"),
        ("x-ignored-fields", "presence_penalty, shade"),
        ("x-ratelimit-remaining-streams", "-1"),
    ] {
        assert_eq!(answer.headers()[name], value);
    }
    assert!(answer.headers().contains_key("x-request-id"));
}

#[tokio::test]
async fn failures_are_told_with_their_code() {
    let server = Server::start(Script::frames(1)).await;
    for message in ["{", "[]", r#"{"text": 5}"#, r#"{"flush": "x"}"#] {
        let mut socket = open(&server, "voice=hi_female").await;
        socket.send(Message::Text(message.into())).await.unwrap();
        let heard = rest(&mut socket).await;
        assert_eq!((heard.code, &heard.events[0]["type"]), (1008, &json!("error")), "{message}");
        assert_eq!(heard.events[0]["code"], 1008);
        assert!(heard.events[0]["message"].is_string());
    }
    for (script, code) in [
        (Script { end: End::Eof, ..Script::frames(0) }, 1011),
        (Script { end: End::ErrorEvent, ..Script::frames(9) }, 1011),
    ] {
        server.engine.set(script);
        let mut socket = open(&server, "voice=hi_female").await;
        send(&mut socket, json!({"text": "hello", "flush": true})).await;
        let heard = rest(&mut socket).await;
        assert_eq!((heard.code, &heard.events.last().unwrap()["code"]), (code, &json!(code)), "{heard:?}");
    }
    server.engine.kill().await;
    let gone =
        Server::with(Script::frames(1), |config| config.engine.base_url = "http://127.0.0.1:9/v1".to_owned())
            .await;
    let mut socket = open(&gone, "voice=hi_female").await;
    send(&mut socket, json!({"text": "hello", "flush": true})).await;
    assert_eq!(rest(&mut socket).await.code, 1013, "the engine isn't there");
}
