//! Which pages may use the server from a browser.

use std::time::Duration;

use http::{
    HeaderName, HeaderValue, Method,
    header::{ETAG, RETRY_AFTER},
};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

/// How long browsers may cache the answer to a preflight.
const CORS_MAX_AGE: Duration = Duration::from_secs(600);

/// What pages may read of an answer's head, besides what every page may.
const EXPOSED: [&str; 15] = [
    "x-request-id",
    "x-sample-rate",
    "x-channels",
    "x-finish-reason",
    "x-cache",
    "x-ignored-fields",
    "x-svara-dictionary",
    "x-inactivity-timeout",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-streams",
    "x-ratelimit-remaining-characters",
    "server-timing",
    "accept-ranges",
    "content-range",
    "retry-after-ms",
];

/// Lets pages of these origins use the server; `*`: all pages; empty: our own pages only.
///
/// A page sets its key in a header itself. There are no cookies, so no page can act for the visitors of another.
pub(crate) fn cors(origins: &[String]) -> CorsLayer {
    let origins = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        // The configuration check admits only valid origins.
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    let exposed = EXPOSED.into_iter().map(HeaderName::from_static).chain([ETAG, RETRY_AFTER]);
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(exposed.collect::<Vec<_>>())
        .max_age(CORS_MAX_AGE)
}
