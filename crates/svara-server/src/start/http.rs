//! The settings of the HTTP server.

use svara_config::Config;
use svara_http::{Limits, Settings, Tls, TlsError};

/// The settings of the HTTP server.
///
/// # Errors
/// The certificate or its key can't be used.
pub fn http_settings(config: &Config) -> anyhow::Result<Settings> {
    let (server, limits) = (&config.server, &config.limits);
    let limits = Limits {
        connections: limits.connections,
        connections_per_address: limits.connections_per_address,
        probes: &["/health", "/health/live", "/health/ready", "/v1/test"],
        header_bytes: limits.header_bytes,
        header: limits.header_seconds.duration(),
        idle: limits.idle_seconds.duration(),
        body: limits.body_seconds.duration(),
        write_stall: limits.write_stall_seconds.duration(),
        write_bytes_per_s: limits.min_read_bytes_per_second,
    };
    Ok(Settings {
        limits,
        tls: tls(config)?,
        drain_delay: server.drain_delay_seconds.duration(),
        drain: server.drain_seconds.duration(),
    })
}

/// The certificate and its key, if they are configured.
pub(super) fn tls(config: &Config) -> anyhow::Result<Option<Tls>> {
    let Some((certificate, key)) = config.server.tls_files() else { return Ok(None) };
    let loaded = Tls::load(certificate, key).map_err(|error| {
        let keys = match error {
            TlsError::Certificate { .. } | TlsError::NoCertificate(_) => "server.tls_cert",
            TlsError::Key { .. } => "server.tls_key",
            TlsError::Unfit(_) | TlsError::Unavailable(_) => "server.tls_cert, server.tls_key",
        };
        anyhow::Error::new(error).context(keys)
    });
    loaded.map(Some)
}
