//! Failures of the engine or the decoder: a status before the first byte, an aborted connection after it.

use futures::StreamExt;
use serde_json::json;
use svara_config::Seconds;
use svara_testkit::fake_vllm::{End, Script};

use crate::harness::{Server, status_and_json};

#[tokio::test]
async fn an_unreachable_engine_is_a_503_with_advice() {
    let server = Server::with(Script::frames(1), |config| {
        config.engine.base_url = "http://127.0.0.1:9/v1".to_owned();
    })
    .await;
    let response = server.speak(json!({})).await;
    assert!(response.headers().contains_key("retry-after"));
    let (status, body) = status_and_json(response).await;
    assert_eq!((status, &body["error"]["type"]), (503, &json!("engine_unreachable")));
    assert_eq!((&body["error"]["origin"], &body["error"]["retryable"]), (&json!("engine"), &json!(true)));
}

#[tokio::test]
async fn each_refusal_of_an_engine_is_told_in_plain_words() {
    let server = Server::start(Script::frames(1)).await;
    let error = |message: &str, param: &str| {
        json!({"error": {"message": message, "type": "x", "param": param, "code": 0}}).to_string()
    };
    for (engine_status, engine_body, status, word) in [
        (404, error("The model `nope` does not exist.", "model"), 502, "refused the request"),
        (
            400,
            error("maximum context length is 4096 tokens", "input_tokens"),
            422,
            "text is more than the speech engine takes",
        ),
        (401, json!({"error": "Unauthorized"}).to_string(), 502, "refused the request"),
        (503, "No available workers (all circuits open or unhealthy)".to_owned(), 503, "is busy; try again"),
        (500, String::new(), 502, "failed; try again"),
    ] {
        server.engine.set(Script { end: End::Refuse(engine_status, engine_body), ..Script::frames(0) });
        let (got, body) = server.speak_json(json!({})).await;
        let message = body["detail"].as_str().unwrap();
        assert!(got == status && message.contains(word), "{engine_status} became {got}: {message}");
    }
}

#[tokio::test]
async fn failures_before_the_first_audio_have_a_status() {
    let server =
        Server::with(Script::frames(0), |config| config.engine.first_token_seconds = Seconds::new(1)).await;
    for (script, status) in [
        (Script { end: End::ErrorEvent, ..Script::frames(0) }, 502),
        (Script { end: End::ErrorEvent, ..Script::frames(2) }, 502),
        (Script { end: End::Eof, ..Script::frames(2) }, 502),
        (Script { end: End::Finish("abort"), ..Script::frames(2) }, 502),
        (Script::frames(0), 502), // ends normally, but without audio
        (Script::new(vec![128_266, 128_267]), 502),
        (Script { end: End::Hang, ..Script::frames(0) }, 504),
    ] {
        server.engine.set(script.clone());
        let (got, body) = server.speak_json(json!({})).await;
        assert_eq!(got, status, "{script:?}: {body}");
        let (got, _) = server.speak_json(json!({"stream": false})).await;
        assert_eq!(got, status, "not streamed, {script:?}");
    }
}

#[tokio::test]
async fn failures_after_the_first_audio_abort_the_connection() {
    let server =
        Server::with(Script::frames(0), |config| config.engine.inactivity_seconds = Seconds::new(1)).await;
    for end in [End::ErrorEvent, End::Eof, End::Hang, End::Finish("abort")] {
        for format in ["pcm", "wav", "mp3", "opus"] {
            server.engine.set(Script { end: end.clone(), ..Script::frames(10) });
            let response = server.speak(json!({"response_format": format})).await;
            assert_eq!(response.status(), 200);
            let chunks: Vec<_> = response.bytes_stream().collect().await;
            assert!(chunks.last().unwrap().is_err(), "{end:?} as {format} looks like a complete answer");
            assert!(chunks.len() > 1, "{end:?} as {format}: nothing came before the break");
        }
        server.engine.set(Script { end: end.clone(), ..Script::frames(10) });
        let status = server.speak(json!({"stream": false})).await.status();
        assert!(status.is_server_error(), "{end:?}, not streamed: {status}");
    }
    server.quiet().await;
}

#[tokio::test]
async fn a_full_decoder_refuses_and_recovers() {
    let server = Server::with(Script { end: End::Hang, ..Script::frames(4) }, |config| {
        config.decoder.max_streams = 1;
        config.limits.queue = 0;
    })
    .await;
    let mut first = server.speak(json!({})).await;
    first.chunk().await.unwrap().unwrap();
    let response = server.speak(json!({})).await;
    assert!(response.headers().contains_key("retry-after"));
    let (status, body) = status_and_json(response).await;
    assert_eq!((status, &body["error"]["type"]), (503, &json!("server_full")));
    drop(first);
    server.engine.wait_for_open_streams(0).await;
    server.engine.set(Script::frames(2));
    server.quiet().await;
    assert_eq!(server.speak(json!({})).await.status(), 200);
}

/// If the client is gone, the engine must not continue to generate.
#[tokio::test]
async fn leaving_before_the_first_audio_ends_the_generation() {
    let server = Server::start(Script { end: End::Hang, ..Script::frames(2) }).await;
    let waiting = server.speak(json!({}));
    tokio::select! {
        _ = waiting => panic!("two frames are no audio yet"),
        () = server.engine.wait_for_open_streams(1) => {}
    }
    server.engine.wait_for_open_streams(0).await;
    server.quiet().await;
}
