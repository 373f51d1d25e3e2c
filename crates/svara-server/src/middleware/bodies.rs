//! Counts the bytes of request bodies against the server's budget.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http_body::Body as _;
use svara_api::{
    budget::{Budget, Metered},
    error::{ApiError, Spelling},
};
use svara_service::Caller;

/// Middleware: a body's bytes count from when they come until the request is answered. Stands behind the guard, as each
/// key has a share.
pub(crate) async fn meter_body(
    State((budget, spelling)): State<(Budget, Spelling)>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let key_name = request.extensions().get().and_then(Caller::key_name);
    let declared = usize::try_from(request.body().size_hint().lower()).unwrap_or(usize::MAX);
    // One that is larger than the whole budget is refused for its size by whoever reads it.
    let taken = match budget.begin(key_name, declared.min(budget.largest_bytes())) {
        Ok(taken) => Arc::new(taken),
        Err(error) => return ApiError::no_room(error).into_response(spelling.of(&request)),
    };
    let metered = |body| Body::new(Metered { body, taken: Arc::clone(&taken) });
    next.run(request.map(metered)).await
}
