//! The fake's HTTP surface.

use std::{
    fmt::Write,
    sync::{Arc, atomic::Ordering},
};

use axum::{
    Json, Router,
    body::Body,
    extract::{State, rejection::JsonRejection},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    ServeFake,
    request::CompletionRequest,
    state::Shared,
    stream::{self, Plan},
};

/// The fake engine's routes.
pub fn router(settings: ServeFake) -> Router {
    Router::new()
        .route("/v1/completions", post(completions))
        .route("/v1/models", get(models))
        .route("/health", get(async || StatusCode::OK))
        .route("/ping", get(async || StatusCode::OK))
        .route(
            "/version",
            get(async || Json(json!({"version": concat!("svara-bench-", env!("CARGO_PKG_VERSION"))}))),
        )
        .route("/metrics", get(metrics))
        .with_state(Arc::new(Shared::new(settings)))
}

async fn completions(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<CompletionRequest>, JsonRejection>,
) -> Response {
    let request = match body {
        Ok(Json(request)) => request,
        Err(rejection) => return refusal(400, "Bad Request", None, &rejection.body_text()),
    };
    let settings = &shared.settings;
    if let Some(model) = request.model.as_ref().filter(|model| **model != settings.model) {
        let message = format!("The model `{model}` does not exist. Valid aliases: {}.", settings.model);
        return refusal(404, "NotFoundError", Some("model"), &message);
    }
    if let Err((field, message)) = request.check() {
        return refusal(400, "BadRequestError", Some(field), &message);
    }
    let Some(in_flight) = shared.accept() else {
        let message = "The engine is currently busy and cannot accept new requests.";
        return refusal(503, "Service Unavailable", None, message);
    };
    let frames = match settings.frames {
        Some(frames) => u64::from(frames),
        // A cast from f64 stops at the largest u64.
        None => (request.prompt.text_tokens() as f64 * settings.frames_per_token).ceil() as u64,
    };
    let counts = &shared.counts;
    counts.prompt_tokens.fetch_add(request.prompt.tokens() as u64, Ordering::Relaxed);
    let seed = counts.requests.fetch_add(1, Ordering::Relaxed);
    let body = stream::body(Plan::new(request, frames, seed), in_flight);
    ([(CONTENT_TYPE, "text/event-stream; charset=utf-8")], Body::from_stream(body)).into_response()
}

fn refusal(code: u16, kind: &str, param: Option<&str>, message: &str) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let error = json!({"message": message, "type": kind, "param": param, "code": code});
    (status, Json(json!({"error": error}))).into_response()
}

async fn models(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let model = json!({
        "id": shared.settings.model,
        "object": "model",
        "created": shared.renderer.created_unix_s,
        "owned_by": "svara-bench",
        "root": shared.settings.model,
        "max_model_len": 4096,
    });
    Json(json!({"object": "list", "data": [model]}))
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let (counts, model) = (&shared.counts, &shared.settings.model);
    let mut text = String::new();
    let mut last_name = String::new();
    let mut line = |name: &str, kind: &str, label: &str, value: u64| {
        // Writing to a string can't fail.
        if last_name != name {
            let _ = writeln!(text, "# TYPE vllm:{name} {kind}");
            name.clone_into(&mut last_name);
        }
        let _ = writeln!(text, "vllm:{name}{{engine=\"0\",model_name=\"{model}\"{label}}} {value}");
    };
    line("num_requests_running", "gauge", "", counts.running() as u64);
    line("num_requests_waiting", "gauge", "", counts.waiting() as u64);
    line("prompt_tokens_total", "counter", "", counts.prompt_tokens.load(Ordering::Relaxed));
    line("generation_tokens_total", "counter", "", counts.tokens.load(Ordering::Relaxed));
    for (reason, count) in [("stop", &counts.stopped), ("length", &counts.cut), ("abort", &counts.aborted)] {
        let label = format!(",finished_reason=\"{reason}\"");
        line("request_success_total", "counter", &label, count.load(Ordering::Relaxed));
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
