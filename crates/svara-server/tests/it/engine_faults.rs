//! Faults of engines that look like good answers or good health: answers that never come, errors in the middle of streams,
//! and lists of models that are none.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use svara_config::DecoderBackend;
use svara_testkit::{
    eventually,
    fake_vllm::{FakeVllm, Script, frame_tokens},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::harness::{Server, status_and_json};

const LIST: &str = r#"{"object":"list","data":[{"id":"kenpath/svara-tts-v1"}]}"#;

/// An engine that answers lists of models and generations with bytes that may be set, and closes.
#[derive(Clone)]
struct Engine {
    url: String,
    answers: Arc<Mutex<Answers>>,
    asked: Arc<AtomicUsize>,
}

#[derive(Clone, Default)]
struct Answers {
    list: Vec<u8>,
    speech: Vec<u8>,
    /// Whether the connection stays open behind an answer.
    stalls: bool,
}

impl Engine {
    async fn start(list: impl Into<Vec<u8>>, speech: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let answers = Answers { list: list.into(), speech: speech.into(), stalls: false };
        let engine = Self { url, answers: Arc::new(Mutex::new(answers)), asked: Arc::default() };
        let serving = engine.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().answer(stream));
            }
        });
        engine
    }

    async fn answer(self, mut stream: TcpStream) {
        let Some(speaks) = read_request(&mut stream).await else { return };
        self.asked.fetch_add(usize::from(speaks), Ordering::SeqCst);
        let Answers { list, speech, stalls } = self.answers.lock().unwrap().clone();
        let _ = stream.write_all(if speaks { &speech } else { &list }).await;
        if stalls {
            // Until the client leaves.
            let _ = stream.read(&mut [0; 64]).await;
        }
    }

    fn set(&self, change: impl FnOnce(&mut Answers)) {
        change(&mut self.answers.lock().unwrap());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Reads one request. Returns whether it is for a generation.
async fn read_request(stream: &mut TcpStream) -> Option<bool> {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let Ok(count @ 1..) = stream.read(&mut buffer).await else { return None };
        read.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&read).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0usize) {
            return Some(head.starts_with("post"));
        }
    }
}

fn answer(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

fn stream_of(events: &[String]) -> Vec<u8> {
    answer("200 OK\r\ncontent-type: text/event-stream", &(events.concat() + "data: [DONE]\n\n"))
}

async fn server_of(url: &str) -> Server {
    let url = url.to_owned();
    Server::with(Script::frames(1), |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.engine.base_url = url;
    })
    .await
}

async fn health(server: &Server) -> (u16, String) {
    let answer = server.client.get(server.url("/health")).send().await.unwrap();
    let (status, body) = status_and_json(answer).await;
    (status, body["reason"].as_str().unwrap_or_default().to_owned())
}

/// A new connection that closes is the engine's failure, and no kept one that was closed when it was used again: there are
/// the request and one retry.
#[tokio::test]
async fn an_engine_that_closes_without_an_answer_is_asked_twice() {
    let engine = Engine::start(answer("200 OK", LIST), "").await;
    let server = server_of(&engine.url).await;
    for round in 1..=3 {
        assert_eq!(server.speak(json!({})).await.status(), 503);
        assert_eq!(engine.asked(), 2 * round);
    }
}

/// The states of a list's engines.
async fn states(server: &Server) -> Vec<Value> {
    let answer = server.client.get(server.url("/health")).send().await.unwrap();
    let (_, body) = status_and_json(answer).await;
    body["engines"].as_array().unwrap().iter().map(|engine| engine["state"].clone()).collect()
}

/// A list that is late once says that an engine is busy, and not that it is gone.
#[tokio::test]
async fn a_slow_probe_ejects_no_engine() {
    let slow = Engine::start("", "").await;
    slow.set(|answers| answers.stalls = true);
    let good = FakeVllm::start(Script::frames(4)).await;
    let server = server_of(&format!("{},{}", slow.url, good.base_url())).await;
    assert_eq!(states(&server).await, ["serving", "serving"]);
}

/// A text at which engines close the connection may be the text's fault: the engines are there.
#[tokio::test]
async fn one_text_at_which_engines_close_ejects_none() {
    let list = answer("200 OK", LIST);
    let engines = [Engine::start(list.clone(), "").await, Engine::start(list, "").await];
    let server = server_of(&format!("{},{}", engines[0].url, engines[1].url)).await;
    assert_eq!(server.speak(json!({})).await.status(), 503);
    assert_eq!((engines[0].asked(), engines[1].asked()), (1, 1));
    assert_eq!(states(&server).await, ["serving", "serving"]);
}

/// Whatever stands between events in place of tokens: the speech isn't whole without them.
fn holes() -> Vec<String> {
    let text =
        frame_tokens(1).iter().map(|id| format!("<custom_token_{}>", id - 128_256)).collect::<String>();
    let holes = [
        json!({"type": "error", "code": 500}),
        json!({"type": "Error", "message": "out of blocks"}),
        json!({"object": "error", "choices": []}),
        json!({"status": "failed", "code": 500}),
        json!({"choices": [], "code": 500}),
        json!({"choices": [{"index": 0, "output_ids": [1]}]}),
        json!({"choices": [{"index": 0, "text": "out of blocks", "token_ids": null}]}),
        json!({"choices": [{"index": 0, "text": "", "token_ids": []}, {"index": 1, "error": "out of blocks"}]}),
        json!({"choices": [{"index": 0, "delta": {"content": text}}]}),
        json!({"choices": [{"index": 0, "error": {"message": "out of blocks"}}]}),
        json!({"choices": [{"index": 0, "text": "", "token_ids": [], "error": "out of blocks"}]}),
        json!({"choices": [{"index": 0, "text": text, "token_ids": null, "finish_reason": null}]}),
        json!({"choices": [{"index": 0, "text": text}]}),
    ];
    let others = [
        "event: error\n\n",
        "event: error\ndata:\n\n",
        "event: failed\ndata: {\"choices\":[]}\n\n",
        "Internal Server Error\n\n",
    ];
    holes.iter().map(event).chain(others.map(str::to_owned)).collect()
}

/// Eight frames, with something else between the fourth and the last ones.
fn broken_by(hole: &str) -> Vec<String> {
    let tokens = frame_tokens(8);
    let chunk = |ids: &[u32]| event(&json!({"choices": [{"index": 0, "text": "", "token_ids": ids}]}));
    let mut events: Vec<String> = tokens.chunks(7).map(chunk).collect();
    events.insert(4, hole.to_owned());
    events.push(event(&json!({"choices": [{"index": 0, "token_ids": [], "finish_reason": "stop"}]})));
    events
}

#[tokio::test]
async fn a_stream_with_a_hole_is_never_a_whole_answer() {
    for hole in holes() {
        let engine = Engine::start(answer("200 OK", LIST), stream_of(&broken_by(&hole))).await;
        let server = server_of(&engine.url).await;
        let whole = server.speak(json!({"stream": false})).await;
        assert_eq!(whole.status(), 502, "{hole}");
        assert!(engine.asked() >= 2, "{hole}: nothing was heard, so it is asked again");
        let streamed = server.speak(json!({})).await;
        assert!(streamed.status() != 200 || streamed.bytes().await.is_err(), "{hole}");
    }
}

#[tokio::test]
async fn a_hole_before_anything_is_heard_goes_to_the_other_engine() {
    for hole in holes() {
        // Behind ids, but before the first frame.
        let first = event(&json!({"choices": [{"index": 0, "text": "", "token_ids": [frame_tokens(1)[0]]}]}));
        let stop = event(&json!({"choices": [{"index": 0, "finish_reason": "stop"}]}));
        let bad = Engine::start(answer("200 OK", LIST), stream_of(&[first, hole.clone(), stop])).await;
        let good = FakeVllm::start(Script::frames(4)).await;
        let server = server_of(&format!("{},{}", bad.url, good.base_url())).await;
        for voice in
            ["hi_female", "hi_male", "bn_female", "bn_male", "ta_female", "ta_male", "en_female", "en_male"]
        {
            let answer = server.speak(json!({"voice": voice})).await;
            assert_eq!(answer.status(), 200, "{hole}");
            assert_eq!(answer.bytes().await.unwrap().len(), 4 * 2048 * 2, "{hole}");
        }
    }
}

#[tokio::test]
async fn a_list_of_models_that_is_none_is_no_health() {
    let half = format!("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{LIST}").into_bytes();
    for (list, stalls, words) in [
        (answer("200 OK\r\ncontent-type: text/html", "<html>It works!</html>"), false, "isn't JSON"),
        (answer("200 OK", "It works!"), false, "isn't JSON"),
        (answer("200 OK", r#"{"status":"starting"}"#), false, "is no list"),
        (answer("200 OK", ""), false, "isn't JSON"),
        (answer("200 OK", r#"{"error":{"message":"no worker"}}"#), false, "is an error"),
        (half.clone(), false, "breaks off"),
        (half, true, "doesn't arrive in time"),
        (Vec::new(), true, "can't be reached"),
    ] {
        let engine = Engine::start(list, "").await;
        engine.set(|answers| answers.stalls = stalls);
        let server = server_of(&engine.url).await;
        let (status, reason) = health(&server).await;
        assert_eq!(status, 503, "{words}");
        assert!(reason.contains(words) && !reason.contains("html"), "{words}: {reason}");
        engine.set(|answers| *answers = Answers { list: answer("200 OK", LIST), ..Answers::default() });
        eventually("health", async || (health(&server).await.0 == 200).then_some(())).await;
    }
}

/// An engine without a list is well if it takes generations, and not if it fails there.
#[tokio::test]
async fn a_place_to_speak_that_fails_is_no_health() {
    for (status, expected) in [
        ("405 Method Not Allowed", 200),
        ("422 Unprocessable", 200),
        ("500 Oh", 503),
        ("502 Bad Gateway", 503),
        ("401 Unauthorized", 503),
        ("302 Found\r\nlocation: /login", 503),
    ] {
        // The list has no place of its own here, so both are answered alike: only a 404 or 405 goes on to the other.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut buffer = [0; 4096];
                let count = stream.read(&mut buffer).await.unwrap_or_default();
                let is_list = String::from_utf8_lossy(&buffer[..count]).starts_with("GET /v1/models");
                let said = if is_list { answer("404 Not Found", "") } else { answer(status, "") };
                let _ = stream.write_all(&said).await;
            }
        });
        let server = server_of(&url).await;
        assert_eq!(health(&server).await.0, expected, "{status}");
    }
}

/// A probe that is refused says nothing of the time after it.
#[tokio::test]
async fn health_is_back_with_the_next_probe() {
    for refusal in ["401 Unauthorized", "403 Forbidden", "404 Not Found"] {
        for with_requests in [false, true] {
            let refused = answer(refusal, "");
            let engine = Engine::start(refused.clone(), refused).await;
            let server = server_of(&engine.url).await;
            if with_requests {
                assert_eq!(server.speak(json!({})).await.status(), 502);
            }
            assert_eq!(health(&server).await.0, 503, "{refusal}");
            let tokens =
                event(&json!({"choices": [{"token_ids": frame_tokens(3), "finish_reason": "stop"}]}));
            let well = Answers { list: answer("200 OK", LIST), speech: stream_of(&[tokens]), stalls: false };
            engine.set(|answers| *answers = well);
            let since = Instant::now();
            eventually("health", async || (health(&server).await.0 == 200).then_some(())).await;
            // A probe counts for a second; refusals of requests would for ten.
            assert!(since.elapsed() < Duration::from_secs(9), "{refusal}: {:?}", since.elapsed());
            assert_eq!(server.speak(json!({})).await.bytes().await.unwrap().len(), 3 * 2048 * 2);
        }
    }
}
