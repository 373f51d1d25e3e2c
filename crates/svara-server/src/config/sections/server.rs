//! `[server]`: the HTTP server.

use serde::{Deserialize, Serialize};

use crate::config::Seconds;

/// The HTTP server.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// The address or host name to listen on.
    pub host: String,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// How long open streams may go on after a SIGTERM before they are broken off.
    pub drain_seconds: Seconds,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self { host: "127.0.0.1".to_owned(), port: 8080, drain_seconds: Seconds::new(30) }
    }
}
