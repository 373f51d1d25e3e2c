//! Refusals of handlers, in the dialect of their requests.

use axum::response::Response;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use svara_service::Dialect;

use super::failure::ApiError;

/// What a handler refused, and in whose dialect: its route's, whatever the request shows of its client.
#[derive(Clone, Debug)]
pub(super) struct ByRoute {
    pub(super) error: ApiError,
    pub(super) dialect: Dialect,
}

/// The response with a handler's refusal in this dialect. What else its head says stays.
pub fn respelled(mut response: Response, dialect: Dialect) -> Response {
    let refused = response.extensions_mut().remove::<ByRoute>();
    let Some(ByRoute { error, .. }) = refused.filter(|refused| refused.dialect != dialect) else {
        return response;
    };
    let mut other = error.written(dialect);
    for (name, value) in response.headers() {
        let of_body = [CONTENT_TYPE, CONTENT_LENGTH].contains(name);
        if !of_body && !other.headers().contains_key(name) {
            other.headers_mut().append(name, value.clone());
        }
    }
    other
}
