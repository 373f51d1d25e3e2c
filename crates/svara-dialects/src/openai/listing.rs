//! `GET /v1/audio/voices` and `GET /v1/audio/models`: what there is, in the words that players of OpenAI's dialect
//! have come to expect. OpenAI itself has neither.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::Uri;
use serde::Serialize;
use svara_api::{
    door::asker::Asker,
    error::{OpenAi, Refused, Spelling},
    reading::{encoded, form::flag},
    routes::{Routes, Tag},
    state::AppState,
};
use svara_config::OpenGroup;
use svara_service::Dialect;
use utoipa_axum::{router::OpenApiRouter, routes};

const SPELLING: Spelling = Spelling::Fixed(Dialect::OpenAi);

pub(super) fn voices() -> Routes {
    let router = OpenApiRouter::new().routes(routes!(audio_voices));
    Routes::open(Tag::Voices, OpenGroup::Voices, SPELLING, router)
}

pub(super) fn models() -> Routes {
    let router = OpenApiRouter::new().routes(routes!(audio_models));
    Routes::open(Tag::Models, OpenGroup::Voices, SPELLING, router)
}

#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document shows it")]
struct Form {
    /// Bare ids, as older servers answered.
    legacy: Option<bool>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct AudioVoices<'a> {
    #[schema(inline)]
    voices: Vec<Named<'a>>,
}

/// A voice, or its id alone.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum Named<'a> {
    Id(&'a str),
    Voice { id: &'a str, name: &'a str },
}

#[derive(Serialize, utoipa::ToSchema)]
struct AudioModels {
    #[schema(inline)]
    models: [AudioModel; 1],
}

/// A model.
#[derive(Serialize, utoipa::ToSchema)]
struct AudioModel {
    id: String,
    name: String,
}

/// List the voices (players of OpenAI's dialect)
#[utoipa::path(
    get,
    path = "/v1/audio/voices",
    params(Form),
    responses((status = 200, description = "The ids and names of the voices.", body = AudioVoices))
)]
async fn audio_voices(
    State(state): State<AppState>,
    asker: Asker,
    uri: Uri,
) -> Result<Response, Refused<OpenAi>> {
    let legacy = encoded::parameter(&uri, "legacy")?;
    let legacy = legacy.map_or(Ok(false), |value| flag("legacy", &value))?;
    let kept = state.service.voices().list(&asker.caller).await?;
    let presets = state.service.engine().voices().iter();
    let kept = kept.iter().map(|kept| &*kept.reference.voice);
    let named = presets.chain(kept).map(|voice| {
        let (id, name) = (voice.voice_id.as_str(), voice.name.as_str());
        if legacy { Named::Id(id) } else { Named::Voice { id, name } }
    });
    Ok(Json(AudioVoices { voices: named.collect() }).into_response())
}

/// List the models (players of OpenAI's dialect)
#[utoipa::path(
    get,
    path = "/v1/audio/models",
    responses((status = 200, description = "The ids of the models.", body = AudioModels))
)]
async fn audio_models(State(state): State<AppState>) -> Json<AudioModels> {
    let id = &state.service.engine().profile().id;
    Json(AudioModels { models: [AudioModel { id: id.clone(), name: id.clone() }] })
}
