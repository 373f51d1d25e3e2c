//! Refuses requests while the server drains.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, Version, header::CONNECTION};
use svara_http::{Lifecycle, Phase};

use crate::error::{ApiError, dialect_of};

/// Middleware: refuses requests once the server drains, except for probes and metrics.
pub(crate) async fn refuse_when_draining(
    State(life): State<Lifecycle>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let watches =
        path == "/health" || path.starts_with("/health/") || path == "/v1/readyz" || path == "/metrics";
    if life.phase() == Phase::Serving || watches {
        return next.run(request).await;
    }
    let dialect = dialect_of(&request);
    let keeps_connections = request.version() >= Version::HTTP_2;
    let mut response = ApiError::draining().into_response(dialect);
    if !keeps_connections {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
