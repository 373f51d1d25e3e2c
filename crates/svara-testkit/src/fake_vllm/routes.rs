//! The routes of the fake.

use std::{
    fmt::Write,
    sync::{Arc, atomic::Ordering},
};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    pace::Schedule,
    plan::{Generation, Plan},
    request::CompletionRequest,
    script::End,
    settings::Length,
    state::Shared,
    stream,
};

/// All routes.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/completions", post(completions))
        .route("/v1/models", get(models))
        .route("/health", get(async || StatusCode::OK))
        .route("/ping", get(async || StatusCode::OK))
        .route(
            "/version",
            get(async || Json(json!({"version": concat!("svara-testkit-", env!("CARGO_PKG_VERSION"))}))),
        )
        .route("/metrics", get(metrics))
        .route("/stats", get(async |State(shared): State<Arc<Shared>>| Json(shared.asked().stats())))
        .with_state(shared)
}

async fn completions(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let plan = plan(&shared, shared.requests() + 1, &headers, &body);
    // Only now: a test that waits for the request may set another script.
    shared.note(&headers, &body);
    let plan = match plan {
        Ok(plan) => plan,
        Err(refusal) => return *refusal,
    };
    let Some(in_flight) = shared.accept() else {
        let message = "The engine is currently busy and cannot accept new requests.";
        return refusal(503, "Service Unavailable", None, message);
    };
    let body = stream::body(plan, in_flight);
    ([(CONTENT_TYPE, "text/event-stream; charset=utf-8")], Body::from_stream(body)).into_response()
}

/// What a request gets: what the script says, or what it asks for. Its number draws the jitter.
fn plan(shared: &Shared, number: u64, headers: &HeaderMap, body: &[u8]) -> Result<Plan, Box<Response>> {
    let bad_request = |message: &str| Box::new(refusal(400, "Bad Request", None, message));
    if headers.get(CONTENT_TYPE).is_none_or(|kind| kind != "application/json") {
        return Err(bad_request("Unsupported Media Type: Only 'application/json' is allowed"));
    }
    let Json(request) =
        Json::<CompletionRequest>::from_bytes(body).map_err(|error| bad_request(&error.body_text()))?;
    if let Some(script) = shared.take_script(request.seed) {
        return match script.end {
            End::Refuse(status, body) => {
                let status = StatusCode::from_u16(status).unwrap_or_default();
                Err(Box::new((status, [(CONTENT_TYPE, "application/json")], body).into_response()))
            }
            _ => Ok(script.plan(&shared.renderer)),
        };
    }
    let settings = &shared.settings;
    if let Some(model) = request.model.as_ref().filter(|model| **model != settings.model) {
        let message = format!("The model `{model}` does not exist. Valid aliases: {}.", settings.model);
        return Err(Box::new(refusal(404, "NotFoundError", Some("model"), &message)));
    }
    request
        .check()
        .map_err(|(field, message)| Box::new(refusal(400, "BadRequestError", Some(field), &message)))?;
    let frames = match settings.length {
        Length::Frames(frames) => u64::from(frames),
        // A cast from f64 stops at the largest u64.
        Length::PerTextToken(frames) => (request.prompt.text_tokens() as f64 * frames).ceil() as u64,
    };
    shared.counts.prompt_tokens.fetch_add(request.prompt.tokens() as u64, Ordering::Relaxed);
    let generation = Generation::new(request, frames, settings.form);
    let full = shared.events(generation.kind);
    Ok(generation.plan(Arc::clone(&shared.renderer), full, Schedule::new(settings.pace, number)))
}

fn refusal(code: u16, kind: &str, param: Option<&str>, message: &str) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let error = json!({"message": message, "type": kind, "param": param, "code": code});
    (status, Json(json!({"error": error}))).into_response()
}

/// Its own model, and the server's default one where a script answers whatever is asked for.
async fn models(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let model = |id: &str| {
        json!({
            "id": id,
            "object": "model",
            "created": shared.renderer.created_unix_s,
            "owned_by": "svara-testkit",
            "root": id,
            "max_model_len": 4096,
        })
    };
    let any = shared.takes_any_model().then(|| model("kenpath/svara-tts-v1"));
    let models: Vec<Value> = [model(&shared.settings.model)].into_iter().chain(any).collect();
    Json(json!({"object": "list", "data": models}))
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
    line("num_requests_waiting", "gauge", "", shared.waiting() as u64);
    line("prompt_tokens_total", "counter", "", counts.prompt_tokens.load(Ordering::Relaxed));
    line("generation_tokens_total", "counter", "", counts.tokens.load(Ordering::Relaxed));
    for (reason, count) in [("stop", &counts.stopped), ("length", &counts.cut), ("abort", &counts.aborted)] {
        let label = format!(",finished_reason=\"{reason}\"");
        line("request_success_total", "counter", &label, count.load(Ordering::Relaxed));
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
