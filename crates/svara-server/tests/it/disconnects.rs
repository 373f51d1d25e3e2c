//! Ten thousand clients that leave at any point of a request: nothing leaks.

use std::{net::SocketAddr, time::Duration};

use serde_json::json;
use svara_config::DecoderBackend;
use svara_service::callers::KeyEntry;
use svara_testkit::{
    eventually,
    fake_vllm::{End, Script},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::{
    harness::Server,
    raw::{self, LONG, SPEECH},
};

const CLIENTS: u64 = 10_000;
/// Concurrent clients: more than there are streams, so that some leave the queue.
const AT_ONCE: u64 = 16;
const STREAMS: usize = 8;
const KEY: &str = "sk-svara-test-0123456789";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_stays_of_clients_that_leave() {
    let script = Script { pause: Duration::from_micros(100), ..Script::frames(6) };
    let server = Server::with(script, |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.decoder.max_streams = STREAMS;
        config.limits.queue = 4;
        let key = KeyEntry::unbounded("test", KEY);
        config.server.keys = vec![KeyEntry { concurrent_streams: Some(12), ..key }];
    })
    .await;
    let address = server.address;
    let clients = (0..AT_ONCE).map(|lane| {
        tokio::spawn(async move {
            for client in (lane..CLIENTS).step_by(AT_ONCE as usize) {
                leave(address, client).await;
            }
        })
    });
    for client in futures::future::join_all(clients).await {
        client.unwrap();
    }
    timeout(LONG, server.engine.wait_for_open_streams(0)).await.expect("every generation is aborted");
    eventually("every stream is over", async || is_quiet(&server).await.then_some(())).await;
    // All streams of the server and of the key are free again.
    server.engine.set(Script { end: End::Hang, ..Script::frames(4) });
    let mut open = Vec::new();
    for _ in 0..STREAMS {
        let body = json!({"text": "a", "voice": "hi_female", "response_format": "pcm"});
        let mut response = server.request("/v1/text-to-speech", &body).bearer_auth(KEY).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.chunk().await.unwrap().unwrap();
        open.push(response);
    }
    server.engine.wait_for_open_streams(STREAMS).await;
}

/// One client: starts a request and leaves at a point that its number selects.
async fn leave(address: SocketAddr, client: u64) {
    let mut random = Random(client);
    let mut stream = raw::connect(address).await;
    let body = SPEECH;
    // Half of them needn't find out that a refusal is all that comes.
    let close = if client.is_multiple_of(2) { "" } else { "connection: close\r\n" };
    let request = format!(
        "POST /v1/text-to-speech HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {KEY}\r\n{close}\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let sent = match random.below(4) {
        // Anywhere in the head or the body, or before both.
        0 => random.below(request.len() as u64),
        _ => request.len() as u64,
    };
    if stream.write_all(&request.as_bytes()[..sent as usize]).await.is_err() {
        return;
    }
    if sent == request.len() as u64 {
        let wanted = match random.below(4) {
            // At once, while the request waits for audio.
            0 => 0,
            1 => 1 + random.below(300),
            // Anywhere in the audio, or at its end.
            _ => random.below(6 * 4096 + 2000),
        };
        let mut left = wanted;
        let mut buffer = [0; 2048];
        while left > 0 {
            let most = left.min(2048) as usize;
            // A refusal is short, and the connection stays open after it.
            match timeout(Duration::from_millis(100), stream.read(&mut buffer[..most])).await {
                Ok(Ok(count)) if count > 0 => left -= count as u64,
                _ => break,
            }
        }
    }
    if random.below(2) == 0 {
        // A reset instead of an orderly close.
        stream.set_zero_linger().unwrap();
    }
}

async fn is_quiet(server: &Server) -> bool {
    let metrics = server.metrics().await;
    let gauges = ["svara_speech_open", "svara_decoder_streams_open", "svara_queue_waiting"];
    let mut lines = metrics.lines().filter(|line| gauges.iter().any(|gauge| line.starts_with(gauge)));
    lines.all(|line| line.ends_with(" 0") || line.ends_with(" 0.0"))
}

/// A small random generator, so that each client does the same in every run.
struct Random(u64);

impl Random {
    /// From 0 to less than `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
