//! `GET /`: the playground, a page to try the server in a browser.
//!
//! Its files are part of the program. They load nothing from elsewhere, and the page's policy forbids it.

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
};
use serde::Serialize;
use svara_audio::Format;

use crate::{
    error::{ApiError, Refused, Svara},
    state::AppState,
};

/// Scripts and styles from here only, none of them inline; sound from what the page itself was given.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! file {
    ($name:literal, $content_type:expr) => {
        ($name, $content_type, include_str!(concat!("../../assets/playground/", $name)))
    };
}

/// Name, content type and content.
const FILES: &[(&str, &str, &str)] = &[
    file!("index.html", HTML),
    file!("icon.svg", "image/svg+xml"),
    file!("style.css", "text/css; charset=utf-8"),
    file!("main.js", SCRIPT),
    file!("api.js", SCRIPT),
    file!("history.js", SCRIPT),
    file!("player.js", SCRIPT),
    file!("reference.js", SCRIPT),
    file!("samples.js", SCRIPT),
    file!("snippets.js", SCRIPT),
    file!("sound.js", SCRIPT),
    file!("texts.js", SCRIPT),
    file!("waveform.js", SCRIPT),
];

/// What the page has to know of the server.
#[derive(Serialize)]
pub(super) struct Settings {
    styles: Vec<String>,
    formats: Vec<&'static str>,
    text_characters: usize,
    /// None where recordings can't be spoken like.
    cloning: Option<CloningSettings>,
}

#[derive(Serialize)]
struct CloningSettings {
    max_bytes: usize,
}

/// The playground
#[utoipa::path(
    get,
    path = "/",
    operation_id = "playground",
    responses((status = 200, description = "The page.", content(("text/html"))))
)]
pub(super) async fn page() -> Result<Response, Refused<Svara>> {
    file("index.html")
}

/// A file of the playground
#[utoipa::path(
    get,
    path = "/playground/{file}",
    operation_id = "playground_file",
    params(("file" = String, Path, description = "The name of the file.")),
    responses((status = 200, description = "The file.", content(("*/*"))), (status = 404))
)]
pub(super) async fn asset(Path(name): Path<String>) -> Result<Response, Refused<Svara>> {
    file(&name)
}

/// Redirects to /, as the page's paths are relative to it
#[utoipa::path(
    get,
    path = "/playground",
    operation_id = "playground_home",
    responses((status = 308, description = "To /."))
)]
pub(super) async fn home() -> Redirect {
    Redirect::permanent("/")
}

/// What the playground has to know of the server
#[utoipa::path(
    get,
    path = "/playground/settings.json",
    operation_id = "playground_settings",
    responses((status = 200, description = "The settings.", content(("application/json"))))
)]
pub(super) async fn settings(State(state): State<AppState>) -> Json<Settings> {
    Json(Settings {
        styles: state.service.engine().profile().style_tags.clone(),
        formats: Format::supported().map(Format::name).collect(),
        text_characters: state.service.engine().text_max_characters(),
        cloning: state.service.cloning().max_bytes().map(|max_bytes| CloningSettings { max_bytes }),
    })
}

fn file(name: &str) -> Result<Response, Refused<Svara>> {
    let Some((_, content_type, content)) = FILES.iter().find(|(known, ..)| *known == name) else {
        return Err(ApiError::no_route("path: no such file").into());
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        // Names stay the same from one version to the next.
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    Ok((headers, *content).into_response())
}
