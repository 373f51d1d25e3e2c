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

#[tokio::test]
async fn text_that_comes_faster_than_it_is_said_waits_at_the_client() {
    let server = Server::with(Script { pause: Duration::from_millis(2), ..Script::frames(6) }, |config| {
        config.limits.text_characters = 400;
    })
    .await;
    let mut client = Client::open(&server, "hi_female/stream-input", "").await;
    // Six times what may wait.
    for _ in 0..30 {
        client.send(json!({"text": "This is a sentence of a long completion that comes at once, and it is long. "})).await;
    }
    client.send(json!({"text": ""})).await;
    let (messages, code) = client.rest().await;
    assert_eq!(code, 1000);
    let said: String = crate::sockets::characters(&messages);
    assert_eq!(said.matches("completion").count(), 30);
}
