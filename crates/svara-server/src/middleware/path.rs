//! Refuses paths that are no text.

use axum::{
    extract::{RawPathParams, Request, State, rejection::RawPathParamsRejection},
    middleware::Next,
    response::Response,
};
use svara_api::error::{ApiError, Spelling};

/// Middleware: what stands in a path for a name must be UTF-8. The extractors of handlers would say so in plain text.
pub(crate) async fn check_path(
    State(spelling): State<Spelling>,
    parameters: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    match parameters {
        Err(RawPathParamsRejection::InvalidUtf8InPathParam(_)) => {
            let error = ApiError::bad_request("path: names must be UTF-8, percent-encoded");
            ApiError { field: Some("path"), ..error }.into_response(spelling.of(&request))
        }
        Ok(_) | Err(_) => next.run(request).await,
    }
}
