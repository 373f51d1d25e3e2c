//! `GET /health`.

use axum::{Json, extract::State};
use http::StatusCode;
use serde::Serialize;

use crate::state::AppState;

/// Whether a request would be spoken now. `status`, `model` and `vllm_url` are the Python stack's.
#[derive(Serialize)]
pub(crate) struct Health {
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
    /// Something that users must know.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
    /// Why not, where the status isn't healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(crate) async fn health(State(state): State<AppState>) -> (StatusCode, Json<Health>) {
    let engine = &state.engine;
    let about = engine.source().about();
    let reason = engine.source().health().await.err().map(|error| error.to_string());
    let (code, status) = match reason {
        None => (StatusCode::OK, "healthy"),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "unhealthy"),
    };
    let health = Health {
        status,
        model: about.model,
        vllm_url: about.url,
        engine: about.kind,
        device: engine.decoder().info().device.to_string(),
        voices: engine.voices().count(),
        open_streams: engine.decoder().open_streams(),
        notice: notice(about.notice, engine.decoder().notice()),
        reason,
    };
    (code, Json(health))
}

/// What there is to say of the engine and of the decoder.
fn notice(engine: Option<&str>, decoder: Option<&str>) -> Option<String> {
    let notices: Vec<&str> = engine.into_iter().chain(decoder).collect();
    (!notices.is_empty()).then(|| notices.join("; "))
}
