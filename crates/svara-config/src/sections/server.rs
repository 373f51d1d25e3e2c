//! `[server]`: the HTTP server.

use std::path::{Path, PathBuf};

use http::HeaderValue;
use serde::{Deserialize, Serialize};
use svara_http::Proxies;
use svara_service::callers::KeyEntry;

use crate::{
    Faults, OpenGroup, Seconds, Secret,
    address::{check_host, check_with_port},
};

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

    pub(crate) fn check(&self, faults: &mut Faults) {
        if self.tls_cert.as_os_str().is_empty() != self.tls_key.as_os_str().is_empty() {
            faults.add_pair(
                "server.tls_cert",
                "server.tls_key",
                "and server.tls_key must both be given, or neither",
            );
        }
        if let Err(reason) = check_host(&self.host) {
            faults.add("server.host", reason);
        }
        if !self.wyoming.is_empty() {
            let port = self.wyoming.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
            if let Err(reason) = check_with_port(&self.wyoming) {
                faults.add("server.wyoming", reason);
            } else if self.port != 0 && port == Some(self.port) && self.has_host_of_wyoming() {
                let reason = format!("must have another port than server.port, which is {}", self.port);
                faults.add_pair("server.wyoming", "server.port", reason);
            }
        }
        if self.api_key.reveal().is_some_and(|key| key.len() < MIN_KEY_BYTES) {
            let reason =
                format!("(SVARA_API_KEY) must have at least {MIN_KEY_BYTES} characters, chosen at random");
            faults.add("server.api_key", reason);
        }
        faults.at_most(
            ("server.drain_delay_seconds", f64::from(self.drain_delay_seconds)),
            ("server.drain_seconds", f64::from(self.drain_seconds)),
        );
        if let Err(wrong) = Proxies::parse(&self.trusted_proxies) {
            let reason = format!("{wrong:?} must be an address or a range of them, such as \"10.0.0.0/8\"");
            faults.add("server.trusted_proxies", reason);
        }
        for host in self.hosts.iter().filter(|host| *host != "*") {
            // A port is none of the name; clients of any port are answered.
            if host.is_empty()
                || !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
            {
                let reason = format!(
                    "{host:?} must be \"*\" or a host name without a port, such as \"tts.example.org\""
                );
                faults.add("server.hosts", reason);
            }
        }
        for origin in self.cors_origins.iter().filter(|origin| *origin != "*") {
            // Browsers send origins without a path, not even a slash.
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if host.is_none_or(|host| {
                host.is_empty() || host.contains('/') || HeaderValue::from_str(host).is_err()
            }) {
                let reason = format!("{origin:?} must be \"*\" or an origin such as \"https://example.org\"");
                faults.add("server.cors_origins", reason);
            }
        }
    }

    /// Whether the Wyoming protocol is served at the same address.
    fn has_host_of_wyoming(&self) -> bool {
        let host = self.wyoming.rsplit_once(':').map_or("", |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == self.host || [host, &self.host].iter().any(|host| matches!(*host, "0.0.0.0" | "::"))
    }
}
