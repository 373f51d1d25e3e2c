//! Voice agents on ElevenLabs' WebSockets: interruptions, and text that comes faster than it is said.

use std::time::Duration;

use serde_json::json;
use svara_testkit::fake_vllm::{End, Script};
use tokio::time::timeout;

use crate::{
    harness::Server,
    raw::LONG,
    sockets::{Client, audio},
};

/// Pipecat's messages: the turn is flushed and closed, and the user then interrupts it.
#[tokio::test]
async fn twelve_interrupted_turns_leave_the_socket_and_the_engine_free() {
    // Each speech goes on until it is broken off.
    let server = Server::start(Script { end: End::Hang, ..Script::frames(12) }).await;
    let mut client = Client::open(&server, "hi_female/multi-stream-input", "&auto_mode=true").await;
    for turn in 0..12 {
        let id = format!("turn{turn}");
        for message in [
            json!({"text": " ", "context_id": id}),
            json!({"text": "A reply of the assistant that takes some seconds to say. ", "context_id": id}),
            json!({"flush": true, "context_id": id}),
            json!({"close_context": true, "context_id": id}),
        ] {
            client.send(message).await;
        }
        let heard = client.next().await.unwrap();
        assert!(!audio(&heard).is_empty() && heard["contextId"] == id, "{heard}");
        client.send(json!({"close_context": true, "context_id": id})).await;
        loop {
            let message = client.next().await.unwrap();
            assert_eq!(message["contextId"], id);
            if message["isFinal"] == true {
                break;
            }
        }
        timeout(LONG, server.engine.wait_for_open_streams(0)).await.expect("the generation ends");
    }
}

/// LiveKit's messages: each sentence is flushed as it comes, and the user interrupts before the last.
#[tokio::test]
async fn an_interruption_in_the_middle_of_a_turn_frees_the_engine() {
    let server = Server::start(Script { end: End::Hang, ..Script::frames(12) }).await;
    let mut client = Client::open(&server, "hi_female/multi-stream-input", "&auto_mode=true").await;
    for turn in 0..12 {
        let id = format!("turn{turn}");
        client.send(json!({"text": " ", "voice_settings": {}, "context_id": id})).await;
        for _ in 0..3 {
            client.send(json!({"text": "A sentence of the reply. ", "context_id": id, "flush": true})).await;
        }
        let heard = client.next().await.unwrap();
        assert!(!audio(&heard).is_empty() && heard["contextId"] == id, "{heard}");
        tokio::time::sleep(Duration::from_millis(300)).await; // nobody interrupts what they haven't heard
        client.send(json!({"close_context": true, "context_id": id})).await;
        timeout(LONG, server.engine.wait_for_open_streams(0)).await.expect("the generation ends");
        while client.next().await.unwrap()["isFinal"] != true {}
    }
}

/// More text than a message may have waits to be said, and the close comes behind it.
#[tokio::test]
async fn an_interruption_is_heard_behind_a_long_text() {
    let script = Script { end: End::Hang, ..Script::frames(12) };
    let server = Server::with(script, |config| config.limits.text_characters = 200).await;
    let mut client = Client::open(&server, "hi_female/multi-stream-input", "&auto_mode=true").await;
    for _ in 0..4 {
        let text = "This is a sentence of a long completion that comes at once, and it is long. ".repeat(2);
        client.send(json!({"text": text, "context_id": "a"})).await;
    }
    client.send(json!({"close_context": true, "context_id": "a"})).await;
    while client.next().await.unwrap()["isFinal"] != true {}
    timeout(LONG, server.engine.wait_for_open_streams(0)).await.expect("the generation ends");
}

#[tokio::test]
async fn text_that_comes_faster_than_it_is_said_waits_at_the_client() {
    let server = Server::with(Script { pause: Duration::from_millis(2), ..Script::frames(6) }, |config| {
        config.limits.text_characters = 400;
    })
    .await;
    let mut client = Client::open(&server, "hi_female/stream-input", "").await;
    // More than may wait.
    for _ in 0..60 {
        client.send(json!({"text": "This is a sentence of a long completion that comes at once, and it is long. "})).await;
    }
    client.send(json!({"text": ""})).await;
    let (messages, code) = client.rest().await;
    assert_eq!(code, 1000);
    let said: String = crate::sockets::characters(&messages);
    assert_eq!(said.matches("completion").count(), 60);
}
