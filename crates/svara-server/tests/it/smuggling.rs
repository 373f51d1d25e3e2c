//! Requests that two readers may read differently, over a raw connection.

use svara_config::DecoderBackend;
use svara_testkit::fake_vllm::Script;

use crate::{
    harness::Server,
    raw::{SPEECH, exchange, speech_request},
};

/// The statuses of all answers in what was read.
fn statuses(read: &str) -> Vec<&str> {
    read.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)).collect()
}

#[tokio::test]
async fn an_ambiguous_request_is_refused_wherever_it_comes() {
    let server = Server::with(Script::frames(2), |config| config.decoder.kind = DecoderBackend::Null).await;
    let head = "POST /v1/text-to-speech HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let length = SPEECH.len();
    let chunks = format!("{length:x}\r\n{SPEECH}\r\n0\r\n\r\n");
    let bad = [
        "GET /health/live HTTP/1.1\nhost: localhost\n\n".to_owned(),
        "GET /health/live HTTP/1.1\r\nhost: localhost\n\r\n".to_owned(),
        "GET /health/live HTTP/1.1\r\nhost: localhost\r\n\n".to_owned(),
        format!("{head}content-length: {length}\r\ntransfer-encoding: chunked\r\n\r\n{chunks}"),
        format!("{head}transfer-encoding: chunked\r\ncontent-length: {length}\r\n\r\n{chunks}"),
        format!("{head}transfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n{chunks}"),
        format!("{head}content-length: {length}\r\ncontent-length: {}\r\n\r\n{SPEECH}", length + 1),
        format!("{head}content-length: {length}, {length}\r\n\r\n{SPEECH}"),
        format!("{head}content-length: +{length}\r\n\r\n{SPEECH}"),
        format!("{head}transfer-encoding: chunked\r\n\r\n{}", chunks.replacen("\r\n", "\n", 1)),
        format!("{head}transfer-encoding: gzip\r\n\r\n{chunks}"),
        "GET /health/live HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n".to_owned(),
        "GET /health/live HTTP/1.1\r\n\r\n".to_owned(),
    ];
    let good = format!("{head}content-length: {length}\r\n\r\n{SPEECH}");
    let in_chunks = format!("{head}transfer-encoding: chunked\r\n\r\n{chunks}");
    for request in &bad {
        let read = exchange(server.address, request.as_bytes()).await;
        assert_eq!(statuses(&read), ["400"], "{request:?}: {read}");
        for before in [&good, &in_chunks] {
            let read = exchange(server.address, format!("{before}{before}{request}").as_bytes()).await;
            assert_eq!(statuses(&read), ["200", "200", "400"], "{before:?} {request:?}");
        }
    }
}

/// What is read in one way only is answered, with line feeds in bodies and on connections that are used again.
#[tokio::test]
async fn an_ordinary_request_is_not() {
    let server = Server::with(Script::frames(2), |config| config.decoder.kind = DecoderBackend::Null).await;
    let spaced = format!("\n\n{}\n\n", SPEECH.replace(',', ",\n"));
    let head = "POST /v1/text-to-speech HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let whole = format!("{head}content-length: {}\r\n\r\n{spaced}", spaced.len());
    let chunks: String =
        spaced.split_inclusive('\n').map(|part| format!("{:X};a=b\r\n{part}\r\n", part.len())).collect();
    let in_chunks = format!("{head}transfer-encoding: chunked\r\n\r\n{chunks}0\r\nx-trailer: a\r\n\r\n");
    let refused = "GET /nowhere HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\n\n\n\n\n";
    let text = format!("{whole}{in_chunks}\r\n{refused}{whole}{}", speech_request(SPEECH));
    let read = exchange(server.address, text.as_bytes()).await;
    assert_eq!(statuses(&read), ["200", "200", "404", "200", "200"]);
}
