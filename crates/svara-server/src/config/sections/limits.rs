//! `[limits]`: what a request may ask for.

use serde::{Deserialize, Serialize};

use crate::config::ConfigError;

/// What a request may ask for.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Longest text, in characters.
    pub text_characters: usize,
    /// Largest request body.
    pub body_bytes: usize,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { text_characters: 5000, body_bytes: 20 * 1024 * 1024 }
    }
}

impl LimitsConfig {
    pub(in crate::config) fn check(&self) -> Result<(), ConfigError> {
        if self.text_characters == 0 || self.body_bytes == 0 {
            return Err(ConfigError::new("limits.text_characters and limits.body_bytes must be at least 1"));
        }
        Ok(())
    }
}
