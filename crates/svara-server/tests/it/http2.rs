//! HTTP/2 clients that read one stream and not another.

use std::time::Duration;

use bytes::Bytes;
use h2::{
    Reason, RecvStream,
    client::{Builder, SendRequest},
};
use http::{Request, Response};
use serde_json::{Value, json};
use svara_config::DecoderBackend;
use svara_testkit::{
    eventually,
    fake_vllm::{End, Script},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

use crate::{
    harness::Server,
    raw::{LONG, connect},
};

/// More than four frames of audio and less than five.
const WINDOW_BYTES: u32 = 16 * 1024 + 500;
const STALL: Duration = Duration::from_millis(500);

/// Opens an HTTP/2 connection with a small window for each stream and a large one for the connection.
pub async fn client(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    stream_window_bytes: u32,
) -> SendRequest<Bytes> {
    let mut builder = Builder::new();
    builder.initial_window_size(stream_window_bytes).initial_connection_window_size(1024 * 1024);
    let (client, connection) = builder.handshake(io).await.unwrap();
    tokio::spawn(connection);
    client.ready().await.unwrap()
}

/// Requests speech; returns the response's unread body.
pub async fn ask(client: &mut SendRequest<Bytes>, fields: Value) -> Response<RecvStream> {
    let mut body = json!({"text": "नमस्ते", "voice": "hi_female", "response_format": "pcm"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let request =
        Request::post("http://localhost/v1/text-to-speech").header("content-type", "application/json");
    let (response, mut sender) = client.send_request(request.body(()).unwrap(), false).unwrap();
    sender.send_data(body.to_string().into(), true).unwrap();
    timeout(LONG, response).await.unwrap().unwrap()
}

/// Reads up to this many bytes, or to the end. If `on`, the bytes read are released, so that more can arrive.
pub async fn read(body: &mut RecvStream, most: usize, on: bool) -> Result<usize, h2::Error> {
    let mut count = 0;
    while count < most
        && let Some(data) = timeout(LONG, body.data()).await.expect("something comes")
    {
        let len = data?.len();
        count += len;
        if on {
            body.flow_control().release_capacity(len)?;
        }
    }
    Ok(count)
}

async fn server(script: Script) -> Server {
    Server::with(script, |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.limits.write_stall_seconds = STALL.as_secs_f64().try_into().unwrap();
    })
    .await
}

/// The reason of a stream's reset when its client doesn't read it.
async fn reset_of(body: &mut RecvStream) -> Option<Reason> {
    read(body, usize::MAX, false).await.unwrap_err().reason()
}

#[tokio::test]
async fn only_the_unread_stream_is_reset() {
    let server = server(Script { end: End::Hang, ..Script::frames(12) }).await;
    let mut client = client(connect(server.address).await, WINDOW_BYTES).await;
    let mut unread = ask(&mut client, json!({})).await.into_body();
    let mut heard = ask(&mut client, json!({})).await.into_body();
    server.engine.wait_for_open_streams(2).await;
    // The decoder holds the last frames until it has more.
    read(&mut heard, 6 * 4096, true).await.unwrap();
    assert_eq!(reset_of(&mut unread).await, Some(Reason::CANCEL));
    timeout(LONG, server.engine.wait_for_open_streams(1)).await.expect("its generation is aborted");
    eventually("its decoder slot is free", async || (server.open_streams().await == 1).then_some(())).await;
    // The other stream waits for the engine, not for its client.
    assert!(timeout(STALL * 3, read(&mut heard, usize::MAX, true)).await.is_err(), "it is still open");
    assert_eq!(server.open_streams().await, 1);
}

#[tokio::test]
async fn a_slow_reader_gets_everything() {
    // Much longer than each pause, so that it is over only if pauses add up.
    let stall = STALL * 4;
    let server = Server::with(Script::frames(8), |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.limits.write_stall_seconds = stall.as_secs_f64().try_into().unwrap();
        // It takes one chunk, however short, in a time in which players take more.
        config.limits.min_read_speed = 0.0;
    })
    .await;
    let mut client = client(connect(server.address).await, 4096).await;
    let mut body = ask(&mut client, json!({})).await.into_body();
    let mut count = 0;
    while count < 8 * 4096 {
        tokio::time::sleep(stall / 5).await;
        count += read(&mut body, 1, true).await.unwrap();
    }
    assert_eq!((count, read(&mut body, 1, true).await.unwrap()), (8 * 4096, 0));
}

/// The same bound applies to responses that are generated before they are sent, and to those never read at all.
#[tokio::test]
async fn an_unread_response_is_dropped() {
    let server = server(Script::frames(16)).await;
    for (window, whole) in [(WINDOW_BYTES, true), (0, true), (0, false)] {
        let mut client = client(connect(server.address).await, window).await;
        let answer = ask(&mut client, json!({"stream": !whole})).await;
        assert_eq!(answer.headers().contains_key("content-length"), whole);
        assert_eq!(reset_of(&mut answer.into_body()).await, Some(Reason::CANCEL), "{window} {whole}");
        timeout(LONG, server.engine.wait_for_open_streams(0)).await.unwrap();
        // The connection still works.
        let next = ask(&mut client, json!({"stream": false, "speed": 99})).await;
        assert_eq!(next.status(), 422);
    }
}

/// Many streams that fail at once: each has its status and what was made before.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_comes_after_what_was_made() {
    let server = server(Script { end: End::Eof, ..Script::frames(8) }).await;
    let client = client(connect(server.address).await, WINDOW_BYTES).await;
    let streams = (0..40).map(|_| {
        let mut client = client.clone();
        async move {
            let answer = ask(&mut client, json!({})).await;
            assert_eq!(answer.status(), 200);
            let (mut body, mut count) = (answer.into_body(), 0);
            while let Some(data) = timeout(LONG, body.data()).await.expect("something comes") {
                let Ok(data) = data else { return (count, true) };
                count += data.len();
                body.flow_control().release_capacity(data.len()).unwrap();
            }
            (count, false)
        }
    });
    for (count, failed) in futures::future::join_all(streams).await {
        assert!(failed && count > 0, "{count} bytes, failed: {failed}");
    }
}
