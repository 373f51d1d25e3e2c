//! `[telemetry]`: export of traces.

use serde::{Deserialize, Serialize};

use crate::{Faults, base_url};

/// Export of traces.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// The base URL of a collector that receives traces by OTLP over HTTP. Empty: no export.
    #[serde(serialize_with = "base_url::serialize_masked")]
    pub otlp_endpoint: String,
    /// The name of this service in traces.
    pub service_name: String,
    /// The share of requests that are traced, 0 to 1, unless the caller's `traceparent` decides.
    pub sample_ratio: f64,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { otlp_endpoint: String::new(), service_name: "svara-tts".to_owned(), sample_ratio: 1.0 }
    }
}

impl TelemetryConfig {
    pub(crate) fn check(&self, faults: &mut Faults) {
        let url = self.otlp_endpoint.as_str();
        if !(url.is_empty() || url.starts_with("http://") || url.starts_with("https://")) {
            faults.add("telemetry.otlp_endpoint", "must start with http:// or https://");
        } else if !url.is_empty()
            && let Err(reason) = base_url::check(url)
        {
            faults.add("telemetry.otlp_endpoint", reason);
        }
        faults.within("telemetry.sample_ratio", self.sample_ratio, 0.0..=1.0);
    }
}
