//! What fuzzers call, one function for each place where bytes of others are read. The targets in `fuzz/` and the test that
//! replays their corpus call the same ones. Each must return soon, whatever the bytes.

use std::time::Duration;

use axum::body::Body;
use futures::FutureExt;
use http::{HeaderName, HeaderValue, Method, Request, header::CONTENT_TYPE};
use svara_api::{door::bearer, reading::form};
use svara_audio::{DecodeLimits, SampleRate, decode_upload};
use svara_config::ServerConfig;
use svara_dialects::try_message;
pub use svara_engine::fuzzing::engine_events;
use svara_engine::{Language, TraceContext};
use svara_text::{Acronyms, IncomingText, Reading, Strip, StyleTags, Trigger, pack};

use crate::middleware::Place;

/// The longest recording and form here, in bytes.
const LIMIT_BYTES: usize = 1_000_000;
/// The longest audio here.
const MAX_DURATION: Duration = Duration::from_secs(5);
/// The characters of a piece.
const PIECE_CHARACTERS: usize = 240;

/// A place where bytes of others are read.
pub type Target = fn(&[u8]);

/// All places, by the names of their folders in `fuzz/corpus`.
pub const TARGETS: [(&str, Target); 6] = [
    ("uploads", uploads),
    ("forms", forms),
    ("messages", messages),
    ("engine_events", engine_events),
    ("texts", texts),
    ("headers", headers),
];

/// A recording.
pub fn uploads(bytes: &[u8]) {
    let limits = DecodeLimits { max_bytes: LIMIT_BYTES, max_duration: MAX_DURATION };
    let _ = decode_upload(bytes, SampleRate::SNAC, &limits);
}

/// The body of a form; the first byte says of which kind.
pub fn forms(bytes: &[u8]) {
    let Some((kind, body)) = bytes.split_first() else { return };
    let kind =
        if kind % 2 == 0 { "multipart/form-data; boundary=b" } else { "application/x-www-form-urlencoded" };
    let request = Request::builder().header(CONTENT_TYPE, kind).body(Body::from(body.to_vec()));
    if let Ok(request) = request {
        // All of the body is there: nothing to wait for.
        let _ = form::form(request, LIMIT_BYTES).now_or_never();
    }
}

/// A message of a WebSocket.
pub fn messages(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        try_message(text);
    }
}

/// A text, with markup or without: whole, and as it comes piece by piece.
pub fn texts(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let known = Vec::new();
    for language in [None, Some(Language::ALL[0])] {
        let styles = StyleTags::new(&known);
        let strip = Strip { markdown: language.is_some(), emoji: true };
        let reading = Reading {
            language,
            normalizes: true,
            strip,
            styles,
            dictionaries: &[],
            acronyms: &Acronyms::default(),
        };
        let _ = pack(&reading.read(&text).text, PIECE_CHARACTERS);
    }
    let mut incoming = IncomingText::new(true);
    for word in text.split_inclusive(' ') {
        incoming.push(word);
        let _ = incoming.take(Trigger::Text);
    }
    let _ = incoming.take(Trigger::Flush);
}

/// The headers of a request, one a line.
pub fn headers(bytes: &[u8]) {
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    for line in bytes.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            request.headers_mut().append(name, value);
        }
    }
    let _ = Place::new(&ServerConfig::default()).check(&request);
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let _ = text("authorization").and_then(bearer);
    let _ = text("traceparent").and_then(|parent| TraceContext::parse(parent, text("tracestate")));
}
