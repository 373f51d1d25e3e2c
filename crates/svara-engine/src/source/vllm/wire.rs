//! What goes over the wire to and from `/v1/completions`.

use serde::{Deserialize, Serialize};

use super::VllmSettings;
use crate::{Prompt, source::Utterance};

/// The body of a request. Engines ignore the fields they don't know.
#[derive(Serialize)]
pub(super) struct CompletionRequest<'a> {
    model: &'a str,
    prompt: PromptField<'a>,
    stream: bool,
    return_token_ids: bool,
    stream_interval: u32,
    stop_token_ids: &'a [u32],
    temperature: f32,
    top_p: f32,
    top_k: i32,
    repetition_penalty: f32,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    /// For engines that hide such tokens from the text.
    skip_special_tokens: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum PromptField<'a> {
    Tokens(&'a [u32]),
    Text(&'a str),
}

impl<'a> CompletionRequest<'a> {
    pub(super) fn new(
        settings: &'a VllmSettings,
        prompt: &'a Prompt,
        utterance: &Utterance,
        stop_ids: &'a [u32],
    ) -> Self {
        let sampling = utterance.sampling;
        Self {
            model: &settings.model,
            prompt: match prompt {
                Prompt::Tokens(ids) => PromptField::Tokens(ids),
                Prompt::Text(text) => PromptField::Text(text),
            },
            stream: true,
            return_token_ids: true,
            stream_interval: settings.stream_interval,
            stop_token_ids: stop_ids,
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            top_k: sampling.top_k,
            repetition_penalty: sampling.repetition_penalty,
            max_tokens: sampling.max_tokens,
            // vLLM takes a signed 64-bit seed.
            seed: utterance.seed.map(|seed| seed & (u64::MAX >> 1)),
            skip_special_tokens: false,
        }
    }
}

/// One event of the stream. A 200 stream may hold an error.
#[derive(Deserialize)]
pub(super) struct CompletionEvent {
    #[serde(default)]
    pub(super) choices: Vec<Choice>,
    pub(super) error: Option<EngineError>,
}

#[derive(Deserialize)]
pub(super) struct Choice {
    pub(super) text: Option<String>,
    pub(super) token_ids: Option<Vec<u32>>,
    pub(super) finish_reason: Option<String>,
}

/// The body of a refusal.
#[derive(Deserialize)]
pub(super) struct ErrorBody {
    pub(super) error: EngineError,
}

/// vLLM's errors are objects, but for 401, which is a string.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum EngineError {
    Object { message: String, param: Option<String> },
    Text(String),
    Other(serde_json::Value),
}

impl EngineError {
    pub(super) fn param(&self) -> Option<&str> {
        match self {
            Self::Object { param, .. } => param.as_deref(),
            Self::Text(_) | Self::Other(_) => None,
        }
    }

    pub(super) fn into_message(self) -> String {
        match self {
            Self::Object { message, .. } | Self::Text(message) => message,
            Self::Other(value) => value.to_string(),
        }
    }
}
