//! Paths that no route has.

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::LOCATION};
use svara_api::error::{ApiError, Spelling, is_openais};

/// Answers a request for a path without a route: says what was probably meant, or leads there if only a slash at the end is
/// too much. `spelling` knows all routes.
pub(crate) fn unknown_path(spelling: &Spelling, request: &Request) -> Response {
    let path = request.uri().path();
    let Some(meant) = spelling.meant(path) else {
        if is_openais(path) {
            // Its clients show nothing but the message.
            let reason = "path: this server only speaks, with POST /v1/audio/speech; GET /openapi.json lists all routes";
            return ApiError::no_route(reason).into_response(spelling.of(request));
        }
        return ApiError::no_route("path: no such route; GET /openapi.json lists all")
            .into_response(spelling.of(request));
    };
    if let Some(place) = meant.without_slash(path) {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(place) = HeaderValue::try_from(format!("{place}{query}")) {
            // 308 keeps the method and the body.
            return (StatusCode::PERMANENT_REDIRECT, [(LOCATION, place)], Body::empty()).into_response();
        }
    }
    ApiError::no_route(meant.message(path)).into_response(meant.spelling.of(request))
}
