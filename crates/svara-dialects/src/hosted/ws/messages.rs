//! What goes over the socket, besides sound.

use axum::extract::ws::Message;
use serde::Deserialize;
use serde_json::json;
use svara_api::{
    error::ApiError,
    reading::{lenient, message},
};
use svara_text::EagerChunk;

/// A message of a client.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub(super) struct ClientMessage {
    /// More text; an empty one is the end.
    pub(super) text: Option<String>,
    /// What is there is to be spoken now.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) flush: Option<bool>,
}

impl ClientMessage {
    /// # Errors
    /// It isn't a JSON object of these fields.
    pub(super) fn read(received: &Message) -> Result<Self, ApiError> {
        let text = match received {
            Message::Text(text) => text.as_str(),
            _ => return Err(ApiError::bad_request("messages must be JSON, in text frames")),
        };
        message::read(text)
    }
}

/// A chunk of text is about to be heard.
pub(super) fn chunk(chunk: &EagerChunk) -> String {
    json!({"type": "chunk", "text": chunk.text, "peek": chunk.peek}).to_string()
}

/// All is said and sent.
pub(super) fn done() -> String {
    json!({"type": "done"}).to_string()
}

/// What went wrong, with the code that the socket is closed with.
pub(super) fn error(error: &ApiError, code: u16) -> String {
    json!({"type": "error", "message": error.message, "code": code}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_name_their_field() {
        let read = |text: &str| ClientMessage::read(&Message::Text(text.into()));
        assert_eq!(read(r#"{"text": " a", "more": 1}"#).unwrap().text.as_deref(), Some(" a"));
        assert_eq!(read(r#"{"flush": true}"#).unwrap().flush, Some(true));
        for (text, word) in [
            ("{", "ends too early"),
            ("[]", "message"),
            (r#"{"text": 1}"#, "text"),
            (r#"{"flush": "perhaps"}"#, "flush"),
            (r#"{"text": "a"} x"#, "more text follows"),
        ] {
            let error = read(text).unwrap_err().message;
            assert!(error.contains(word), "{text}: {error}");
        }
        assert!(ClientMessage::read(&Message::Binary(vec![1].into())).is_err());
    }
}
