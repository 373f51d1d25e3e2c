//! `GET /metrics`, and the Python stack's `/debug/timing`.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::header::CONTENT_TYPE;
use serde::Serialize;
use svara_api::{
    error::{ApiError, Refused, Svara},
    reading::schemas,
    state::AppState,
};
use svara_service::metrics::{self, StepTimes};
use utoipa::openapi::{Object, schema::Type};

/// Times of the steps of requests, as the Python stack shows them.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Timing {
    #[schema(value_type = Object)]
    timing_stats: BTreeMap<&'static str, StepTimes>,
    note: &'static str,
}

/// The answer to a reset.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Reset {
    #[schema(schema_with = success)]
    status: &'static str,
    message: &'static str,
}

fn success() -> Object {
    schemas::constant(Type::String, "success")
}

/// Metrics
#[utoipa::path(
    get,
    path = "/metrics",
    responses((
        status = 200,
        description = "In Prometheus' text format.",
        body = String,
        content_type = metrics::CONTENT_TYPE,
    ))
)]
pub(super) async fn metrics(State(state): State<AppState>) -> Result<Response, Refused<Svara>> {
    let text = state.service.metrics().render().map_err(ApiError::internal)?;
    Ok(([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}

/// Times of the steps of requests, since the start or the last reset
#[utoipa::path(
    get,
    path = "/debug/timing",
    responses((status = 200, description = "The times of each step.", body = Timing))
)]
pub(super) async fn timing(State(state): State<AppState>) -> Json<Timing> {
    Json(Timing { timing_stats: state.service.metrics().timing(), note: "All times in milliseconds" })
}

/// Reset the times of the steps
///
/// The metrics aren't reset.
#[utoipa::path(
    post,
    path = "/debug/timing/reset",
    responses((status = 200, description = "The times start over.", body = Reset))
)]
pub(super) async fn reset_timing(State(state): State<AppState>) -> Json<Reset> {
    state.service.metrics().reset_timing();
    Json(Reset { status: "success", message: "Timing statistics have been reset" })
}
