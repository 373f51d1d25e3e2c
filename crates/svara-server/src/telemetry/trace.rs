//! What traces record beyond the logs. If traces aren't exported, each function only checks a flag.

use http::HeaderMap;
use opentelemetry::{
    Context, KeyValue,
    propagation::TextMapPropagator,
    trace::{Status, TraceContextExt},
};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use svara_engine::TraceContext;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::otlp::enabled;

/// Marks the span as a server's, and joins the trace that the caller's headers name.
pub(crate) fn begin(span: &Span, headers: &HeaderMap) {
    if enabled() {
        let caller = HeaderExtractor(headers);
        let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &caller);
        span.record("otel.kind", "server");
        // Fails only for a span that isn't exported.
        let _ = span.set_parent(context);
    }
}

/// Sets the span's name in traces.
pub(crate) fn rename(span: &Span, name: impl FnOnce() -> String) {
    if enabled() {
        span.context().span().update_name(name());
    }
}

/// Adds an attribute.
pub(crate) fn text(span: &Span, key: &'static str, value: &str) {
    if enabled() {
        span.set_attribute(key, value.to_owned());
    }
}

/// Adds an attribute.
pub(crate) fn number(span: &Span, key: &'static str, value: u64) {
    if enabled() {
        span.set_attribute(key, i64::try_from(value).unwrap_or(i64::MAX));
    }
}

/// Adds an event at the present moment.
pub(crate) fn event(span: &Span, name: &'static str) {
    if enabled() {
        span.add_event(name, Vec::<KeyValue>::new());
    }
}

/// Marks the span as failed.
pub(crate) fn failed(span: &Span, reason: &str) {
    if enabled() {
        span.set_status(Status::error(reason.to_owned()));
    }
}

/// The headers with which others join the span's trace; empty if traces aren't exported.
pub(crate) fn context_of(span: &Span) -> Option<TraceContext> {
    let context = enabled().then(|| span.context())?;
    let mut headers = HeaderMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut HeaderInjector(&mut headers));
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    TraceContext::parse(text("traceparent")?, text("tracestate"))
}
