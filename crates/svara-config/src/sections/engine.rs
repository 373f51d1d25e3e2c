//! `[engine]`: the engine that generates tokens.

use serde::{Deserialize, Serialize};

use crate::{ConfigError, EngineKind, Seconds, Secret, base_url};

/// The engine that generates tokens.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngineConfig {
    /// The kind of engine.
    pub kind: EngineKind,
    /// The base URL of the engine's API. Several engines are separated by commas; see [`Self::base_urls`].
    #[serde(serialize_with = "base_url::serialize_masked")]
    pub base_url: String,
    /// The model's name at the engine.
    pub model: String,
    /// The engine's API key.
    pub api_key: Secret,
    /// The longest time to establish a connection.
    pub connect_seconds: Seconds,
    /// The longest time to the first token, including the time in the engine's queue.
    pub first_token_seconds: Seconds,
    /// The longest silence in a stream after that.
    pub inactivity_seconds: Seconds,
    /// Tokens in each event of the engine's stream.
    pub stream_interval: u32,
    /// Whether vLLM is asked for whole frames only.
    pub whole_frames: bool,
    /// Whether requests tell vLLM how urgent they are.
    pub priority: bool,
    /// Whether a piece ends where the model falls into a loop.
    pub end_loops: bool,
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
            whole_frames: true,
            priority: true,
            end_loops: true,
        }
    }
}

/// The most engines; more than these need a router.
const MAX_ENGINES: usize = 16;

impl EngineConfig {
    /// The base URLs of the engines' APIs, at least one.
    pub fn base_urls(&self) -> impl Iterator<Item = &str> {
        self.base_url.split(',').map(|url| url.trim().trim_end_matches('/'))
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if !self.base_urls().all(|url| url.starts_with("http://") || url.starts_with("https://")) {
            let reason = "engine.base_url must start with http:// or https://, each URL if there are several";
            return Err(ConfigError::new(reason));
        }
        self.base_urls()
            .try_for_each(base_url::check)
            .map_err(|reason| ConfigError::new(format!("engine.base_url {reason}")))?;
        let urls: std::collections::HashSet<&str> = self.base_urls().collect();
        if urls.len() != self.base_urls().count() || urls.len() > MAX_ENGINES {
            let reason = format!("engine.base_url must name at most {MAX_ENGINES} engines, each once");
            return Err(ConfigError::new(reason));
        }
        if self.stream_interval == 0 {
            return Err(ConfigError::new("engine.stream_interval must be at least 1"));
        }
        Ok(())
    }
}
