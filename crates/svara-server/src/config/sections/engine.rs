//! `[engine]`: where the tokens come from.

use serde::{Deserialize, Serialize};

use crate::config::{ConfigError, EngineKind, Seconds, Secret, base_url};

/// Where the tokens come from.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngineConfig {
    /// Which engine it is.
    pub kind: EngineKind,
    /// The base of the engine's API. Several, with commas between them: see [`Self::base_urls`].
    #[serde(serialize_with = "base_url::serialize_masked")]
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
    /// Of several engines, one that fails so often in a row gets no requests for a while.
    pub eject_failures: u32,
    /// For how long at first; it doubles each time in a row.
    pub eject_seconds: Seconds,
    /// For how long at most.
    pub eject_max_seconds: Seconds,
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
            eject_failures: 3,
            eject_seconds: Seconds::new(2),
            eject_max_seconds: Seconds::new(60),
        }
    }
}

/// More engines than this are a router's business.
const MAX_ENGINES: usize = 16;

impl EngineConfig {
    /// The bases of the engines' APIs, at least one.
    pub fn base_urls(&self) -> impl Iterator<Item = &str> {
        self.base_url.split(',').map(|url| url.trim().trim_end_matches('/'))
    }

    pub(in crate::config) fn check(&self) -> Result<(), ConfigError> {
        if !self.base_urls().all(|url| url.starts_with("http://") || url.starts_with("https://")) {
            let reason =
                "engine.base_url must start with http:// or https://, each one where there are several";
            return Err(ConfigError::new(reason));
        }
        self.base_urls()
            .try_for_each(base_url::check)
            .map_err(|reason| ConfigError::new(format!("engine.base_url {reason}")))?;
        let urls: std::collections::HashSet<&str> = self.base_urls().collect();
        if urls.len() != self.base_urls().count() || urls.len() > MAX_ENGINES {
            let reason =
                format!("engine.base_url must name at most {MAX_ENGINES} engines, each of them once");
            return Err(ConfigError::new(reason));
        }
        if self.stream_interval == 0 || self.eject_failures == 0 {
            let reason = "engine.stream_interval and engine.eject_failures must be at least 1";
            return Err(ConfigError::new(reason));
        }
        Ok(())
    }
}
