//! Which path is which route, and what all requests go through.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request},
    middleware::{self, Next},
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use svara_engine::TraceContext;
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    admission::Admission,
    auth::{self, Caller},
    cache::Cache,
    cached,
    config::Config,
    jobs::Jobs,
    layers,
    metrics::{self, Metrics},
    routes,
    start::{CallersVoices, Parts, Stores},
    state::{AppState, RequestId},
    telemetry::trace,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MAX_REQUEST_ID_BYTES: usize = 128;

/// The whole HTTP surface.
pub fn router(parts: Parts, config: &Config) -> Router {
    let Parts { engine, voices: CallersVoices { cloning, kept }, stores, auth, life, connections } = parts;
    let engine = Arc::new(engine);
    let admission = Arc::new(Admission::new(&config.limits, engine.decoder().max_streams()));
    let metrics = Arc::new(Metrics::new(&engine, &admission, connections));
    let auth = Arc::new(auth);
    let Stores { cache, jobs } = stores;
    let cache = config.cache.is_on().then(|| Cache::new(&config.cache, cache, metrics.cache()));
    let state = AppState {
        engine,
        cloning: Arc::new(cloning),
        voices: Arc::new(kept),
        cache: cache.map(Arc::new),
        setup: cached::setup(config),
        jobs: Arc::new(Jobs::new(jobs, &config.jobs, metrics.jobs())),
        metrics: Arc::clone(&metrics),
        caller: auth.nobody_yet(),
        auth: Arc::clone(&auth),
        admission,
        life: life.clone(),
        body_bytes: config.limits.body_bytes,
        log_texts: config.log.texts,
        openai_input_characters: config.limits.openai_input_characters,
    };
    // Whoever handed a job in had a key then.
    state.jobs.run(&AppState { caller: Caller::Anybody, ..state.clone() });
    // The last layer is the outermost.
    routes::all()
        .route_layer(middleware::from_fn_with_state(auth, auth::guard))
        .layer(DefaultBodyLimit::max(config.limits.body_bytes))
        .layer(middleware::from_fn(cached::not_modified))
        .layer(layers::cors(&config.server.cors_origins))
        .layer(middleware::from_fn_with_state(life, layers::refuse_when_draining))
        .layer(middleware::from_fn_with_state(metrics, metrics::observe))
        .layer(middleware::from_fn(identify))
        .with_state(state)
}

/// Gives the request its id, and a span for its log lines.
async fn identify(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let decent = |id: &&str| {
        (1..=MAX_REQUEST_ID_BYTES).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
    };
    let id = given.filter(decent).map_or_else(|| Uuid::new_v4().simple().to_string(), str::to_owned);
    // Of no level that a log can leave out: its fields are what log lines are found by.
    let (method, path) = (request.method(), request.uri().path());
    let span = tracing::error_span!("request", id, %method, path, otel.kind = tracing::field::Empty);
    trace::begin(&span, request.headers());
    let route = request.extensions().get::<MatchedPath>().map_or("no route", MatchedPath::as_str);
    trace::rename(&span, || format!("{method} {route}"));
    trace::text(&span, "http.request.method", method.as_str());
    trace::text(&span, "http.route", route);
    let trace = trace_context(request.headers());
    request.extensions_mut().insert(RequestId(id.clone(), trace));
    let mut response = next.run(request).instrument(span.clone()).await;
    trace::number(&span, "http.response.status_code", response.status().as_u16().into());
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The trace that the caller says the request belongs to.
fn trace_context(headers: &HeaderMap) -> Option<TraceContext> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    TraceContext::parse(text("traceparent")?, text("tracestate"))
}
