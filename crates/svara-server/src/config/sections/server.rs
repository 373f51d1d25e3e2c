//! `[server]`: the HTTP server.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::{ConfigError, Seconds};

/// The HTTP server.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// The address or host name to listen on.
    pub host: String,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// The certificate, with those up to the authority's, as PEM. Empty: no TLS.
    pub tls_cert: PathBuf,
    /// Its key, as PEM.
    pub tls_key: PathBuf,
    /// How long the listener stays after a SIGTERM, so that load balancers see that the server isn't ready any more.
    pub drain_delay_seconds: Seconds,
    /// How long open streams may go on after a SIGTERM before they are broken off.
    pub drain_seconds: Seconds,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 8080,
            tls_cert: PathBuf::new(),
            tls_key: PathBuf::new(),
            drain_delay_seconds: Seconds::new(0),
            drain_seconds: Seconds::new(30),
        }
    }
}

impl ServerConfig {
    /// The certificate's file and its key's, if there is to be TLS.
    pub fn tls_files(&self) -> Option<(&Path, &Path)> {
        (!self.tls_cert.as_os_str().is_empty()).then_some((&self.tls_cert, &self.tls_key))
    }

    pub(in crate::config) fn check(&self) -> Result<(), ConfigError> {
        if self.tls_cert.as_os_str().is_empty() != self.tls_key.as_os_str().is_empty() {
            return Err(ConfigError::new(
                "server.tls_cert and server.tls_key must both be given, or neither",
            ));
        }
        if self.drain_delay_seconds.duration() > self.drain_seconds.duration() {
            return Err(ConfigError::new(
                "server.drain_delay_seconds may not be more than server.drain_seconds",
            ));
        }
        Ok(())
    }
}
