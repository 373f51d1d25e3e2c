//! Errors in the configuration.

/// A configuration that can't be used. The message names the file or variable, and the key.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    /// An error with this message.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
