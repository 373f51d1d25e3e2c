//! What a request asks for.

use serde::Deserialize;

/// The first id that isn't text: Llama 3's control tokens and the audio tokens start here.
const FIRST_CONTROL_ID: u32 = 128_000;
/// svara's end of speech.
const END_OF_SPEECH: u32 = 128_258;
/// The longest interval allowed, in tokens.
const MAX_INTERVAL: u32 = 1000;
/// vLLM's own default.
const DEFAULT_MAX_TOKENS: u32 = 16;
/// The longest generation allowed: an hour of speech.
const MAX_TOKENS: u32 = 300_000;

/// The body of a completion; other fields are ignored.
#[derive(Debug, Deserialize)]
pub(super) struct CompletionRequest {
    pub(super) model: Option<String>,
    pub(super) prompt: PromptField,
    #[serde(default)]
    pub(super) stream: bool,
    #[serde(default)]
    pub(super) return_token_ids: bool,
    stream_interval: Option<u32>,
    max_tokens: Option<u32>,
    pub(super) seed: Option<u64>,
    #[serde(default)]
    stop_token_ids: Vec<u32>,
    stream_options: Option<StreamOptions>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum PromptField {
    Tokens(Vec<u32>),
    Text(String),
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

impl CompletionRequest {
    /// # Errors
    /// The field that is wrong, and what is allowed.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if !self.stream {
            return Err(("stream", "this stand-in only streams: stream must be true".into()));
        }
        if !(1..=MAX_INTERVAL).contains(&self.interval()) {
            return Err(("stream_interval", format!("stream_interval must be 1 to {MAX_INTERVAL}")));
        }
        if !(1..=MAX_TOKENS).contains(&self.max_tokens()) {
            return Err(("max_tokens", format!("max_tokens must be 1 to {MAX_TOKENS}")));
        }
        Ok(())
    }

    /// Tokens for each event.
    pub(super) fn interval(&self) -> u32 {
        self.stream_interval.unwrap_or(1)
    }

    pub(super) fn max_tokens(&self) -> u32 {
        self.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS)
    }

    /// The token that ends the speech.
    pub(super) fn stop_token(&self) -> u32 {
        self.stop_token_ids.first().copied().unwrap_or(END_OF_SPEECH)
    }

    pub(super) fn include_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|options| options.include_usage)
    }
}

impl PromptField {
    /// Tokens of the text: the ids below the control tokens, or a quarter of the characters.
    pub(super) fn text_tokens(&self) -> usize {
        match self {
            Self::Tokens(ids) => ids.iter().filter(|id| **id < FIRST_CONTROL_ID).count(),
            Self::Text(text) => text.chars().count().div_ceil(4),
        }
    }

    /// All tokens, counted the same way.
    pub(super) fn tokens(&self) -> usize {
        match self {
            Self::Tokens(ids) => ids.len(),
            Self::Text(_) => self.text_tokens(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(json: &str) -> CompletionRequest {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn words_are_counted_in_ids_and_in_text() {
        let ids = request(r#"{"prompt": [128000, 634, 557, 132163], "temperature": 1}"#);
        assert_eq!((ids.prompt.text_tokens(), ids.prompt.tokens()), (2, 4));
        assert_eq!(request(r#"{"prompt": "नमस्ते"}"#).prompt.text_tokens(), 2);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        for (json, field) in [
            (r#"{"prompt": []}"#, "stream"),
            (r#"{"prompt": [], "stream": true, "stream_interval": 0}"#, "stream_interval"),
            (r#"{"prompt": [], "stream": true, "max_tokens": 0}"#, "max_tokens"),
        ] {
            assert_eq!(request(json).check().unwrap_err().0, field, "{json}");
        }
        assert!(request(r#"{"prompt": [], "stream": true}"#).check().is_ok());
    }
}
