//! What all requests go through, apart from naming, counting and knowing who asks.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderName, HeaderValue, Method, Version,
    header::{CONNECTION, ETAG, RETRY_AFTER},
};
use svara_http::{Lifecycle, Phase};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::error::{ApiError, ErrorDialect};

/// How long browsers may remember what a page may do.
const CORS_MAX_AGE: Duration = Duration::from_secs(600);

/// Lets pages of these origins use the server from a browser; `*`: all pages. None: no page but our own.
///
/// Keys go in headers that a page sets itself. Cookies play no part, so that no page can act for another's visitors.
pub(crate) fn cors(origins: &[String]) -> CorsLayer {
    let origins = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        // The configuration's check lets nothing else through.
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    let exposed =
        ["x-request-id", "x-sample-rate", "x-channels", "x-finish-reason", "x-cache", "server-timing"];
    let exposed = exposed.into_iter().map(HeaderName::from_static).chain([ETAG, RETRY_AFTER]);
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(exposed.collect::<Vec<_>>())
        .max_age(CORS_MAX_AGE)
}

/// Middleware: refuses requests once the server drains. Probes and metrics go on telling how it is.
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
    let dialect = ErrorDialect::of(&request);
    let keeps_connections = request.version() >= Version::HTTP_2;
    let mut response = ApiError::draining().into_response(dialect);
    if !keeps_connections {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
