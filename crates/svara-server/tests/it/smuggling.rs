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
        format!("{head}content-length: {length}\r\ncontent-length: {length}\r\n\r\n{SPEECH}"),
        format!("{head}content-length: {length}, {length}\r\n\r\n{SPEECH}"),
        format!("{head}content-length: +{length}\r\n\r\n{SPEECH}"),
        format!("{head}transfer-encoding: chunked\r\n\r\n{}", chunks.replacen("\r\n", "\n", 1)),
        format!("{head}transfer-encoding: chunked\r\n\r\n{}", chunks.replacen("\r\n", ";a=b\n", 1)),
        format!("{head}transfer-encoding: gzip\r\n\r\n{chunks}"),
        format!("{head}transfer-encoding: chunked, chunked\r\n\r\n{chunks}"),
        format!("{head}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n{chunks}"),
        format!("{head}transfer-encoding: chunked, identity\r\n\r\n{chunks}"),
        format!("{head}transfer-encoding: , chunked\r\n\r\n{chunks}"),
        format!("{head}transfer-encoding: chunked;q=1\r\n\r\n{chunks}"),
        format!("{head}transfer-encoding:\r\n\r\n{chunks}"),
        "GET /health/live HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n".to_owned(),
        "GET /health/live HTTP/1.1\r\n\r\n".to_owned(),
    ];
    let good = format!("{head}content-length: {length}\r\n\r\n{SPEECH}");
    let in_chunks = format!("{head}transfer-encoding: chunked\r\n\r\n{chunks}");
    // However a size is written, what comes behind its chunk is looked at.
    let padded = format!("{head}transfer-encoding: chunked\r\n\r\n00000000000000000000{chunks}");
    for request in &bad {
        let read = exchange(server.address, request.as_bytes()).await;
        assert_eq!(statuses(&read), ["400"], "{request:?}: {read}");
        for before in [&good, &in_chunks, &padded] {
            let read = exchange(server.address, format!("{before}{before}{request}").as_bytes()).await;
            assert_eq!(statuses(&read), ["200", "200", "400"], "{before:?} {request:?}");
        }
    }
}

/// RFC 9112, section 6.1: a server that gets a coding that it doesn't know should say so. Nothing is read behind it.
#[tokio::test]
async fn a_coding_that_is_not_known_is_told() {
    let server = Server::with(Script::frames(2), |config| config.decoder.kind = DecoderBackend::Null).await;
    let length = SPEECH.len();
    let chunks = format!("{length:x}\r\n{SPEECH}\r\n0\r\n\r\n");
    for coding in
        ["gzip, chunked", "identity, chunked", "x, y ,Chunked", "gzip\r\ntransfer-encoding: chunked"]
    {
        for path in ["/v1/text-to-speech", "/v1/audio/speech", "/v1/jobs", "/nowhere"] {
            let request = format!(
                "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                 transfer-encoding: {coding}\r\n\r\n{chunks}"
            );
            let read = exchange(server.address, format!("{request}{request}").as_bytes()).await;
            assert_eq!(statuses(&read), ["501"], "{coding} {path}: {read}");
            assert!(read.contains("transfer-encoding: must be chunked"), "{read}");
        }
    }
}

/// However long a length is, it is too large, and whoever sends it learns that.
#[tokio::test]
async fn a_length_that_no_number_holds_is_too_large() {
    let server = Server::with(Script::frames(2), |config| config.decoder.kind = DecoderBackend::Null).await;
    for length in ["18446744073709551613", "18446744073709551615", "18446744073709551616", &"9".repeat(400)] {
        for path in ["/v1/text-to-speech", "/v1/audio/speech", "/v1/text-to-speech/hi_female", "/v1/jobs"] {
            let request = format!(
                "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                 content-length: {length}\r\n\r\n"
            );
            let read = exchange(server.address, request.as_bytes()).await;
            assert_eq!(statuses(&read), ["413"], "{length} {path}: {read}");
            assert!(read.contains("is larger than"), "{read}");
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
