//! Readers that take next to nothing lose their stream.

use std::time::{Duration, Instant};

use serde_json::json;
use svara_config::Seconds;
use svara_testkit::fake_vllm::Script;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
};

use crate::harness::Server;

/// Reads a little, often enough never to be silent. Returns how long that went on.
async fn read_slowly(server: &Server, bytes: usize, pause: Duration, most: Duration) -> Duration {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let mut stream = socket.connect(server.address).await.unwrap();
    let text = "यह एक वाक्य है। ".repeat(300);
    let body = json!({"text": text, "voice": "hi_female", "response_format": "pcm"}).to_string();
    let head = format!(
        "POST /v1/text-to-speech HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        server.address,
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (start, mut buffer) = (Instant::now(), vec![0; bytes]);
    let mut total = 0;
    while start.elapsed() < most {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(read) => {
                total += read;
                tokio::time::sleep(pause).await;
            }
        }
        if start.elapsed() > Duration::from_secs(1) && server.open_streams().await == 0 {
            break;
        }
    }
    assert!(total > 0, "nothing came");
    start.elapsed()
}

#[tokio::test]
async fn a_slow_reader_frees_its_stream() {
    // More than the kernel's buffers hold.
    let server = Server::with(Script::frames(80), |config| {
        config.decoder.kind = svara_config::DecoderBackend::Null;
        config.limits.write_stall_seconds = Seconds::new(3);
    })
    .await;
    let held = read_slowly(&server, 8000, Duration::from_millis(500), Duration::from_secs(100)).await;
    // Or it reads until the test ends it.
    assert!(held < Duration::from_secs(60), "held for {held:?}");
    server.quiet().await;
}
