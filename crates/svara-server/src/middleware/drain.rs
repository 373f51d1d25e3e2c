//! Refuses requests while the server drains.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, Version, header::CONNECTION};
use svara_api::error::{ApiError, Spelling};
use svara_http::{Lifecycle, Phase};

/// Middleware: refuses requests once the server drains. Groups that are still answered then don't pass it.
pub(crate) async fn refuse_when_draining(
    State((life, spelling)): State<(Lifecycle, Spelling)>,
    request: Request,
    next: Next,
) -> Response {
    if life.phase() == Phase::Serving {
        return next.run(request).await;
    }
    let keeps_connections = request.version() >= Version::HTTP_2;
    let mut response = ApiError::draining().into_response(spelling.of(&request));
    if !keeps_connections {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
