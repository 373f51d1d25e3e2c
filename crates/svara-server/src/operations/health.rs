//! `GET /health` and the probes of orchestrators and of clients that look for a server.

use axum::{Extension, Json, extract::State};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use svara_api::{
    door::{asker::RequestId, key_of},
    state::AppState,
};
use svara_config::base_url;
use svara_engine::{
    SpeakError,
    source::{SourceError, pool::EngineStatus},
};
use svara_http::Phase;
use svara_service::{Load, Running, ServiceError};
use utoipa::openapi::{Object, schema::Type};

/// The state of the server, its engine and its decoder. `status`, `model` and `vllm_url` are the Python stack's.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Health {
    #[schema(schema_with = healthy)]
    status: &'static str,
    model: String,
    /// Null for clients without a key, if the server requires one.
    #[schema(required)]
    vllm_url: Option<String>,
    /// The kind of engine: `vllm`, `sglang`, `llama.cpp`, `tensorrt-llm`, `openai` or `demo`.
    engine: &'static str,
    /// Where the decoder runs.
    device: String,
    /// What runs the decoder: `native`, `onnx` or `null`.
    decoder: String,
    /// How many voices there are.
    voices: usize,
    /// Decode streams that are open now.
    open_streams: usize,
    #[schema(inline)]
    capacity: Capacity,
    /// The state of each engine, if there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(inline)]
    engines: Vec<EngineHealth>,
    /// Something that users must know.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
    /// Why the status isn't healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

fn healthy() -> Object {
    Object::builder().schema_type(Type::String).enum_values(Some(["healthy", "unhealthy"])).build()
}

/// How full the server is.
#[derive(Serialize, utoipa::ToSchema)]
struct Capacity {
    /// Streams that may be heard at once.
    streams: usize,
    /// Streams that are heard now.
    live: usize,
    /// Answers that are delivered at their end.
    whole: usize,
    /// Parts of jobs.
    jobs: usize,
    /// Requests that wait for a stream.
    waiting: usize,
    /// The part of the streams in use, from 0 to 1.
    used: f64,
}

impl From<Load> for Capacity {
    fn from(load: Load) -> Self {
        let Running { live, whole, jobs } = load.running;
        Self { streams: load.streams, live, whole, jobs, waiting: load.waiting, used: load.used() }
    }
}

/// The answer of a probe.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Status {
    status: &'static str,
    /// Why the server isn't ready, or what it is full of.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Status {
    fn of(status: &'static str) -> Json<Self> {
        Json(Self { status, reason: None })
    }
}

/// The state of an engine.
#[derive(Serialize, utoipa::ToSchema)]
struct EngineHealth {
    /// Host and port, or its number for clients without a key, if the server requires one.
    name: String,
    /// `serving`, `ejected` or `returning`.
    state: &'static str,
    in_flight: usize,
    /// Its last failure, unless a request succeeded since.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<String>,
}

impl EngineHealth {
    /// The status of the engine with this number. What shows addresses is for the `trusted`.
    fn new(number: usize, engine: EngineStatus, trusted: bool) -> Self {
        let EngineStatus { name, state, in_flight, last_failure, .. } = engine;
        if trusted {
            return Self { name, state, in_flight, last_failure };
        }
        let last_failure = last_failure.map(|_| "it failed; the log says why".to_owned());
        Self { name: number.to_string(), state, in_flight, last_failure }
    }
}

/// Whether a client has a valid key, or needs none anywhere. Charges nothing: monitors ask often.
fn is_trusted(state: &AppState, request: &RequestId, headers: &HeaderMap) -> bool {
    state.door.recognize(request.client, key_of(headers, None).as_deref()).is_ok()
}

/// Whether a request would be spoken now
#[utoipa::path(
    get,
    path = "/health",
    responses(
        (status = 200, description = "The server is healthy.", body = Health),
        (status = 503, description = "The server is unhealthy; the body says why.", body = Health),
    )
)]
pub(super) async fn health(
    State(state): State<AppState>,
    Extension(request): Extension<RequestId>,
    headers: HeaderMap,
) -> (StatusCode, Json<Health>) {
    let trusted = is_trusted(&state, &request, &headers);
    let engine = state.service.engine();
    let about = engine.source().about();
    let reason = why_not_ready(&state).await;
    let engines = engine.source().engines();
    let (code, status) = match reason {
        None => (StatusCode::OK, "healthy"),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "unhealthy"),
    };
    let health = Health {
        status,
        model: about.model,
        vllm_url: about.url.as_deref().filter(|_| trusted).map(base_url::masked),
        engine: about.kind,
        device: engine.decoder().info().device.to_string(),
        decoder: engine.decoder().backend().map_or_else(|| "null".to_owned(), |backend| backend.to_string()),
        voices: engine.voices().count(),
        open_streams: engine.decoder().open_streams(),
        capacity: state.service.load().into(),
        engines: if engines.len() > 1 {
            let numbered = (1..).zip(engines);
            numbered.map(|(number, engine)| EngineHealth::new(number, engine, trusted)).collect()
        } else {
            Vec::new()
        },
        notice: notice(about.notice, engine.decoder().notice()),
        reason,
    };
    (code, Json(health))
}

/// Whether the process runs
///
/// It says so until it ends, since killing it would only break streams off; but for a decoder that is broken for good.
#[utoipa::path(
    get,
    path = "/health/live",
    responses(
        (status = 200, description = "The process runs.", body = Status),
        (status = 503, description = "Only a restart helps; the body says why.", body = Status),
    )
)]
pub(super) async fn live(State(state): State<AppState>) -> (StatusCode, Json<Status>) {
    match why_dead(&state) {
        None => (StatusCode::OK, Status::of("alive")),
        Some(reason) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(Status { status: "dead", reason: Some(reason) }))
        }
    }
}

/// Whether to send requests here
///
/// The status is `ready`, `full` or `not ready`. A full server answers 200 while requests may still wait for a stream, and
/// 503 once a further one would be refused.
#[utoipa::path(
    get,
    path = "/health/ready",
    responses(
        (status = 200, description = "The server is ready.", body = Status),
        (status = 503, description = "The server isn't ready; the body says why.", body = Status),
    )
)]
pub(super) async fn ready(State(state): State<AppState>) -> (StatusCode, Json<Status>) {
    if let Some(reason) = why_not_ready(&state).await {
        let status = Status { status: "not ready", reason: Some(reason) };
        return (StatusCode::SERVICE_UNAVAILABLE, Json(status));
    }
    let load = state.service.load();
    let (code, reason) = match load {
        Load { full: false, .. } => return (StatusCode::OK, Status::of("ready")),
        Load { refuses: false, streams, .. } => {
            (StatusCode::OK, format!("{streams} streams are in use, and requests wait for one"))
        }
        Load { streams, waiting, .. } => {
            let reason = format!("{streams} streams are in use, and {waiting} requests wait for one already");
            (StatusCode::SERVICE_UNAVAILABLE, reason)
        }
    };
    (code, Json(Status { status: "full", reason: Some(reason) }))
}

/// Whether a server answers here
#[utoipa::path(
    get,
    path = "/v1/test",
    responses((status = 200, description = "A server answers.", body = Status))
)]
pub(super) async fn test() -> Json<Status> {
    Status::of("ok")
}

fn why_dead(state: &AppState) -> Option<String> {
    let broken = state.service.engine().decoder().is_broken();
    broken.then(|| "the decoder is broken: its calls fail one after the other; the log says why".to_owned())
}

async fn why_not_ready(state: &AppState) -> Option<String> {
    if state.life.phase() > Phase::Serving {
        return Some("the server is stopping".to_owned());
    }
    if let Some(reason) = why_dead(state) {
        return Some(reason);
    }
    let error = state.service.engine().source().health().await.err()?;
    Some(match error {
        // They name models and faults, and no host.
        SourceError::NoModel { .. } | SourceError::ModelList { .. } => error.to_string(),
        error => {
            tracing::debug!(reason = %error, "not ready");
            ServiceError::from(SpeakError::from(error)).message
        }
    })
}

/// What there is to say of the engine and of the decoder.
fn notice(engine: Option<&str>, decoder: Option<&str>) -> Option<String> {
    let notices: Vec<&str> = engine.into_iter().chain(decoder).collect();
    (!notices.is_empty()).then(|| notices.join("; "))
}
