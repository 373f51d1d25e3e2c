//! ElevenLabs' WebSockets, over real connections.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use svara_testkit::{
    PATIENCE,
    fake_vllm::{End, Script},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::harness::Server;

/// Bytes of a frame as 16-bit PCM at the model's own rate.
const FRAME_BYTES: usize = 2048 * 2;

/// A client of one of the two sockets, and the reason of its close.
pub struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>, String);

impl Client {
    /// Opens `stream-input` or `multi-stream-input`, with 24 kHz PCM unless the query has another format.
    pub async fn open(server: &Server, route: &str, query: &str) -> Self {
        let address = server.address;
        let format = if query.contains("output_format=") { "" } else { "output_format=pcm_24000" };
        let url = format!("ws://{address}/v1/text-to-speech/{route}?{format}{query}");
        Self::at(&url).await
    }

    /// Opens the socket of a URL.
    pub async fn at(url: &str) -> Self {
        Self(connect_async(url).await.unwrap().0, String::new())
    }

    async fn single(server: &Server) -> Self {
        Self::open(server, "hi_female/stream-input", "").await
    }

    async fn multi(server: &Server) -> Self {
        Self::open(server, "hi_female/multi-stream-input", "").await
    }

    pub async fn send(&mut self, message: Value) {
        self.0.send(Message::Text(message.to_string().into())).await.unwrap();
    }

    /// The next message, or the code of the close.
    pub async fn next(&mut self) -> Result<Value, u16> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("nothing came");
            match message.expect("no close came").unwrap() {
                Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
                Message::Close(frame) => {
                    let frame = frame.expect("a close says why");
                    self.1 = frame.reason.to_string();
                    return Err(frame.code.into());
                }
                _ => {}
            }
        }
    }

    /// All messages, up to the close and its code.
    pub async fn rest(&mut self) -> (Vec<Value>, u16) {
        let mut messages = Vec::new();
        loop {
            match self.next().await {
                Ok(message) => messages.push(message),
                Err(code) => return (messages, code),
            }
        }
    }
}

pub fn audio(message: &Value) -> Vec<u8> {
    BASE64.decode(message["audio"].as_str().unwrap_or_default()).unwrap()
}

pub fn characters(messages: &[Value]) -> String {
    let chars = |message: &Value| message["alignment"]["chars"].as_array().cloned().unwrap_or_default();
    messages.iter().flat_map(chars).map(|c| c.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn text_in_pieces_is_spoken_in_order() {
    let server = Server::start(Script::frames(4)).await;
    let mut client = Client::single(&server).await;
    client.send(json!({"text": " ", "voice_settings": {"stability": 0.5}, "xi-api-key": "none"})).await;
    for part in ["One ", "is ", "said. ", "Two ", "too. ", "Three"] {
        client.send(json!({"text": part, "try_trigger_generation": true})).await;
    }
    client.send(json!({"text": ""})).await;
    let (messages, code) = client.rest().await;
    assert_eq!(code, 1000);
    assert_eq!(messages.last().unwrap()["isFinal"], true);
    let said = characters(&messages);
    assert_eq!(said.split_whitespace().collect::<Vec<_>>(), ["One", "is", "said.", "Two", "too.", "Three"]);
    let bytes: usize = messages.iter().map(|message| audio(message).len()).sum();
    assert_eq!(bytes, server.engine.requests().len() * 4 * FRAME_BYTES, "every frame is heard");
    // Times count from the last message with times, and end with the audio so far.
    let (mut heard, mut timed) = (0, 0);
    for message in &messages {
        heard += audio(message).len();
        if let Some(starts) = message["alignment"]["charStartTimesMs"].as_array() {
            assert_eq!(starts[0], 0);
            let durations = message["alignment"]["charDurationsMs"].as_array().unwrap();
            timed += starts.last().unwrap().as_u64().unwrap() + durations.last().unwrap().as_u64().unwrap();
            assert!(!audio(message).is_empty(), "times come with sound");
            assert!(timed.abs_diff(heard as u64 / 48) < 5, "{timed} ms of {heard} bytes");
        }
    }
}

#[tokio::test]
async fn the_first_sentence_arrives_before_the_text_ends() {
    let server = Server::start(Script::frames(4)).await;
    let mut client = Client::single(&server).await;
    client.send(json!({"text": "नमस्ते दुनिया। और"})).await;
    assert!(!audio(&client.next().await.unwrap()).is_empty());
    assert_eq!(server.engine.requests().len(), 1);
}

#[tokio::test]
async fn a_flush_is_answered_and_the_socket_stays_open() {
    let server = Server::start(Script::frames(3)).await;
    let mut client = Client::single(&server).await;
    for round in 1..=2 {
        client.send(json!({"text": "hello", "flush": true})).await;
        let mut bytes = 0;
        while bytes < 3 * FRAME_BYTES {
            bytes += audio(&client.next().await.unwrap()).len();
        }
        assert_eq!((bytes, server.engine.requests().len()), (3 * FRAME_BYTES, round));
    }
}

#[tokio::test]
async fn contexts_are_told_apart() {
    let server = Server::start(Script::frames(5)).await;
    let mut client = Client::multi(&server).await;
    client.send(json!({"text": "One is here. ", "context_id": "a"})).await;
    client.send(json!({"text": "Two is there. ", "contextId": "b"})).await;
    for id in ["a", "b"] {
        client.send(json!({"context_id": id, "flush": true})).await;
        client.send(json!({"context_id": id, "close_context": true})).await;
    }
    client.send(json!({"close_socket": true})).await;
    let (messages, code) = client.rest().await;
    assert_eq!(code, 1000);
    for (id, text) in [("a", "One is here."), ("b", "Two is there.")] {
        let own: Vec<Value> = messages.iter().filter(|message| message["contextId"] == id).cloned().collect();
        assert_eq!(characters(&own).trim(), text);
        assert_eq!(own.iter().map(|message| audio(message).len()).sum::<usize>(), 5 * FRAME_BYTES);
        assert_eq!(own.last().unwrap()["isFinal"], true);
    }
}

#[tokio::test]
async fn closing_a_context_ends_its_generation() {
    let server = Server::start(Script { end: End::Hang, ..Script::frames(8) }).await;
    let mut client = Client::multi(&server).await;
    client.send(json!({"text": "One is here. ", "context_id": "a"})).await;
    client.next().await.unwrap();
    server.engine.wait_for_open_streams(1).await;
    client.send(json!({"context_id": "a", "close_context": true})).await;
    server.engine.wait_for_open_streams(0).await;
    // An empty text keeps the socket alive and opens no context.
    client.send(json!({"text": ""})).await;
    server.engine.set(Script::frames(2));
    client.send(json!({"text": "Again. ", "context_id": "a", "flush": true})).await;
    let mut bytes = 0;
    let mut ended = false;
    while bytes < 2 * FRAME_BYTES {
        let message = client.next().await.unwrap();
        // Messages from before the close belong to the closed context.
        if ended {
            bytes += audio(&message).len();
        }
        ended |= message["isFinal"] == true;
    }
    assert_eq!(bytes, 2 * FRAME_BYTES);
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_generation() {
    let server = Server::start(Script { end: End::Hang, ..Script::frames(8) }).await;
    let mut client = Client::single(&server).await;
    client.send(json!({"text": "One is here. "})).await;
    client.next().await.unwrap();
    server.engine.wait_for_open_streams(1).await;
    drop(client);
    server.engine.wait_for_open_streams(0).await;
}

#[tokio::test]
async fn a_silent_client_gets_an_error_and_is_closed() {
    let server = Server::start(Script::frames(2)).await;
    let mut client = Client::open(&server, "hi_female/stream-input", "&inactivity_timeout=1").await;
    client.send(json!({"text": " "})).await;
    let (messages, code) = client.rest().await;
    assert_eq!((&messages[0]["error"], code), (&json!("input_timeout_exceeded"), 1008));
}

#[tokio::test]
async fn invalid_requests_get_an_error_and_are_closed() {
    let server = Server::start(Script::frames(2)).await;
    for (route, query, first, word) in [
        ("nobody/stream-input", "", json!({}), "nobody"),
        ("hi_female/stream-input", "&inactivity_timeout=long", json!({}), "inactivity_timeout"),
        ("hi_female/stream-input", "&output_format=wav_24000", json!({}), "output_format"),
        ("hi_female/stream-input", "", json!({"text": 1}), "text"),
        ("hi_female/stream-input", "", json!([]), "message"),
        ("hi_female/stream-input", "", json!({"text": "a", "voice_settings": {"style": 2}}), "style"),
        ("hi_female/stream-input", "", json!({"text": "a".repeat(5001)}), "characters"),
        (
            "hi_female/multi-stream-input",
            "",
            json!({"text": " ", "generation_config": {"chunk_length_schedule": [1]}}),
            "chunk_length_schedule",
        ),
    ] {
        let mut client = Client::open(&server, route, query).await;
        // The socket may be closed already.
        let _ = client.0.send(Message::Text(first.to_string().into())).await;
        let (messages, code) = client.rest().await;
        let message = messages[0]["message"].as_str().unwrap();
        assert!(code == 1008 && message.contains(word), "{code} {message}");
        assert_eq!(messages[0]["code"], 1008);
        // Some clients look only at the close.
        assert!(client.1.len() <= 123 && message.starts_with(&client.1) && !client.1.is_empty());
    }
}

#[tokio::test]
async fn a_failure_ends_only_its_context() {
    let server = Server::start(Script { end: End::ErrorEvent, ..Script::frames(9) }).await;
    let mut client = Client::single(&server).await;
    client.send(json!({"text": "One is here. "})).await;
    let (messages, code) = client.rest().await;
    assert_eq!((&messages.last().unwrap()["error"], code), (&json!("engine_error"), 1011));

    let mut client = Client::multi(&server).await;
    client.send(json!({"text": "One is here. ", "context_id": "a"})).await;
    loop {
        let message = client.next().await.unwrap();
        assert_eq!(message["contextId"], "a");
        if message["isFinal"] == true {
            break;
        }
    }
    server.engine.set(Script::frames(2));
    client.send(json!({"text": "Two. ", "context_id": "b", "flush": true})).await;
    assert_eq!(client.next().await.unwrap()["contextId"], "b");
}

#[tokio::test]
async fn a_large_message_ends_the_socket() {
    let server = Server::start(Script::frames(2)).await;
    let mut client = Client::single(&server).await;
    let large = "a".repeat(300 * 1024);
    // The message may be refused before all of it is written.
    let _ = client.0.send(Message::Text(large.into())).await;
    let end = tokio::time::timeout(PATIENCE, async {
        loop {
            match client.0.next().await {
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            }
        }
    });
    end.await.expect("the socket is still open");
}

#[tokio::test]
async fn a_stop_lets_a_text_finish_and_closes_idle_sockets() {
    let server = Server::start(Script::frames(3)).await;
    let mut idle = Client::multi(&server).await;
    idle.send(json!({"text": ""})).await;
    let mut busy = Client::single(&server).await;
    busy.send(json!({"text": "One is here. "})).await;
    busy.next().await.unwrap();
    server.life.stop();
    assert_eq!(idle.rest().await, (Vec::new(), 1001));
    busy.send(json!({"text": ""})).await;
    assert_eq!(busy.rest().await.1, 1000);
}

#[tokio::test]
async fn a_plain_request_for_a_socket_is_refused() {
    let server = Server::start(Script::frames(2)).await;
    let url = server.url("/v1/text-to-speech/hi_female/stream-input");
    let response = server.client.get(url).send().await.unwrap();
    assert!(response.status().is_client_error());
    let body: Value = response.json().await.unwrap();
    assert!(body["detail"]["message"].as_str().unwrap().contains("WebSocket"), "{body}");
}
