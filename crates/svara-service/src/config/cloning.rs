//! `[cloning]`: speech in the voice of a recording.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{ConfigError, Seconds};

/// Speech in the voice of a recording.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct CloningConfig {
    /// The SNAC encoder, an ONNX file. If it is missing, recordings are refused.
    pub encoder: PathBuf,
    /// The largest recording, in bytes of its file.
    pub max_bytes: usize,
    /// The longest recording.
    pub max_seconds: Seconds,
}

impl Default for CloningConfig {
    fn default() -> Self {
        Self {
            encoder: "models/snac/encoder.onnx".into(),
            max_bytes: 10_000_000,
            max_seconds: Seconds::new(30),
        }
    }
}

impl CloningConfig {
    /// Checks the ranges of values.
    ///
    /// # Errors
    /// Names the key and what is allowed.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.max_bytes == 0 || self.max_seconds.duration() < svara_audio::MIN_REFERENCE {
            return Err(ConfigError::new(
                "cloning.max_bytes must be at least 1, cloning.max_seconds at least 1.0",
            ));
        }
        Ok(())
    }
}
