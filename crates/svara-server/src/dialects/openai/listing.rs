//! `GET /v1/audio/voices` and `GET /v1/audio/models`: what there is, in the words that players of OpenAI's dialect
//! have come to expect. OpenAI itself has neither.

use axum::{
    Json, Router,
    extract::{Query, State, rejection::QueryRejection},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    error::{ApiError, OpenAi, Refused},
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/v1/audio/voices", get(audio_voices)).route("/v1/audio/models", get(audio_models))
}

#[derive(Deserialize)]
struct Form {
    /// Bare names, as older servers answered.
    #[serde(default)]
    legacy: bool,
}

async fn audio_voices(
    State(state): State<AppState>,
    form: Result<Query<Form>, QueryRejection>,
) -> Result<Json<Value>, Refused<OpenAi>> {
    let Query(form) = form.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let kept = state.service.voices().list().await?;
    let presets = state.service.engine().voices().iter();
    let kept = kept.iter().map(|kept| &*kept.reference.voice);
    let voices: Vec<Value> = presets
        .chain(kept)
        .map(|voice| {
            if form.legacy {
                json!(voice.voice_id)
            } else {
                json!({"id": voice.voice_id, "name": voice.name})
            }
        })
        .collect();
    Ok(Json(json!({"voices": voices})))
}

async fn audio_models(State(state): State<AppState>) -> Json<Value> {
    let id = &state.service.engine().profile().id;
    Json(json!({"models": [{"id": id, "name": id}]}))
}
