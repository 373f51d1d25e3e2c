//! Raw bytes over a connection, for requests that HTTP clients can't send.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longer than any response takes, even on a busy machine.
pub const LONG: Duration = Duration::from_secs(20);

pub async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// Sends raw bytes and reads until the server closes: the whole response, or what arrived before a reset.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = connect(address).await;
    // The server may close before all bytes are sent.
    let _ = stream.write_all(bytes).await;
    until_closed(&mut stream).await
}

/// Reads until the server closes.
pub async fn until_closed(stream: &mut TcpStream) -> String {
    String::from_utf8_lossy(&bytes_until_closed(stream).await).into_owned()
}

/// As [`until_closed`], as bytes.
pub async fn bytes_until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match timeout(LONG, stream.read(&mut buffer)).await.expect("the server closes") {
            Ok(0) | Err(_) => return answer,
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
        }
    }
}

/// A speech request as bytes, with `connection: close`.
pub fn speech_request(body: &str) -> String {
    format!(
        "POST /v1/text-to-speech HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    )
}

pub const SPEECH: &str = r#"{"text":"नमस्ते","voice":"hi_female","response_format":"pcm"}"#;
