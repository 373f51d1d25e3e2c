//! Sockets on which a voice is named before there are words: OpenAI's names stand for a gender there, too, and a language may be
//! left to the text.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::{
    callers_words::{prompt, readable},
    harness::Server,
};

/// Sends messages to a socket, and returns the events that come until it is closed.
async fn talk(server: &Server, path: &str, messages: &[Value]) -> (Vec<Value>, http::HeaderMap) {
    let (mut socket, answer) = connect_async(format!("ws://{}{path}", server.address)).await.unwrap();
    for message in messages {
        socket.send(Message::Text(message.to_string().into())).await.unwrap();
    }
    let mut events = Vec::new();
    while let Some(Ok(message)) =
        tokio::time::timeout(crate::raw::LONG, socket.next()).await.expect("a close")
    {
        match message {
            Message::Text(text) => events.push(serde_json::from_str(&text).unwrap()),
            Message::Close(_) => break,
            _ => {}
        }
    }
    (events, answer.headers().clone())
}

#[tokio::test]
async fn an_alias_speaks_the_language_of_the_first_words() {
    let server = readable().await;
    for (voice, text, speaker) in [
        ("alloy", "வணக்கம் நண்பர்களே", "Tamil (Female)"),
        ("onyx", "ಕನ್ನಡ ಭಾಷೆ", "Kannada (Male)"),
        ("alloy", "hello there", "Hindi (Female)"),
        ("hi_male", "வணக்கம்", "Hindi (Male)"),
    ] {
        let hosted = format!("/v1/audio/speech/stream-input?voice={voice}");
        let (events, _) = talk(&server, &hosted, &[json!({"text": text}), json!({"text": ""})]).await;
        assert!(prompt(&server).contains(speaker), "{voice} {text}: {} {events:?}", prompt(&server));
        let omni = [
            json!({"type": "session.config", "voice": voice}),
            json!({"type": "input.text", "text": text}),
            json!({"type": "input.done"}),
            json!({"type": "session.close"}),
        ];
        let (events, _) = talk(&server, "/v1/audio/speech/stream", &omni).await;
        assert!(prompt(&server).contains(speaker), "{voice} {text}: {} {events:?}", prompt(&server));
    }
}

#[tokio::test]
async fn a_socket_may_leave_its_language_to_the_words() {
    let server = readable().await;
    let path = "/v1/audio/speech/stream-input?lang=auto";
    talk(&server, path, &[json!({"text": "5 "}), json!({"text": "வணக்கம்"}), json!({"text": ""})]).await;
    assert!(prompt(&server).contains("Tamil (Male)"), "{}", prompt(&server));
}

#[tokio::test]
async fn each_utterance_may_choose_its_language() {
    let server = readable().await;
    let say = |text: &str| [json!({"type": "input.text", "text": text}), json!({"type": "input.done"})];
    let mut messages =
        vec![json!({"type": "session.config", "language": "Auto", "response_format": "", "voice": null})];
    messages.extend(say("வணக்கம். 5."));
    messages.extend(say("Hello there."));
    messages.push(json!({"type": "session.close"}));
    let (events, _) = talk(&server, "/v1/audio/speech/stream", &messages).await;
    assert!(events.iter().all(|event| event["type"] != "error"), "{events:?}");
    let prompts: Vec<String> =
        server.engine.requests().iter().map(|asked| asked["prompt"].to_string()).collect();
    for (prompt, speaker) in prompts.iter().zip(["Tamil (Male)", "Tamil (Male)", "English (Male)"]) {
        assert!(prompt.contains(speaker), "{prompts:?}");
    }
}

#[tokio::test]
async fn elevenlabs_sockets_read_their_address_as_http_does() {
    let server = readable().await;
    let path = "/v1/text-to-speech/hi_female/stream-input?language_code=en&apply_text_normalization=ON&auto_mode=\
                &inactivity_timeout=60.0&output_format=&seed=&model_id=m&sync_alignment=true&voice_setings=x";
    let (events, headers) = talk(&server, path, &[json!({"text": "5 "}), json!({"text": ""})]).await;
    assert!(events.last().unwrap()["isFinal"] == true, "{events:?}");
    assert!(prompt(&server).contains("five"), "{}", prompt(&server));
    assert_eq!(headers["x-ignored-fields"], "voice_setings");
    assert_eq!(headers["x-inactivity-timeout"], "60");
}

#[tokio::test]
async fn a_wrong_field_of_a_message_is_named_apart() {
    let server = readable().await;
    for (path, message, field) in [
        ("/v1/text-to-speech/hi_female/stream-input", json!({"text": 5}), "text"),
        (
            "/v1/text-to-speech/hi_female/stream-input",
            json!({"text": "a", "voice_settings": {"speed": "x"}}),
            "voice_settings",
        ),
        ("/v1/audio/speech/stream", json!({"type": "session.config", "speed": "x"}), "speed"),
        (
            "/v1/audio/speech/stream",
            json!({"type": "session.config", "split_granularity": "word"}),
            "split_granularity",
        ),
    ] {
        let (events, _) = talk(&server, path, &[message]).await;
        assert_eq!(events[0]["param"], field, "{path}: {events:?}");
        assert!(events[0]["message"].as_str().unwrap().contains(field), "{events:?}");
    }
}
