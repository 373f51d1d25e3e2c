//! The routes: each dialect in a file of its own.

mod health;
mod kept_voices;
mod metrics;
mod openai;
pub(crate) mod playground;
mod read;
mod reference;
mod svara;
mod voices;

use axum::response::Response;
use http::StatusCode;

pub(crate) use self::{
    health::health,
    kept_voices::{clone_voice, create as create_voice, delete as delete_voice, get_one as voice},
    metrics::{metrics, reset_timing, timing},
    openai::audio_speech,
    svara::text_to_speech,
    voices::voices,
};
use crate::error::{ApiError, ErrorDialect};

/// A path that isn't there.
pub(crate) async fn not_found() -> Response {
    ApiError::not_found("path", "no such route").into_response(ErrorDialect::Svara)
}

/// A route that knows other methods only.
pub(crate) async fn method_not_allowed() -> Response {
    let error = ApiError::bad_request("this route has no such method");
    ApiError { status: StatusCode::METHOD_NOT_ALLOWED, kind: "method_not_allowed", ..error }
        .into_response(ErrorDialect::Svara)
}
