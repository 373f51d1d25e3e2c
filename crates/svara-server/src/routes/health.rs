//! `GET /health` and the probes of orchestrators and of clients that look for a server.

use axum::{Json, Router, extract::State, routing::get};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use svara_engine::source::pool::EngineStatus;
use svara_http::Phase;

use crate::{config::base_url, state::AppState};

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/health", get(health))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        // What clients of other servers probe.
        .route("/v1/readyz", get(ready))
        .route("/v1/test", get(test))
}

/// Whether a request would be spoken now. `status`, `model` and `vllm_url` are the Python stack's.
#[derive(Serialize)]
struct Health {
    status: &'static str,
    model: String,
    vllm_url: Option<String>,
    /// `vllm` or `demo`.
    engine: &'static str,
    /// Where the decoder runs.
    device: String,
    /// How many voices there are.
    voices: usize,
    /// Decode streams that are open now.
    open_streams: usize,
    /// How each engine stands, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    engines: Vec<EngineHealth>,
    /// Something that users must know.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
    /// Why not, where the status isn't healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// How an engine stands.
#[derive(Serialize)]
struct EngineHealth {
    /// Host and port.
    name: String,
    /// `serving`, `ejected` or `returning`.
    state: &'static str,
    in_flight: usize,
    /// What it failed with last, where nothing has gone well since.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<String>,
}

impl From<EngineStatus> for EngineHealth {
    fn from(engine: EngineStatus) -> Self {
        let EngineStatus { name, state, in_flight, last_failure } = engine;
        Self { name, state, in_flight, last_failure }
    }
}

async fn health(State(state): State<AppState>) -> (StatusCode, Json<Health>) {
    let engine = &state.engine;
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
        vllm_url: about.url.as_deref().map(base_url::masked),
        engine: about.kind,
        device: engine.decoder().info().device.to_string(),
        voices: engine.voices().count(),
        open_streams: engine.decoder().open_streams(),
        engines: if engines.len() > 1 {
            engines.into_iter().map(EngineHealth::from).collect()
        } else {
            Vec::new()
        },
        notice: notice(about.notice, engine.decoder().notice()),
        reason,
    };
    (code, Json(health))
}

/// The process runs. It says so to its very end: killing it would only break streams off.
async fn live() -> Json<Value> {
    Json(json!({"status": "alive"}))
}

/// Whether to send requests here.
async fn ready(State(state): State<AppState>) -> (StatusCode, Json<Value>) {
    match why_not_ready(&state).await {
        None => (StatusCode::OK, Json(json!({"status": "ready"}))),
        Some(reason) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "not ready", "reason": reason})))
        }
    }
}

async fn test() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

async fn why_not_ready(state: &AppState) -> Option<String> {
    if state.life.phase() > Phase::Serving {
        return Some("the server is stopping".to_owned());
    }
    state.engine.source().health().await.err().map(|error| error.to_string())
}

/// What there is to say of the engine and of the decoder.
fn notice(engine: Option<&str>, decoder: Option<&str>) -> Option<String> {
    let notices: Vec<&str> = engine.into_iter().chain(decoder).collect();
    (!notices.is_empty()).then(|| notices.join("; "))
}
