//! Refuses methods that a route doesn't have.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::StatusCode;

use crate::error::{ApiError, Spelling};

/// Middleware: gives the router's 405 a body. A fallback for it can't be set: a path may have methods in two groups, and
/// routers with a fallback each can't be merged. The router adds `Allow`.
pub(crate) async fn method_not_allowed(
    State(spelling): State<Spelling>,
    request: Request,
    next: Next,
) -> Response {
    let dialect = spelling.of(&request);
    let response = next.run(request).await;
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    ApiError::method_not_allowed().into_response(dialect)
}
