//! `GET /v1/voices`.

use axum::{
    Json, Router,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use svara_engine::Voice;

use crate::{
    error::{ApiError, ErrorDialect},
    state::AppState,
    voices::KeptVoice,
};

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/v1/voices", get(voices))
}

#[derive(Deserialize)]
struct Filter {
    model_id: Option<String>,
}

#[derive(Serialize)]
struct List<'a> {
    voices: Vec<Entry<'a>>,
}

/// A voice as the Python stack lists it.
#[derive(Serialize)]
pub(super) struct Entry<'a> {
    #[serde(flatten)]
    voice: &'a Voice,
    language_code: &'a str,
    /// For voices that callers made.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_unix_s: Option<u64>,
}

impl<'a> Entry<'a> {
    /// One of the model's own.
    pub(super) fn preset(voice: &'a Voice) -> Self {
        Self { voice, language_code: voice.language(), created_unix_s: None }
    }

    /// One that a caller made.
    pub(super) fn kept(kept: &'a KeptVoice) -> Self {
        Self { created_unix_s: Some(kept.created_unix_s), ..Self::preset(&kept.reference.voice) }
    }
}

async fn voices(State(state): State<AppState>, filter: Result<Query<Filter>, QueryRejection>) -> Response {
    let filter = match filter {
        Ok(Query(filter)) => filter,
        Err(error) => return ApiError::bad_request(error.body_text()).into_response(ErrorDialect::Svara),
    };
    let kept = match state.voices.list().await {
        Ok(kept) => kept,
        Err(error) => return error.into_response(ErrorDialect::Svara),
    };
    let wanted =
        |entry: &Entry| filter.model_id.as_ref().is_none_or(|model_id| *model_id == entry.voice.model_id);
    let presets = state.engine.voices().iter().map(Entry::preset);
    let kept = kept.iter().map(|voice| Entry::kept(voice));
    Json(List { voices: presets.chain(kept).filter(wanted).collect() }).into_response()
}
