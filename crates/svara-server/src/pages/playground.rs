//! `GET /`: the playground, a page to try the server in a browser.
//!
//! Its files are part of the program. They load nothing from elsewhere, and the page's policy forbids it.

use axum::{
    Json,
    extract::{Path, State},
    response::{Redirect, Response},
};
use serde::Serialize;
use svara_api::{
    error::{Refused, Svara},
    state::AppState,
};
use svara_audio::Format;

use super::files::{self, Files, files};

const FILES: Files = files!(
    "playground": "index.html", "api.js", "base.css", "cards.js", "clips.js", "clone.js", "compare.js", "dark.css", "decoders.js", "dom.js", "form.js", "icon.svg", "jobs.js", "live.js", "load.js", "main.js", "player.js", "reference.js", "said.js", "samples.js", "snippets.js", "sound.js", "speak.js", "speech.js", "status.js", "store.js", "style.css", "texts.js", "theme.js", "waveform.js", "words.js",
);

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
    max_seconds: f64,
}

/// The playground
#[utoipa::path(
    get,
    path = "/",
    operation_id = "playground",
    responses((status = 200, description = "The page.", content(("text/html"))))
)]
pub(super) async fn page() -> Result<Response, Refused<Svara>> {
    files::serve(FILES, "index.html")
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
    files::serve(FILES, &name)
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
        cloning: state
            .service
            .cloning()
            .limits()
            .map(|(max_bytes, longest)| CloningSettings { max_bytes, max_seconds: longest.as_secs_f64() }),
    })
}
