//! `GET /openapi.json`, and the same as a page at `/docs/`.
//!
//! The page is Swagger UI, whose files are part of the program. It loads nothing from elsewhere.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
};
use serde_json::Value;
use utoipa_swagger_ui::Config;

use super::openapi;
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

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/openapi.json", get(document))
        .route("/docs", get(home))
        .route("/docs/", get(page))
        .route("/docs/{file}", get(asset))
}

async fn document(State(state): State<AppState>) -> Json<Value> {
    Json(openapi::document(&state))
}

/// The page's paths are relative to it.
async fn home() -> Redirect {
    Redirect::permanent("docs/")
}

async fn page() -> Result<Response, Refused<Svara>> {
    file("index.html")
}

async fn asset(Path(name): Path<String>) -> Result<Response, Refused<Svara>> {
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
