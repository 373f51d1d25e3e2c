//! Metrics of HTTP: responses and open connections.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric},
    metrics::{counter::Counter, family::Family, gauge::ConstGauge},
    registry::Registry,
};
use svara_api::error::Refusal;
use svara_http::Connections;
use svara_service::metrics::Metrics;

use crate::telemetry;

/// Labels of an HTTP response. `route` is the pattern of a route, not the requested path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HttpLabels {
    route: String,
    status: u16,
}

/// Metrics of HTTP. Clones share their values.
#[derive(Clone, Debug, Default)]
pub(crate) struct HttpMetrics {
    answers: Family<HttpLabels, Counter>,
}

impl HttpMetrics {
    /// Registers them, and the gauge of open connections, with the service's metrics.
    pub(crate) fn register(&self, registry: &mut Registry, connections: Connections) {
        registry.register("http_answers", "HTTP responses by route and status", self.answers.clone());
        let left_out = "Log lines left out because too many of their kind came";
        registry.register("log_lines_left_out", left_out, telemetry::left_out().clone());
        let lost = "Log lines that could not be written, by output (log, audit) and reason (queue_full, write_failed)";
        registry.register("log_lines_lost", lost, telemetry::lost().clone());
        registry.register_collector(Box::new(ConnectionsCollector(connections)));
    }
}

/// Reads the open connections at each scrape.
#[derive(Debug)]
struct ConnectionsCollector(Connections);

impl Collector for ConnectionsCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let gauge = ConstGauge::new(self.0.open() as f64);
        let help = "Open client connections, including WebSockets.";
        gauge.encode(encoder.encode_descriptor("connections_open", help, None, gauge.metric_type())?)
    }
}

/// Middleware: counts the response by its route and status, and the failure that it reports.
pub(crate) async fn count(
    State((http, metrics)): State<(HttpMetrics, Arc<Metrics>)>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let route = route.unwrap_or_else(|| "none".to_owned());
    http.answers.get_or_create(&HttpLabels { route, status: response.status().as_u16() }).inc();
    if let Some(Refusal { kind, origin }) = response.extensions().get() {
        metrics.refused(kind, origin);
    }
    response
}
