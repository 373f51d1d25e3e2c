//! `[server]`: the HTTP server.

use std::path::{Path, PathBuf};

use http::HeaderValue;
use serde::{Deserialize, Serialize};
use svara_http::Proxies;
use svara_service::callers::KeyEntry;

use crate::{ConfigError, OpenGroup, Seconds, Secret};

/// The shortest API key. Shorter ones can be guessed, and a fast hash without salt doesn't protect them.
pub const MIN_KEY_BYTES: usize = 20;

/// The HTTP server.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// The address or host name to listen on.
    pub host: String,
    /// The port; 0 selects a free one.
    pub port: u16,
    /// Where clients of the Wyoming protocol are served, as `0.0.0.0:10200`. Empty: nowhere.
    pub wyoming: String,
    /// The certificate, followed by its chain up to the authority's, a PEM file. Empty: no TLS.
    pub tls_cert: PathBuf,
    /// The certificate's private key, a PEM file.
    pub tls_key: PathBuf,
    /// Over TLS: how long browsers that have been here ask this host over HTTPS only. 0: as long as they like.
    pub hsts_seconds: u32,
    /// A file of API keys. Empty: none.
    pub keys_file: PathBuf,
    /// A single API key in plain text, without limits. Empty: none.
    pub api_key: Secret,
    /// Whether to start without keys on an address that others can reach.
    pub allow_open: bool,
    /// What needs no key.
    pub open: Vec<OpenGroup>,
    /// The host names to which a server without keys answers, besides loopback names and addresses; `*`: all.
    pub hosts: Vec<String>,
    /// The addresses, or ranges of addresses, of proxies that name their clients in `X-Forwarded-For` or `Forwarded`.
    pub trusted_proxies: Vec<String>,
    /// The origins whose pages may use the server from a browser; `*`: all.
    pub cors_origins: Vec<String>,
    /// How long the listener refuses requests after a SIGTERM before it closes, so that load balancers notice.
    pub drain_delay_seconds: Seconds,
    /// How long open streams may continue after a SIGTERM before they are aborted.
    pub drain_seconds: Seconds,
    /// API keys.
    pub keys: Vec<KeyEntry>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 8080,
            wyoming: String::new(),
            tls_cert: PathBuf::new(),
            tls_key: PathBuf::new(),
            hsts_seconds: 15_552_000,
            drain_delay_seconds: Seconds::new(0),
            drain_seconds: Seconds::new(30),
            keys_file: PathBuf::new(),
            api_key: Secret::default(),
            allow_open: false,
            open: vec![OpenGroup::Health, OpenGroup::Metrics, OpenGroup::Voices, OpenGroup::Pages],
            hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            keys: Vec::new(),
        }
    }
}

impl ServerConfig {
    /// The files of the certificate and its key; none without TLS.
    pub fn tls_files(&self) -> Option<(&Path, &Path)> {
        (!self.tls_cert.as_os_str().is_empty()).then_some((&self.tls_cert, &self.tls_key))
    }

    /// Whether a key is required.
    pub fn asks_for_keys(&self) -> bool {
        !self.keys.is_empty() || !self.keys_file.as_os_str().is_empty() || self.api_key.reveal().is_some()
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.tls_cert.as_os_str().is_empty() != self.tls_key.as_os_str().is_empty() {
            return Err(ConfigError::new(
                "server.tls_cert and server.tls_key must both be given, or neither",
            ));
        }
        if !self.wyoming.is_empty() {
            let port = self.wyoming.rsplit_once(':').filter(|(host, _)| !host.is_empty());
            if port.and_then(|(_, port)| port.parse::<u16>().ok()).is_none() {
                return Err(ConfigError::new(format!(
                    "server.wyoming: {:?} must be an address with a port, such as \"0.0.0.0:10200\"",
                    self.wyoming
                )));
            }
        }
        if self.api_key.reveal().is_some_and(|key| key.len() < MIN_KEY_BYTES) {
            return Err(ConfigError::new(format!(
                "server.api_key (SVARA_API_KEY) must have at least {MIN_KEY_BYTES} characters, chosen at random"
            )));
        }
        if self.drain_delay_seconds.duration() > self.drain_seconds.duration() {
            return Err(ConfigError::new("server.drain_delay_seconds must be at most server.drain_seconds"));
        }
        if let Err(wrong) = Proxies::parse(&self.trusted_proxies) {
            return Err(ConfigError::new(format!(
                "server.trusted_proxies: {wrong:?} must be an address or a range of them, such as \"10.0.0.0/8\""
            )));
        }
        for host in self.hosts.iter().filter(|host| *host != "*") {
            // A port is none of the name; clients of any port are answered.
            if host.is_empty()
                || !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
            {
                return Err(ConfigError::new(format!(
                    "server.hosts: {host:?} must be \"*\" or a host name without a port, such as \"tts.example.org\""
                )));
            }
        }
        for origin in self.cors_origins.iter().filter(|origin| *origin != "*") {
            // Browsers send origins without a path, not even a slash.
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if host.is_none_or(|host| {
                host.is_empty() || host.contains('/') || HeaderValue::from_str(host).is_err()
            }) {
                return Err(ConfigError::new(format!(
                    "server.cors_origins: {origin:?} must be \"*\" or an origin such as \"https://example.org\""
                )));
            }
        }
        Ok(())
    }
}
