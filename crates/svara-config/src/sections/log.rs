//! `[log]`: logging.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{LogFormat, LogLevel};

/// Logging.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// The least severe level to log: `debug`, `info`, `warning` or `error`.
    pub level: LogLevel,
    /// The format: `auto` (pretty on a terminal, JSON elsewhere), `pretty` or `json`.
    pub format: LogFormat,
    /// A file to which audit lines are appended as JSON, besides the log. Empty: none.
    pub audit_file: PathBuf,
    /// Whether to log the first 1000 characters of each request's text.
    pub texts: bool,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: LogLevel::Info, format: LogFormat::Auto, audit_file: PathBuf::new(), texts: false }
    }
}
