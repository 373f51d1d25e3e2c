//! `GET /openapi.json`, and the same as a page at `/docs/`.
//!
//! The page is Swagger UI, whose files are part of the program. It loads nothing from elsewhere.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
};
use utoipa_swagger_ui::Config;

use crate::{
    error::{ApiError, Refused, Svara},
    state::AppState,
};

/// Scripts from here only, none of them inline. Swagger UI sets styles from its scripts and has its icons in its styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; \
                      img-src 'self' data:; media-src blob: data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Relative to the page, so that it works behind a prefix, too.
const DOCUMENT: &str = "../openapi.json";

/// This document
#[utoipa::path(
    get,
    path = "/openapi.json",
    responses((status = 200, description = "The document.", content(("application/json"))))
)]
pub(super) async fn openapi(State(state): State<AppState>) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], state.document()).into_response()
}

/// Redirects to /docs/, as the page's paths are relative to it
#[utoipa::path(
    get,
    path = "/docs",
    operation_id = "docs_home",
    responses((status = 308, description = "To /docs/."))
)]
pub(super) async fn home() -> Redirect {
    Redirect::permanent("docs/")
}

/// This document as a page
#[utoipa::path(
    get,
    path = "/docs/",
    operation_id = "docs",
    responses((status = 200, description = "The page.", content(("text/html"))))
)]
pub(super) async fn page() -> Result<Response, Refused<Svara>> {
    file("index.html")
}

/// A file of the page with this document
#[utoipa::path(
    get,
    path = "/docs/{file}",
    operation_id = "docs_file",
    params(("file" = String, Path, description = "The name of the file.")),
    responses((status = 200, description = "The file.", content(("*/*"))), (status = 404))
)]
pub(super) async fn asset(Path(name): Path<String>) -> Result<Response, Refused<Svara>> {
    file(&name)
}

fn file(name: &str) -> Result<Response, Refused<Svara>> {
    let config = Config::from(DOCUMENT).try_it_out_enabled(true).validator_url("none").filter(true);
    let found = utoipa_swagger_ui::serve(name, Arc::new(config)).map_err(ApiError::internal)?;
    let Some(file) = found.filter(|file| !file.gzpipped) else {
        return Err(ApiError::no_route("path: no such file").into());
    };
    let content_type = HeaderValue::try_from(file.content_type);
    let headers = [
        (CONTENT_TYPE, content_type.unwrap_or(HeaderValue::from_static("application/octet-stream"))),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    Ok((headers, file.bytes).into_response())
}
