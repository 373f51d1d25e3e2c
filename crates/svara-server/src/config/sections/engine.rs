//! `[engine]`: where the tokens come from.

use serde::{Deserialize, Serialize};

use crate::config::{ConfigError, EngineKind, Seconds, Secret};

/// Where the tokens come from.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngineConfig {
    /// `vllm` or `demo`.
    pub kind: EngineKind,
    /// The base of the engine's API.
    pub base_url: String,
    /// The model's name at the engine.
    pub model: String,
    /// The engine's API key.
    pub api_key: Secret,
    /// How long a connection may take.
    pub connect_seconds: Seconds,
    /// How long the first token may take; includes waiting in the engine's queue.
    pub first_token_seconds: Seconds,
    /// How long a stream may be silent after that.
    pub inactivity_seconds: Seconds,
    /// Tokens for each event of the engine's stream.
    pub stream_interval: u32,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            kind: EngineKind::Vllm,
            base_url: "http://localhost:8000/v1".to_owned(),
            model: "kenpath/svara-tts-v1".to_owned(),
            api_key: Secret::default(),
            connect_seconds: Seconds::new(3),
            first_token_seconds: Seconds::new(30),
            inactivity_seconds: Seconds::new(10),
            stream_interval: 7,
        }
    }
}

impl EngineConfig {
    pub(in crate::config) fn check(&self) -> Result<(), ConfigError> {
        if !(self.base_url.starts_with("http://") || self.base_url.starts_with("https://")) {
            return Err(ConfigError::new("engine.base_url must start with http:// or https://"));
        }
        if self.stream_interval == 0 {
            return Err(ConfigError::new("engine.stream_interval must be at least 1"));
        }
        Ok(())
    }
}
