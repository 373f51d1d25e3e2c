//! `GET /openapi.json`, and the same as a page at `/docs/`: to read, and to try.
//!
//! The page's files are part of the program. They share some with the playground, and load nothing from elsewhere.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderValue, header::CONTENT_TYPE};
use svara_api::{
    error::{Refused, Svara},
    state::AppState,
};

use super::files::{self, Files, files};

const FILES: Files = files!(
    "docs": "index.html", "docs.css", "docs.js", "answer.js", "operation.js", "request.js", "schema.js",
);

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
    files::serve(FILES, "index.html")
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
    files::serve(FILES, &name)
}
