//! Voices that callers make: `POST /v1/voices`, ElevenLabs' `POST /v1/voices/add`, `GET` and `DELETE /v1/voices/{id}`, and `POST /v1/voice-clone` as in
//! older versions of the Python stack.

mod add;
mod fields;

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, Uri};
use serde::{Deserialize, Serialize};
use svara_api::{
    audit::{self, Act},
    door::asker::Asker,
    error::{ApiError, Refused, Spelling, Svara, dialect_by_key},
    links::Links,
    reading::{
        body::{self, BodyType},
        encoded,
        form::flag,
        ignored::Handling,
        lenient,
    },
    routes::{Routes, Tag},
    state::AppState,
    voice::Entry,
};
use svara_config::OpenGroup;
use svara_engine::SpeakError;
use svara_service::{
    Dialect, ServiceError,
    voices::{KeptVoice, NewVoice, VoiceChange},
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use self::add::routes as elevenlabs;
use self::fields::{Fields, NewVoiceFields, VoiceClone, read_fields};
use super::done::{DONE, Done};

/// Longest name, description or transcript, in characters. A minute of speech is some 900.
const MAX_TEXT: usize = 2000;

pub(super) fn open() -> Routes {
    let router = OpenApiRouter::new().routes(routes!(get_one));
    Routes::open(Tag::Voices, OpenGroup::Voices, Spelling::SVARA, router)
}

pub(super) fn keyed() -> Routes {
    let router = OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(change, delete))
        .routes(routes!(clone_voice));
    Routes::keyed(Tag::Voices, Spelling::SVARA, router)
}

/// The tokens of a recording.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ClonedVoice)]
struct Cloned {
    voice_id: String,
    audio_token_count: usize,
    sample_rate_hz: u32,
    transcript_provided: bool,
    /// The first tokens.
    token_preview: Vec<u32>,
    /// All tokens, unless return_tokens is false.
    #[schema(required)]
    voice_clone_tokens: Option<Vec<u32>>,
}

/// Save the voice of a recording
#[utoipa::path(
    post,
    path = "/v1/voices",
    operation_id = "create_voice",
    request_body(content((NewVoiceFields = "application/json"), (NewVoiceFields = "multipart/form-data"))),
    responses(
        (status = 201, description = "The voice.", body = Entry),
        (status = 408), (status = 409), (status = 413), (status = 415), (status = 422), (status = 501),
    )
)]
async fn create(
    State(state): State<AppState>,
    asker: Asker,
    request: Request,
) -> Result<Response, Refused<Svara>> {
    let (fields, ignored) = read_fields(request, state.body_bytes).await?;
    let voice = create_voice(&state, &asker, fields).await?;
    Ok(ignored.told((StatusCode::CREATED, Json(Entry::kept(&voice)))))
}

/// Saves a voice that lists show.
async fn create_voice(state: &AppState, asker: &Asker, fields: Fields) -> Result<Arc<KeptVoice>, ApiError> {
    let name = fields.name.clone().filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| ApiError::invalid("name", "is required"))?;
    if fields.consent != Some(true) {
        return Err(ApiError::invalid("consent", "must be true: the speaker must have agreed to it"));
    }
    keep(state, asker, fields, name, "audio").await
}

/// Turn a recording into tokens
///
/// The voice is saved where `consent` says that the speaker agreed; otherwise its id is good for an hour.
#[utoipa::path(
    post,
    path = "/v1/voice-clone",
    request_body(content((VoiceClone = "application/json"), (VoiceClone = "multipart/form-data"))),
    responses(
        (status = 200, description = "The tokens.", body = Cloned),
        (status = 408), (status = 409), (status = 413), (status = 415), (status = 422), (status = 501),
    )
)]
async fn clone_voice(
    State(state): State<AppState>,
    asker: Asker,
    request: Request,
) -> Result<Response, Refused<Svara>> {
    let (fields, ignored) = read_fields(request, state.body_bytes).await?;
    let return_tokens = fields.return_tokens.unwrap_or(true);
    let sample_rate_hz = state.service.cloning().sample_rate_hz()?;
    let voice = keep(&state, &asker, fields, "voice clone".to_owned(), "reference_audio").await?;
    let tokens = voice.reference.tokens(&state.service.engine().profile().layout);
    let tokens = tokens.ok_or_else(|| ApiError::internal("the encoder's codes don't fit the model"))?;
    Ok(ignored.told(Json(Cloned {
        voice_id: voice.reference.voice.voice_id.clone(),
        audio_token_count: tokens.len(),
        sample_rate_hz,
        transcript_provided: voice.reference.transcript.is_some(),
        token_preview: tokens.iter().take(16).copied().collect(),
        voice_clone_tokens: return_tokens.then_some(tokens),
    })))
}

/// A voice
#[utoipa::path(
    get,
    path = "/v1/voices/{id}",
    operation_id = "voice",
    params(
        ("id" = String, Path, description = "The id of the voice."),
        ("with_settings" = Option<bool>, Query, description = "Adds the settings, as ElevenLabs' clients ask for them."),
    ),
    responses(
        (status = 200, description = "The voice.", body = Entry),
        (status = 404), (status = 422), (status = 501),
    )
)]
async fn get_one(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
    links: Links,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let found = async {
        let settings = encoded::parameter(&uri, "with_settings")?;
        let settings = settings.map_or(Ok(false), |value| flag("with_settings", &value));
        let settings = settings.map_err(ApiError::in_query)?;
        let shown =
            |voice: Entry<'_>| Json(if settings { voice.with_settings() } else { voice }).into_response();
        if let Some(voice) = state.service.voices().get(&asker.caller, &id).await? {
            return Ok(shown(Entry::kept(&voice)));
        }
        let voice = state.service.engine().voices().find(&id).map_err(SpeakError::from)?;
        Ok(shown(Entry::preset(voice).linked(&links)))
    };
    let dialect = dialect_by_key(&headers, Dialect::Svara);
    found.await.unwrap_or_else(|error: ApiError| error.into_response(dialect))
}

/// What is to be changed about a voice.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = VoiceChange)]
struct Changes {
    name: Option<String>,
    /// A line about the voice.
    description: Option<String>,
    /// Whether all keys may use the voice.
    #[serde(default, deserialize_with = "lenient::flag")]
    shared: Option<bool>,
}

/// Change a saved voice
#[utoipa::path(
    patch,
    path = "/v1/voices/{id}",
    operation_id = "change_voice",
    params(("id" = String, Path, description = "The id of the voice.")),
    request_body(content((Changes = "application/json"))),
    responses(
        (status = 200, description = "The voice.", body = Entry),
        (status = 403), (status = 404), (status = 408), (status = 413), (status = 415), (status = 422), (status = 501),
    )
)]
async fn change(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let dialect = dialect_by_key(request.headers(), Dialect::Svara);
    changed(&state, &asker, &id, request).await.unwrap_or_else(|error| error.into_response(dialect))
}

async fn changed(state: &AppState, asker: &Asker, id: &str, request: Request) -> Result<Response, ApiError> {
    if body::body_type(&request) != BodyType::Json {
        return Err(ApiError::unsupported_media_type(&request, "application/json"));
    }
    let handling = Handling::of(request.headers());
    let (Changes { name, description, shared }, ignored) = body::json(request, state.text_body_bytes).await?;
    let ignored = ignored.unless_strict(handling)?;
    check_texts([("name", name.as_ref()), ("description", description.as_ref())])?;
    let name = name.map(|name| name.trim().to_owned());
    if name.as_ref().is_some_and(String::is_empty) {
        return Err(ApiError::invalid("name", "must not be empty"));
    }
    let change = VoiceChange { name, description, shared };
    let told = audit::when_found(asker, Act::VoiceChanged, id);
    let changed = state.service.voices().change(&asker.caller, id, change, told).await;
    match changed? {
        Some(voice) => Ok(ignored.told(Json(Entry::kept(&voice)))),
        None => {
            let preset = state.service.engine().voices().find(id).map_err(SpeakError::from)?;
            let reason = format!("{} belongs to the model and can't be changed", preset.voice_id);
            Err(ApiError::unsupported("voice_id", reason))
        }
    }
}

/// Refuses texts that are too long.
fn check_texts<const N: usize>(texts: [(&'static str, Option<&String>); N]) -> Result<(), ApiError> {
    for (field, text) in texts {
        if text.is_some_and(|text| text.chars().count() > MAX_TEXT) {
            return Err(ApiError::invalid(field, format!("may have at most {MAX_TEXT} characters")));
        }
        if field == "name" && text.is_some_and(|text| text.chars().any(char::is_control)) {
            return Err(ApiError::invalid(field, "must have no control characters"));
        }
    }
    Ok(())
}

/// Delete a saved voice
#[utoipa::path(
    delete,
    path = "/v1/voices/{id}",
    operation_id = "delete_voice",
    params(("id" = String, Path, description = "The id of the voice.")),
    responses(
        (status = 200, description = "The voice is deleted.", body = Done),
        (status = 403), (status = 404), (status = 501),
    )
)]
async fn delete(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let deleted = async {
        let told = audit::when_ended(&asker, Act::VoiceDeleted, &id);
        let deleted = state.service.voices().delete(&asker.caller, &id, told).await;
        if deleted? {
            return Ok(Json(DONE).into_response());
        }
        let preset = state.service.engine().voices().find(&id).map_err(SpeakError::from)?;
        let reason = format!("{} belongs to the model and can't be deleted", preset.voice_id);
        Err(ApiError::unsupported("voice_id", reason))
    };
    let dialect = dialect_by_key(&headers, Dialect::Svara);
    deleted.await.unwrap_or_else(|error| error.into_response(dialect))
}

/// Saves the voice of a recording; one without a declared consent is only held for a while. Lists show those of the route that
/// calls the recording `audio`.
async fn keep(
    state: &AppState,
    asker: &Asker,
    mut fields: Fields,
    name: String,
    own_name: &'static str,
) -> Result<Arc<KeptVoice>, ApiError> {
    let listed = own_name == "audio";
    check_texts([
        ("name", Some(&name)),
        ("transcript", fields.transcript.as_ref()),
        ("description", fields.description.as_ref()),
    ])?;
    let language = fields.language_code()?;
    let (field, audio) = fields.recording(own_name)?;
    let frames = state.service.cloning().frames(&asker.caller, |max_bytes| audio.into_bytes(max_bytes)).await;
    let frames = frames.map_err(|error| ApiError::from(error).renamed("reference_audio", field))?;
    let new = NewVoice {
        name: name.trim().to_owned(),
        description: fields.description,
        language,
        gender: fields.gender,
        transcript: fields.transcript.filter(|text| !text.trim().is_empty()),
        consent: fields.consent == Some(true),
        listed,
        shared: fields.shared == Some(true),
    };
    let (voices, by) = (state.service.voices(), asker.clone());
    let told = move |kept: &Result<Arc<KeptVoice>, ServiceError>| {
        let id = kept.as_ref().map_or("", |kept| kept.reference.voice.voice_id.as_str());
        audit::note(
            &by,
            Act::VoiceCreated,
            id,
            kept.as_ref().map_or_else(|error| error.kind.name(), |_| "ok"),
        );
    };
    if new.consent {
        return Ok(voices.create(&asker.caller, new, &frames, told).await?);
    }
    let held = Ok(voices.hold(&asker.caller, new, &frames));
    told(&held);
    Ok(held?)
}
