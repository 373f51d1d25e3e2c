//! `GET /v1/models` and `GET /v1/models/{id}`: the one model there is.
//!
//! Two official clients ask the same path and can't read each other's answers: OpenAI's wants an object, ElevenLabs' a
//! bare list. The latter sends its key in a header of its own.

use axum::{
    Json,
    extract::{Path, State},
};
use http::HeaderMap;
use serde::Serialize;
use svara_api::{
    error::{ApiError, OpenAi, Refused, Spelling, dialect_by_key},
    reading::schemas,
    routes::{Routes, Tag},
    state::AppState,
};
use svara_config::OpenGroup;
use svara_service::Dialect;
use svara_text::Language;
use utoipa::openapi::{Object, schema::Type};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> Routes {
    let router = OpenApiRouter::new().routes(routes!(models)).routes(routes!(model));
    Routes::open(Tag::Models, OpenGroup::Voices, Spelling::ByKey(Dialect::OpenAi), router)
}

/// The models, in one of two dialects.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum Models {
    OpenAi {
        #[schema(schema_with = list)]
        object: &'static str,
        #[schema(value_type = Vec<OpenAiModel>)]
        data: [OpenAiModel; 1],
    },
    ElevenLabs(#[schema(inline)] [ElevenLabsModel; 1]),
}

fn list() -> Object {
    schemas::constant(Type::String, "list")
}

/// A model, as OpenAI lists it.
#[derive(Serialize, utoipa::ToSchema)]
struct OpenAiModel {
    id: String,
    #[schema(schema_with = model_object)]
    object: &'static str,
    /// When the model was made isn't known; the field is required.
    created: u64,
    owned_by: &'static str,
}

fn model_object() -> Object {
    schemas::constant(Type::String, "model")
}

/// A model, as ElevenLabs lists it.
#[derive(Serialize, utoipa::ToSchema)]
struct ElevenLabsModel {
    model_id: String,
    name: String,
    description: &'static str,
    can_do_text_to_speech: bool,
    can_do_voice_conversion: bool,
    can_be_finetuned: bool,
    can_use_style: bool,
    can_use_speaker_boost: bool,
    serves_pro_voices: bool,
    requires_alpha_access: bool,
    token_cost_factor: f64,
    max_characters_request_free_user: usize,
    max_characters_request_subscribed_user: usize,
    maximum_text_length_per_request: usize,
    #[schema(inline)]
    languages: Vec<LanguageEntry>,
}

/// A language that the model speaks.
#[derive(Serialize, utoipa::ToSchema)]
struct LanguageEntry {
    language_id: String,
    name: String,
}

/// List the models
#[utoipa::path(
    get,
    path = "/v1/models",
    responses((
        status = 200,
        description = "OpenAI's list; ElevenLabs' if the request sends its key in xi-api-key.",
        body = Models,
    ))
)]
async fn models(State(state): State<AppState>, headers: HeaderMap) -> Json<Models> {
    Json(match dialect_by_key(&headers, Dialect::OpenAi) {
        Dialect::ElevenLabs => Models::ElevenLabs([elevenlabs_model(&state)]),
        _ => Models::OpenAi { object: "list", data: [openai_model(&state)] },
    })
}

/// A model
#[utoipa::path(
    get,
    path = "/v1/models/{id}",
    params(("id" = String, Path, description = "The id of the model.")),
    responses((status = 200, description = "The model.", body = OpenAiModel), (status = 404))
)]
async fn model(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<OpenAiModel>, Refused<OpenAi>> {
    let own = &state.service.engine().profile().id;
    if id == *own {
        return Ok(Json(openai_model(&state)));
    }
    let id: String = id.chars().take(64).collect();
    Err(ApiError::not_found("model", format!("no model {id:?} here; this server speaks {own}")).into())
}

fn openai_model(state: &AppState) -> OpenAiModel {
    let id = state.service.engine().profile().id.clone();
    OpenAiModel { id, object: "model", created: 0, owned_by: "svara" }
}

fn elevenlabs_model(state: &AppState) -> ElevenLabsModel {
    let id = &state.service.engine().profile().id;
    let mut codes: Vec<&str> = Vec::new();
    for code in state.service.engine().voices().iter().flat_map(|voice| &voice.languages) {
        if !codes.contains(&code.as_str()) {
            codes.push(code);
        }
    }
    let name =
        |code: &str| code.parse::<Language>().map_or_else(|_| code.to_owned(), |l| l.name().to_owned());
    let languages =
        codes.iter().map(|code| LanguageEntry { language_id: (*code).to_owned(), name: name(code) });
    let characters = state.service.engine().text_max_characters();
    ElevenLabsModel {
        model_id: id.clone(),
        name: id.clone(),
        description: "",
        can_do_text_to_speech: true,
        can_do_voice_conversion: false,
        can_be_finetuned: false,
        can_use_style: false,
        can_use_speaker_boost: false,
        serves_pro_voices: false,
        requires_alpha_access: false,
        token_cost_factor: 1.0,
        max_characters_request_free_user: characters,
        max_characters_request_subscribed_user: characters,
        maximum_text_length_per_request: characters,
        languages: languages.collect(),
    }
}
