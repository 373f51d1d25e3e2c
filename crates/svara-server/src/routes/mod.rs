//! The routes: each dialect in a file of its own.

mod docs;
mod elevenlabs;
mod health;
mod jobs;
mod kept_voices;
mod metrics;
mod models;
mod openai;
mod playground;
mod read;
mod reference;
mod svara;
mod timed;
mod vapi;
mod voices;

use axum::{Router, extract::Request, response::Response};
use http::StatusCode;

pub(crate) use self::elevenlabs::OUTPUT_FORMATS;
#[cfg(test)]
pub(crate) use self::{
    elevenlabs::{Fields as ElevenLabsFields, VoiceSettings as ElevenLabsSettings},
    kept_voices::Fields as VoiceFields,
    openai::Fields as OpenAiFields,
    svara::Fields as SvaraFields,
};
use crate::{
    error::{ApiError, ErrorDialect},
    state::AppState,
};

/// All routes. A file of routes has a `router()` of its own and is named here.
pub(crate) fn all() -> Router<AppState> {
    Router::new()
        .merge(playground::router())
        .merge(docs::router())
        .merge(health::router())
        .merge(metrics::router())
        .merge(voices::router())
        .merge(kept_voices::router())
        .merge(jobs::router())
        .merge(svara::router())
        .merge(openai::router())
        .merge(elevenlabs::router())
        .merge(models::router())
        .merge(vapi::router())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
}

/// A path that isn't there.
pub(crate) async fn not_found(request: Request) -> Response {
    ApiError::not_found("path", "no such route").into_response(ErrorDialect::of(&request))
}

/// A route that knows other methods only.
pub(crate) async fn method_not_allowed(request: Request) -> Response {
    let error = ApiError::bad_request("this route has no such method");
    ApiError { status: StatusCode::METHOD_NOT_ALLOWED, kind: "method_not_allowed", ..error }
        .into_response(ErrorDialect::of(&request))
}
