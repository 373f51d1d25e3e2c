//! `[engine]`: the engine that generates tokens.

use std::collections::HashSet;

use http::HeaderValue;
use serde::{Deserialize, Serialize};

use crate::{EngineKind, Faults, Seconds, Secret, base_url};

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

/// About 12 seconds of sound in one message: nobody would hear it begin.
const MAX_STREAM_INTERVAL: u32 = 1000;

impl EngineConfig {
    /// The base URLs of the engines' APIs, at least one.
    pub fn base_urls(&self) -> impl Iterator<Item = &str> {
        self.base_url.split(',').map(|url| url.trim().trim_end_matches('/'))
    }

    pub(crate) fn check(&self, faults: &mut Faults) {
        const URL: &str = "engine.base_url";
        let urls: Vec<&str> = self.base_urls().collect();
        if urls.iter().all(|url| url.starts_with("http://") || url.starts_with("https://")) {
            urls.iter()
                .filter_map(|url| base_url::check(url).err())
                .for_each(|reason| faults.add(URL, reason));
        } else {
            faults.add(URL, "must start with http:// or https://, each URL if there are several");
        }
        let places: Vec<_> = urls.iter().filter_map(|url| base_url::place(url)).collect();
        if places.iter().collect::<HashSet<_>>().len() != places.len() || urls.len() > MAX_ENGINES {
            let fault = format!(
                "must name at most {MAX_ENGINES} engines, each once: none with the host, port and path of another"
            );
            faults.add(URL, fault);
        }
        if self.model.trim().is_empty() {
            faults.add("engine.model", "must be the model's name at the engine");
        }
        if self.api_key.reveal().is_some_and(|key| HeaderValue::from_str(key).is_err()) {
            faults.add("engine.api_key", "must be one line without control characters");
        }
        if self.api_key.reveal().is_some() && urls.iter().any(|url| base_url::has_user(url)) {
            // Both would be the header Authorization, and engines read one of them.
            faults.add(
                "engine.api_key",
                "can't be sent beside the user in engine.base_url; remove one of them",
            );
        }
        for (key, seconds) in [
            ("engine.connect_seconds", self.connect_seconds),
            ("engine.first_token_seconds", self.first_token_seconds),
            ("engine.inactivity_seconds", self.inactivity_seconds),
        ] {
            if seconds.duration().is_zero() {
                faults.add(key, "must be greater than 0");
            }
        }
        faults.within("engine.stream_interval", self.stream_interval, 1..=MAX_STREAM_INTERVAL);
    }
}
