//! What isn't WebSocket ends a WebSocket with a close that says why.

use svara_service::callers::KeyEntry;
use svara_testkit::{PATIENCE, fake_vllm::Script};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::Server;

const TEXT: u8 = 0x81;

/// A frame of a client with this first byte; masked by zeros, which change nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | length as u8),
        length @ 126..65536 => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// Opens a socket by hand.
async fn open(server: &Server, route: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "GET {route} HTTP/1.1\r\nHost: {}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        server.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    stream
}

/// Reads frames up to the close, and returns its code and reason.
async fn closed(stream: &mut TcpStream) -> (u16, String) {
    loop {
        let first = stream.read_u8().await.expect("a close, not the end of the connection");
        let mut length = usize::from(stream.read_u8().await.unwrap());
        if length == 126 {
            length = stream.read_u16().await.unwrap().into();
        }
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await.unwrap();
        if first == 0x88 {
            let code = u16::from_be_bytes([payload[0], payload[1]]);
            return (code, String::from_utf8(payload[2..].to_vec()).unwrap());
        }
    }
}

/// What a client sends, and the code of RFC 6455 that says what is wrong with it.
fn kinds() -> Vec<(&'static str, Vec<u8>, u16)> {
    let unmasked = vec![TEXT, 2, b'{', b'}'];
    let announced =
        [&[TEXT, 0x80 | 127][..], &100_000_000_u64.to_be_bytes(), &[0; 4], b"{\"text\": \""].concat();
    let fragments = |parts: &[(u8, &[u8])]| -> Vec<u8> {
        parts.iter().flat_map(|(first, payload)| frame(*first, payload)).collect()
    };
    let half: &[u8] = &[b'a'; 150_000];
    vec![
        ("text that isn't UTF-8", frame(TEXT, b"{\"text\": \"\xff\"}"), 1007),
        ("text cut within a character", frame(TEXT, "न".as_bytes().split_at(2).0), 1007),
        ("an unmasked frame", unmasked, 1002),
        ("a reserved bit", frame(TEXT | 0x40, b"{}"), 1002),
        ("a reserved opcode", frame(0x83, b"{}"), 1002),
        ("a reserved control opcode", frame(0x8b, b""), 1002),
        ("a long ping", frame(0x89, &[b'a'; 126]), 1002),
        ("a fragmented ping", frame(0x09, b"a"), 1002),
        ("a continuation of nothing", frame(0x80, b"{}"), 1002),
        ("a message within fragments", fragments(&[(0x01, b"{"), (TEXT, b"}")]), 1002),
        ("a large message", frame(TEXT, &[b'a'; 1_000_000]), 1009),
        ("a large binary message", frame(0x82, &[b'a'; 1_000_000]), 1009),
        ("a large message in fragments", fragments(&[(0x01, half), (0x80, half)]), 1009),
        ("a length of 100 MB", announced, 1009),
    ]
}

#[tokio::test]
async fn what_is_no_message_ends_with_its_code() {
    let server = Server::start(Script::frames(2)).await;
    for route in [
        "/v1/text-to-speech/hi_female/stream-input",
        "/v1/text-to-speech/hi_female/multi-stream-input",
        "/v1/audio/speech/stream-input?voice=hi_female",
        "/v1/audio/speech/stream",
    ] {
        for (kind, bytes, code) in kinds() {
            let mut stream = open(&server, route).await;
            stream.write_all(&bytes).await.unwrap();
            let closing = tokio::time::timeout(PATIENCE, closed(&mut stream)).await;
            let (closed_with, reason) = closing.unwrap_or_else(|_| panic!("{kind}: no close"));
            assert_eq!(closed_with, code, "{route}: {kind}: {reason}");
            assert!(!reason.is_empty(), "{route}: {kind}");
        }
    }
}

#[tokio::test]
async fn so_does_one_that_waits_for_its_key() {
    let server = Server::with(Script::frames(1), |config| {
        config.server.keys = vec![KeyEntry::unbounded("test", "sk-svara-test-broken-0123")];
    })
    .await;
    for (kind, bytes, code) in kinds() {
        let mut stream = open(&server, "/v1/text-to-speech/hi_female/stream-input").await;
        stream.write_all(&bytes).await.unwrap();
        let closing = tokio::time::timeout(PATIENCE, closed(&mut stream)).await;
        assert_eq!(closing.unwrap_or_else(|_| panic!("{kind}: no close")).0, code, "{kind}");
    }
}
