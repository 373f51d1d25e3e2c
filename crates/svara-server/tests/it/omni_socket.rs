//! vLLM-Omni's WebSocket: sentences out of text that comes in parts.

use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use svara_testkit::fake_vllm::{End, Script};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::harness::{Server, least};

const FRAME_BYTES: usize = 2048 * 2;
const PATIENCE: Duration = Duration::from_secs(20);

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What comes over the socket.
#[derive(Debug)]
enum Came {
    Event(Value),
    Audio(Vec<u8>),
    Closed(u16),
}

impl Client {
    async fn open(server: &Server, config: Value) -> Self {
        let url = format!("ws://{}/v1/audio/speech/stream", server.address);
        let mut client = Self(connect_async(url).await.unwrap().0);
        let mut message = json!({"type": "session.config", "voice": "hi_female", "response_format": "pcm"});
        message.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
        client.send(message).await;
        client
    }

    async fn send(&mut self, message: Value) {
        self.0.send(Message::Text(message.to_string().into())).await.unwrap();
    }

    async fn say(&mut self, parts: &[&str]) {
        for part in parts {
            self.send(json!({"type": "input.text", "text": part})).await;
        }
        self.send(json!({"type": "input.done"})).await;
    }

    async fn next(&mut self) -> Came {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("nothing came").unwrap().unwrap()
            {
                Message::Text(text) => return Came::Event(serde_json::from_str(&text).unwrap()),
                Message::Binary(bytes) => return Came::Audio(bytes.to_vec()),
                Message::Close(frame) => return Came::Closed(frame.unwrap().code.into()),
                _ => {}
            }
        }
    }

    /// The events up to one of this type, and the sound between them.
    async fn until(&mut self, kind: &str) -> (Vec<Value>, Vec<Vec<u8>>) {
        let (mut events, mut audio) = (Vec::new(), Vec::new());
        loop {
            match self.next().await {
                Came::Event(event) => {
                    let over = event["type"] == kind;
                    events.push(event);
                    if over {
                        return (events, audio);
                    }
                }
                Came::Audio(bytes) => audio.push(bytes),
                Came::Closed(code) => panic!("closed with {code} after {events:?}"),
            }
        }
    }
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn sentences_come_with_their_events_and_utterances_follow_each_other() {
    let server = Server::start(Script::frames(3)).await;
    let mut client = Client::open(&server, json!({"stream_audio": true})).await;
    for utterance in 0..2 {
        client.say(&["One is", " here. Two is", " there."]).await;
        let (events, audio) = client.until("session.done").await;
        let expected = ["audio.start", "audio.done", "audio.start", "audio.done", "session.done"];
        assert_eq!(kinds(&events), expected);
        assert_eq!(events[0]["sentence_text"], "One is here.");
        assert_eq!((&events[0]["sample_rate"], &events[0]["channels"]), (&json!(24_000), &json!(1)));
        assert_eq!(events[2]["sentence_text"], "Two is there.");
        for (event, sentence) in [(0, 0), (1, 0), (2, 1), (3, 1)] {
            assert_eq!(events[event]["utterance_index"], utterance);
            assert_eq!(events[event]["sentence_index"], sentence);
        }
        assert_eq!(
            (&events[1]["total_bytes"], &events[1]["error"]),
            (&json!(3 * FRAME_BYTES), &json!(false))
        );
        assert_eq!(
            events[4],
            json!({"type": "session.done", "utterance_index": utterance, "total_sentences": 2})
        );
        assert_eq!(audio.concat().len(), 6 * FRAME_BYTES);
    }
    client.send(json!({"type": "session.close"})).await;
    assert!(matches!(client.next().await, Came::Closed(1000)));
}

/// A client that says no more needs no `input.done` before it.
#[tokio::test]
async fn a_close_comes_behind_all_that_was_said_before_it() {
    let server = Server::start(Script::frames(1)).await;
    for (split, sentences) in [("sentence", 2), ("clause", 2), ("none", 1)] {
        let config = json!({"stream_audio": true, "split_granularity": split});
        let mut client = Client::open(&server, config).await;
        client.send(json!({"type": "input.text", "text": "One is here. Two"})).await;
        client.send(json!({"type": "session.close"})).await;
        let (events, audio) = client.until("session.done").await;
        assert_eq!(events.last().unwrap()["total_sentences"], sentences, "{split}: {events:?}");
        assert_eq!(audio.concat().len(), sentences * FRAME_BYTES, "{split}");
        assert!(matches!(client.next().await, Came::Closed(1000)), "{split}");
    }
}

#[tokio::test]
async fn without_stream_audio_a_sentence_is_one_whole_file() {
    let server = Server::start(Script::frames(3)).await;
    let mut client = Client::open(&server, json!({"response_format": null, "language": "hindi"})).await;
    client.say(&["One. Two."]).await;
    let (events, audio) = client.until("session.done").await;
    assert_eq!((audio.len(), &events[0]["format"]), (2, &json!("wav")));
    for file in audio {
        assert_eq!(hound::WavReader::new(&*file).unwrap().duration(), 3 * 2048);
    }
    for (split, sentences) in [("none", 1), ("clause", 3), ("sentence", 2)] {
        client.send(json!({"type": "session.config", "voice": "hi_male", "split_granularity": split})).await;
        client.say(&["One, two. Three."]).await;
        let (events, _) = client.until("session.done").await;
        assert_eq!(events.last().unwrap()["total_sentences"], sentences, "{split}");
    }
}

#[tokio::test]
async fn mistakes_are_told_and_end_only_what_has_not_begun() {
    let server = Server::start(Script::frames(2)).await;
    for (config, word) in [
        (json!({"voice": "nobody"}), "nobody"),
        (json!({"voice": null}), "voice"),
        (json!({"response_format": "mp4"}), "mp4"),
        (json!({"speed": 9}), "speed"),
        (json!({"language": "xx"}), "language"),
        (json!({"split_granularity": "word"}), "split_granularity"),
        (json!({"word_timestamps": true}), "word_timestamps"),
        (json!({"ref_audio": "data:"}), "ref_audio"),
        (json!({"max_new_tokens": 1}), "max_new_tokens"),
        (json!({"type": "input.text", "text": "a"}), "session.config"),
        (json!({"type": "input.audio"}), "input.audio"),
    ] {
        let mut client = Client::open(&server, config.clone()).await;
        let (events, _) = client.until("error").await;
        assert!(events[0]["message"].as_str().unwrap().contains(word), "{config}: {events:?}");
        assert!(matches!(client.next().await, Came::Closed(1008)), "{config}");
    }
    let mut client = Client::open(&server, json!({"stream_audio": true})).await;
    for message in [
        json!({"type": "input.text", "text": 5}),
        json!({"type": "nothing"}),
        json!({"type": "input.text", "text": "a".repeat(5001)}),
        json!({"type": "session.config", "voice": "nobody"}),
    ] {
        client.send(message.clone()).await;
        assert_eq!(client.until("error").await.0.len(), 1, "{message}");
    }
    server.engine.set_next(Script { end: End::ErrorEvent, ..Script::frames(9) });
    client.say(&["One. Two."]).await;
    let (events, _) = client.until("session.done").await;
    let expected = ["audio.start", "error", "audio.done", "audio.start", "audio.done", "session.done"];
    assert_eq!(kinds(&events), expected, "{events:?}");
    assert_eq!((&events[1]["action"], &events[2]["error"]), (&json!("discard"), &json!(true)));
}

#[tokio::test]
async fn closing_the_socket_ends_the_generation_at_once() {
    let server = Server::start(Script { end: End::Hang, ..Script::frames(8) }).await;
    let most = Duration::from_millis(100);
    let took = least(most, async || {
        let mut client = Client::open(&server, json!({"stream_audio": true})).await;
        client.say(&["One is here."]).await;
        while !matches!(client.next().await, Came::Audio(_)) {}
        server.engine.wait_for_open_streams(1).await;
        let start = Instant::now();
        client.0.close(None).await.unwrap();
        server.engine.wait_for_open_streams(0).await;
        start.elapsed()
    })
    .await;
    assert!(took <= most, "{took:?}");
}
