//! What goes over the socket, besides sound.

use axum::extract::ws::Message;
use serde::Deserialize;
use serde_json::json;
use svara_api::{
    error::ApiError,
    reading::message::{self, InVain},
};
use svara_audio::{EncoderSpec, Format};

use super::config::Fields;

/// A message of a client.
#[derive(Debug)]
pub(super) enum ClientMessage {
    /// How the connection speaks from now on.
    Config(Box<Fields>),
    /// More text.
    Text(String),
    /// The utterance ends.
    Done,
    /// The connection ends.
    Close,
}

/// What tells messages apart.
#[derive(Deserialize, utoipa::ToSchema)]
struct Kind {
    r#type: String,
}

#[derive(Deserialize, utoipa::ToSchema)]
struct Text {
    text: String,
}

impl ClientMessage {
    /// # Errors
    /// It isn't a JSON object of a known type and its fields.
    pub(super) fn read(received: &Message) -> Result<Self, ApiError> {
        let Message::Text(text) = received else {
            return Err(ApiError::bad_request("messages must be JSON, in text frames"));
        };
        match &*message::read::<Kind>(text)?.r#type {
            "session.config" => Ok(Self::Config(Box::new(message::read(text)?))),
            "input.text" => Ok(Self::Text(message::read::<Text>(text)?.text)),
            "input.done" => Ok(Self::Done),
            "session.close" => Ok(Self::Close),
            other => {
                let other: String = other.chars().take(32).collect();
                let known = "session.config, input.text, input.done, session.close";
                Err(ApiError::unsupported("type", format!("type {other:?} is unknown; supported: {known}")))
            }
        }
    }
}

/// Has the log name the fields that a message has in vain.
pub(super) fn note(in_vain: &mut InVain, read: &ClientMessage, text: &str) {
    match read {
        ClientMessage::Config(_) => in_vain.note::<Fields>(text, &["type"]),
        ClientMessage::Text(_) => in_vain.note::<Text>(text, &["type"]),
        ClientMessage::Done | ClientMessage::Close => in_vain.note::<Kind>(text, &[]),
    }
}

/// Where a sentence is: its utterance, and its place in that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) utterance: usize,
    pub(super) sentence: usize,
}

/// The sound of a sentence begins.
pub(super) fn start(place: Place, text: &str, spec: EncoderSpec) -> String {
    let mut message = json!({
        "type": "audio.start", "utterance_index": place.utterance, "sentence_index": place.sentence,
        "sentence_text": text, "format": spec.format().name(),
    });
    // Raw samples don't say it themselves.
    if let (Format::Pcm, Some(fields)) = (spec.format(), message.as_object_mut()) {
        fields.insert("sample_rate".to_owned(), spec.rate().hz().into());
        fields.insert("channels".to_owned(), 1.into());
    }
    message.to_string()
}

/// The sound of a sentence is over.
pub(super) fn over(place: Place, total_bytes: usize, failed: bool) -> String {
    json!({
        "type": "audio.done", "utterance_index": place.utterance, "sentence_index": place.sentence,
        "total_bytes": total_bytes, "error": failed,
    })
    .to_string()
}

/// All sentences of an utterance are over.
pub(super) fn done(utterance: usize, sentences: usize) -> String {
    json!({"type": "session.done", "utterance_index": utterance, "total_sentences": sentences}).to_string()
}

/// What went wrong. `partial_bytes`: of the sound that was sent already, and is to be thrown away.
pub(super) fn error(error: &ApiError, partial_bytes: usize) -> String {
    let mut message = json!({"type": "error", "message": error.message, "param": error.way()});
    if let (true, Some(fields)) = (partial_bytes > 0, message.as_object_mut()) {
        fields.insert("partial_audio".to_owned(), true.into());
        fields.insert("action".to_owned(), "discard".into());
    }
    message.to_string()
}
