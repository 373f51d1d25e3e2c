//! Faults of the engine behind every WebSocket: none of them looks like success.

use std::net::SocketAddr;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use svara_config::{DecoderBackend, Seconds};
use svara_testkit::fake_vllm::{End, Script, frame_tokens};
use tokio::time::timeout;
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::{harness::Server, raw::LONG};

/// The sockets, and what their clients send to have something said.
pub fn sockets() -> Vec<(&'static str, Vec<Value>)> {
    let eleven = |context: Value| {
        let mut messages = [json!({"text": " "}), json!({"text": "One is here. "}), json!({"text": ""})];
        for message in &mut messages {
            message.as_object_mut().unwrap().extend(context.as_object().unwrap().clone());
        }
        messages.to_vec()
    };
    let mut multi = eleven(json!({"context_id": "a"}));
    multi.pop();
    multi.push(json!({"context_id": "a", "flush": true}));
    multi.push(json!({"context_id": "a", "close_context": true}));
    multi.push(json!({"close_socket": true}));
    vec![
        ("/v1/text-to-speech/hi_female/stream-input?output_format=pcm_24000", eleven(json!({}))),
        ("/v1/text-to-speech/hi_female/multi-stream-input?output_format=pcm_24000", multi),
        (
            "/v1/audio/speech/stream-input?voice=hi_female",
            vec![json!({"text": "One is here. "}), json!({"text": ""})],
        ),
        (
            "/v1/audio/speech/stream",
            vec![
                json!({"type": "session.config", "voice": "hi_female", "response_format": "pcm", "stream_audio": true}),
                json!({"type": "input.text", "text": "One is here. "}),
                json!({"type": "input.done"}),
            ],
        ),
    ]
}

pub async fn heard(server: &Server, path: &str, messages: &[Value]) -> (Vec<Value>, u16, String) {
    heard_at(server.address, path, messages).await
}

pub async fn heard_at(address: SocketAddr, path: &str, messages: &[Value]) -> (Vec<Value>, u16, String) {
    let url = format!("ws://{address}{path}");
    let (mut socket, _) = connect_async(url).await.unwrap();
    for message in messages {
        if socket.send(Message::Text(message.to_string().into())).await.is_err() {
            break;
        }
    }
    let mut events = Vec::new();
    loop {
        match timeout(LONG, socket.next()).await.expect("it ends") {
            Some(Ok(Message::Text(text))) => {
                let mut event: Value = serde_json::from_str(&text).unwrap();
                if let Some(audio) = event.get_mut("audio").filter(|audio| audio.is_string()) {
                    *audio = json!("…");
                }
                let over = event["type"] == "session.done";
                events.push(event);
                if over {
                    return (events, 1000, String::new());
                }
            }
            Some(Ok(Message::Binary(bytes))) => events.push(json!({"binary": bytes.len()})),
            Some(Ok(Message::Close(Some(frame)))) => {
                return (events, frame.code.into(), frame.reason.to_string());
            }
            Some(Ok(_)) => {}
            other => return (events, 0, format!("{other:?}")),
        }
    }
}

/// Whether an event says that something failed.
pub fn is_failure(event: &Value) -> bool {
    event.get("code").is_some() || event["type"] == "error"
}

#[tokio::test]
async fn no_fault_looks_like_success() {
    let server = Server::with(Script::frames(0), |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.engine.first_token_seconds = Seconds::new(1);
        config.engine.inactivity_seconds = Seconds::new(1);
    })
    .await;
    let after = |frames: usize, end: End| Script { end, ..Script::frames(frames) };
    let refused = |status: u16| after(0, End::Refuse(status, "no".to_owned()));
    server.engine.set(Script::frames(9));
    for (path, messages) in sockets() {
        let (events, code, _) = heard(&server, path, &messages).await;
        assert!(code == 1000 && !events.iter().any(is_failure), "{path}: {events:?}");
    }
    for script in [
        refused(500),
        refused(404),
        refused(429),
        after(0, End::Eof),
        after(0, End::Hang),
        after(0, End::Finish("length")),
        Script::frames(0),
        Script::new((100..200).collect()),
        Script::new(frame_tokens(1)[..5].to_vec()),
        after(9, End::Eof),
        after(9, End::ErrorEvent),
        after(9, End::Finish("abort")),
        after(9, End::Finish("length")),
        after(9, End::Hang),
    ] {
        server.engine.set(script.clone());
        for (path, messages) in sockets() {
            let (events, code, reason) = heard(&server, path, &messages).await;
            let case = format!("{path}, {:?}: {code} {reason} {events:?}", script.end);
            assert!(events.iter().any(is_failure), "{case}");
            // Sockets with several speeches go on behind one that failed.
            let of_several = path.contains("multi-stream") || path.ends_with("speech/stream");
            assert_eq!(of_several, code == 1000, "{case}");
            assert_eq!(code != 1000, !reason.is_empty(), "{case}");
            assert!(!events.iter().any(|event| event["type"] == "done"), "{case}");
            assert!(!events.iter().any(|event| event["error"] == false), "{case}");
            let last = events.last().unwrap();
            assert!(of_several || is_failure(last), "{case}");
        }
    }
    server.quiet().await;
}
