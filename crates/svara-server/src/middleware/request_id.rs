//! Gives each request an id, and a span for its log lines and traces.

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use svara_api::door::asker::RequestId;
use svara_engine::TraceContext;
use svara_http::Peer;
use svara_http::Proxies;
use tracing::{Instrument, field::Empty};
use uuid::Uuid;

use crate::telemetry::trace;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MAX_REQUEST_ID_BYTES: usize = 128;
/// The most bytes of a path and of a method in the log: a client may choose them as long as a head may be.
const MAX_PATH_BYTES: usize = 256;
const MAX_METHOD_BYTES: usize = 16;

/// Middleware: sets the [`RequestId`] in the request's extensions and the response's headers.
pub(crate) async fn identify(State(proxies): State<Proxies>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let usable = |id: &&str| {
        (1..=MAX_REQUEST_ID_BYTES).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
    };
    let id = given.filter(usable).map_or_else(|| Uuid::new_v4().simple().to_string(), str::to_owned);
    // At a level that no filter drops: log lines are found by its fields.
    let method = cut(request.method().as_str(), MAX_METHOD_BYTES);
    let path = cut(request.uri().path(), MAX_PATH_BYTES);
    let peer = request.extensions().get().map(|Peer(address)| *address);
    let client = peer.map(|peer| proxies.client(peer, request.headers()));
    let (peer, from) = (peer.map(tracing::field::display), client.map(tracing::field::display));
    let span = tracing::error_span!(
        "request",
        id,
        method,
        path,
        peer,
        client = from,
        ignored_fields = Empty,
        otel.kind = Empty
    );
    trace::begin(&span, request.headers());
    let route = request.extensions().get::<MatchedPath>().map_or("no route", MatchedPath::as_str);
    trace::rename(&span, || format!("{method} {route}"));
    trace::text(&span, "http.request.method", method);
    trace::text(&span, "http.route", route);
    let trace = trace_context(request.headers());
    request.extensions_mut().insert(RequestId { id: id.clone(), trace, client });
    let mut response = next.run(request).instrument(span.clone()).await;
    trace::number(&span, "http.response.status_code", response.status().as_u16().into());
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The beginning of a text, of at most so many bytes.
fn cut(text: &str, max_bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(max_bytes)).unwrap_or_default()
}

/// The trace that the client's headers name.
fn trace_context(headers: &HeaderMap) -> Option<TraceContext> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    TraceContext::parse(text("traceparent")?, text("tracestate"))
}
