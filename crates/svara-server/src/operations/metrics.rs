//! `GET /metrics`, and the Python stack's `/debug/timing`.

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use svara_service::metrics;

use crate::{
    error::{ApiError, Refused, Svara},
    state::AppState,
};

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/debug/timing", get(timing))
        .route("/debug/timing/reset", post(reset_timing))
}

/// For Prometheus.
async fn metrics(State(state): State<AppState>) -> Result<Response, Refused<Svara>> {
    let text = state.service.metrics().render().map_err(ApiError::internal)?;
    Ok(([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}

/// Where time went since the start or the last reset, as the Python stack shows it.
async fn timing(State(state): State<AppState>) -> Json<Value> {
    Json(json!({"timing_stats": state.service.metrics().timing(), "note": "All times in milliseconds"}))
}

/// Starts the times over. The metrics go on.
async fn reset_timing(State(state): State<AppState>) -> Json<Value> {
    state.service.metrics().reset_timing();
    Json(json!({"status": "success", "message": "Timing statistics have been reset"}))
}
