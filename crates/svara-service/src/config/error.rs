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

    /// All that is wrong, a line for each.
    pub fn all(faults: &[String]) -> Self {
        match faults {
            [fault] => Self::new(fault.clone()),
            faults => {
                let (count, lines) = (faults.len(), faults.join("\n  "));
                Self(format!("{count} faults in the configuration:\n  {lines}"))
            }
        }
    }
}
