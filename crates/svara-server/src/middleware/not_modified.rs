//! Answers 304 instead of audio that the client already has.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH},
};
use svara_api::respond::X_CACHE;

/// Middleware: answers 304 if `If-None-Match` names the response's `ETag`.
pub(crate) async fn not_modified(request: Request, next: Next) -> Response {
    let known = request.headers().get(IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    let Some((known, tag)) = known.zip(response.headers().get(ETAG)) else { return response };
    if response.status() != StatusCode::OK || !names(&known, tag) {
        return response;
    }
    // Dropping the body ends its generation, unless it has other listeners.
    let kept = [ETAG, CACHE_CONTROL, X_CACHE].into_iter();
    let kept = kept.filter_map(|name| response.headers().get(&name).cloned().map(|value| (name, value)));
    (StatusCode::NOT_MODIFIED, kept.collect::<HeaderMap>()).into_response()
}

/// Whether a list of tags contains this one, by the weak comparison that the header requires.
fn names(list: &HeaderValue, tag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    match (list.to_str(), tag.to_str()) {
        (Ok(list), Ok(tag)) => list.split(',').any(|known| opaque(known) == opaque(tag)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_without_their_weakness() {
        let tag = HeaderValue::from_static("W/\"abc\"");
        for (list, named) in [
            ("W/\"abc\"", true),
            ("\"abc\"", true),
            ("\"x\", W/\"abc\"", true),
            ("\"ab\"", false),
            ("*", false),
        ] {
            assert_eq!(names(&HeaderValue::from_static(list), &tag), named, "{list}");
        }
    }
}
