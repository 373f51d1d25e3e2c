//! The files of a page, which are part of the program.

use axum::response::{IntoResponse, Response};
use http::{
    HeaderName, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
};
use svara_api::error::{ApiError, Refused, Svara};

/// Scripts and styles from here only, none of them inline; sound from what the page itself was given.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Names and contents.
pub(super) type Files = &'static [(&'static str, &'static str)];

/// The files with these names in a folder of `assets`.
macro_rules! files {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../assets/", $folder, "/", $name)))),+]
    };
}
pub(super) use files;

/// The file with this name, or a refusal.
pub(super) fn serve(files: Files, name: &str) -> Result<Response, Refused<Svara>> {
    let Some((_, content)) = files.iter().find(|(known, _)| *known == name) else {
        return Err(ApiError::no_route("path: no such file").into());
    };
    Ok((headers(content_type(name)), *content).into_response())
}

fn headers(content_type: &'static str) -> [(HeaderName, HeaderValue); 5] {
    [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        // Names stay the same from one version to the next.
        (CACHE_CONTROL, "no-cache"),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "html")) => "text/html; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
