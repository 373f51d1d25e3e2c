//! `[telemetry]`: export of traces.

use serde::{Deserialize, Serialize};

use crate::config::ConfigError;

/// Export of traces.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// The base URL of a collector that speaks OTLP over HTTP. Empty: nothing is exported.
    pub otlp_endpoint: String,
    /// What traces call this service.
    pub service_name: String,
    /// The share of requests that are traced, 0 to 1, where the caller hasn't decided.
    pub sample_ratio: f64,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { otlp_endpoint: String::new(), service_name: "svara-tts".to_owned(), sample_ratio: 1.0 }
    }
}

impl TelemetryConfig {
    pub(in crate::config) fn check(&self) -> Result<(), ConfigError> {
        let url = self.otlp_endpoint.as_str();
        if !(url.is_empty() || url.starts_with("http://") || url.starts_with("https://")) {
            return Err(ConfigError::new("telemetry.otlp_endpoint must start with http:// or https://"));
        }
        if !(0.0..=1.0).contains(&self.sample_ratio) {
            return Err(ConfigError::new("telemetry.sample_ratio must be from 0 to 1"));
        }
        Ok(())
    }
}
