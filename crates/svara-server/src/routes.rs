//! Which file serves which path.

use axum::{Router, extract::Request, response::Response};

use crate::{
    dialects,
    error::{ApiError, dialect_of},
    operations, pages, resources,
    state::AppState,
};

/// All routes. A file of routes has a `router()` of its own and is named by its folder.
pub(crate) fn all() -> Router<AppState> {
    Router::new()
        .merge(pages::router())
        .merge(operations::router())
        .merge(resources::router())
        .merge(dialects::router())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
}

/// A path that no route has.
async fn not_found(request: Request) -> Response {
    ApiError::no_route("path: no such route").into_response(dialect_of(&request))
}

/// A route that knows other methods only.
async fn method_not_allowed(request: Request) -> Response {
    ApiError::method_not_allowed().into_response(dialect_of(&request))
}
