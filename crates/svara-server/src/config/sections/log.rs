//! `[log]`: logging.

use serde::{Deserialize, Serialize};

use crate::config::{LogFormat, LogLevel};

/// Logging.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// `debug`, `info`, `warning` or `error`.
    pub level: LogLevel,
    /// `auto` (pretty on a terminal, JSON elsewhere), `pretty` or `json`.
    pub format: LogFormat,
    /// Whether what callers have said stands in the log.
    pub texts: bool,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: LogLevel::Info, format: LogFormat::Auto, texts: false }
    }
}
