//! `GET /v1/models` and `GET /v1/models/{id}`: the one model there is.
//!
//! Two official clients ask the same path and can't read each other's answers: OpenAI's wants an object, ElevenLabs' a
//! bare list. The latter sends its key in a header of its own.

use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::HeaderMap;
use serde_json::{Value, json};
use svara_text::Language;

use svara_service::Dialect;

use crate::{
    error::{ApiError, OpenAi, Refused, dialect_by_key},
    state::AppState,
};

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/v1/models", get(models)).route("/v1/models/{id}", get(model))
}

async fn models(State(state): State<AppState>, headers: HeaderMap) -> Json<Value> {
    match dialect_by_key(&headers, Dialect::OpenAi) {
        Dialect::ElevenLabs => Json(json!([elevenlabs_model(&state)])),
        _ => Json(json!({"object": "list", "data": [openai_model(&state)]})),
    }
}

async fn model(State(state): State<AppState>, Path(id): Path<String>) -> Result<Response, Refused<OpenAi>> {
    let own = &state.service.engine().profile().id;
    if id == *own {
        return Ok(Json(openai_model(&state)).into_response());
    }
    let id: String = id.chars().take(64).collect();
    Err(ApiError::not_found("model", format!("no model {id:?} here; this server speaks {own}")).into())
}

/// When the model was made isn't known here; the field has to be there.
fn openai_model(state: &AppState) -> Value {
    json!({"id": state.service.engine().profile().id, "object": "model", "created": 0, "owned_by": "svara"})
}

fn elevenlabs_model(state: &AppState) -> Value {
    let id = &state.service.engine().profile().id;
    let mut codes: Vec<&str> = Vec::new();
    for code in state.service.engine().voices().iter().flat_map(|voice| &voice.languages) {
        if !codes.contains(&code.as_str()) {
            codes.push(code);
        }
    }
    let name =
        |code: &str| code.parse::<Language>().map_or_else(|_| code.to_owned(), |l| l.name().to_owned());
    let languages: Vec<Value> =
        codes.iter().map(|code| json!({"language_id": code, "name": name(code)})).collect();
    let characters = state.service.engine().text_max_characters();
    json!({
        "model_id": id,
        "name": id,
        "description": "",
        "can_do_text_to_speech": true,
        "can_do_voice_conversion": false,
        "can_be_finetuned": false,
        "can_use_style": false,
        "can_use_speaker_boost": false,
        "serves_pro_voices": false,
        "requires_alpha_access": false,
        "token_cost_factor": 1.0,
        "max_characters_request_free_user": characters,
        "max_characters_request_subscribed_user": characters,
        "maximum_text_length_per_request": characters,
        "languages": languages,
    })
}
