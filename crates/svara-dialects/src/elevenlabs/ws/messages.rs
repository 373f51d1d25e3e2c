//! What goes over the WebSockets.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use serde_json::json;
use svara_api::{
    door::bearer,
    error::ApiError,
    reading::{
        lenient,
        locators::{LocatorFields, Locators},
        message,
    },
};

use super::{
    super::{alignment::ChunkAlignment, fields::VoiceSettings},
    sound::Alignments,
};

/// A message of a client, of either kind of socket.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub(super) struct ClientMessage {
    pub(super) text: Option<String>,
    pub(super) voice_settings: Option<VoiceSettings>,
    #[serde(alias = "generator_config")]
    pub(super) generation_config: Option<GenerationConfig>,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) try_trigger_generation: Option<bool>,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) flush: Option<bool>,
    #[serde(alias = "contextId")]
    pub(super) context_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) close_context: Option<bool>,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) close_socket: Option<bool>,
    #[schema(value_type = Option<Vec<LocatorFields>>)]
    pub(super) pronunciation_dictionary_locators: Option<Locators>,
    #[serde(alias = "xi-api-key")]
    xi_api_key: Option<String>,
    authorization: Option<String>,
}

#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub(super) struct GenerationConfig {
    chunk_length_schedule: Option<Vec<f64>>,
}

impl ClientMessage {
    /// The API key, which the first message may bring.
    pub(super) fn key(&self) -> Option<&str> {
        let authorization = self.authorization.as_deref().map(|value| bearer(value).unwrap_or(value));
        self.xi_api_key.as_deref().or(authorization)
    }

    /// # Errors
    /// It isn't a JSON object of these fields, or one of them is out of range.
    pub(super) fn read(text: &str) -> Result<Self, ApiError> {
        message::read(text)
    }
}

impl GenerationConfig {
    /// # Errors
    /// A length is out of range.
    pub(super) fn schedule(self) -> Result<Vec<usize>, ApiError> {
        const LONGEST: usize = 20;
        let schedule = self.chunk_length_schedule.unwrap_or_default();
        if schedule.len() > LONGEST || schedule.iter().any(|length| !(50.0..=500.0).contains(length)) {
            let reason = format!("must be at most {LONGEST} numbers from 50 to 500");
            return Err(ApiError::invalid("chunk_length_schedule", reason));
        }
        // In range, so that nothing is cut but a fraction.
        Ok(schedule.into_iter().map(|length| length as usize).collect())
    }
}

/// Sound, and when the characters that ended with it were said.
///
/// `alignment` is of the characters as they were typed, `normalizedAlignment` as they are said.
pub(super) fn audio(context: Option<&str>, audio: &[u8], alignments: Option<&Alignments>) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Message<'a> {
        audio: String,
        alignment: Option<&'a ChunkAlignment>,
        normalized_alignment: Option<&'a ChunkAlignment>,
        #[serde(skip_serializing_if = "Option::is_none")]
        context_id: Option<&'a str>,
    }
    let audio = BASE64.encode(audio);
    let (alignment, normalized_alignment) = alignments.map(|both| (&both.typed, &both.said)).unzip();
    json!(Message { audio, alignment, normalized_alignment, context_id: context }).to_string()
}

/// The last message of a stream or context.
pub(super) fn last(context: Option<&str>) -> String {
    match context {
        // Both spellings are documented.
        Some(context) => json!({"isFinal": true, "is_final": true, "contextId": context}).to_string(),
        None => json!({"isFinal": true}).to_string(),
    }
}

/// What went wrong, with the code that the socket is closed with if it is.
pub(super) fn error(context: Option<&str>, error: &ApiError, code: u16) -> String {
    let mut message =
        json!({"message": error.message, "error": error.kind.name(), "code": code, "param": error.field});
    if let (Some(context), Some(fields)) = (context, message.as_object_mut()) {
        fields.insert("contextId".to_owned(), context.into());
    }
    message.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_official_client_are_read() {
        let first = r#"{"text":" ","try_trigger_generation":true,"voice_settings":null,"generation_config":{"chunk_length_schedule":[50]}}"#;
        let message = ClientMessage::read(first).unwrap();
        assert_eq!(message.text.as_deref(), Some(" "));
        assert_eq!(message.generation_config.unwrap().schedule().unwrap(), [50]);
        let multi = ClientMessage::read(r#"{"contextId":"a","flush":true}"#).unwrap();
        assert_eq!((multi.context_id.as_deref(), multi.flush, multi.text), (Some("a"), Some(true), None));
    }

    #[test]
    fn mistakes_name_their_field() {
        for (text, word) in [
            ("{", "ends too early"),
            (r#"{"text":1}"#, "text"),
            (r#"{"pronunciation_dictionary_locators":[{}]}"#, "pronunciation_dictionary_locators"),
        ] {
            assert!(ClientMessage::read(text).unwrap_err().message.contains(word));
        }
        for schedule in [vec![49.0], vec![501.0], vec![f64::NAN], vec![100.0; 21]] {
            let config = GenerationConfig { chunk_length_schedule: Some(schedule) };
            assert_eq!(config.schedule().unwrap_err().field, Some("chunk_length_schedule"));
        }
    }
}
