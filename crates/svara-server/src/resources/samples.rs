//! `GET /v1/voices/{id}/preview`: a sample of a voice.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::{
    extract::{Path, State},
    response::Response,
};
use http::{HeaderValue, header::CACHE_CONTROL};
use svara_api::{
    door::asker::Asker,
    error::{ApiError, Refused, Spelling, Svara},
    file::{File, Wanted},
    respond::Audio,
    routes::{Routes, Tag},
    state::AppState,
};
use svara_audio::Format;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A sample stays the same for as long as the server runs.
const KEEP: HeaderValue = HeaderValue::from_static("private, max-age=3600");

pub(super) fn routes() -> Routes {
    let router = OpenApiRouter::new().routes(routes!(sample));
    // Not open as the lists are: the first request for a sample makes the engine speak.
    Routes::keyed(Tag::Voices, Spelling::SVARA, router)
}

/// A sample of a voice
///
/// A short text in the language of the voice. It is made when it is first asked for. Only the model's own voices have one.
#[utoipa::path(
    get,
    path = "/v1/voices/{id}/preview",
    operation_id = "voice_preview",
    params(("id" = String, Path, description = "The id of the voice.")),
    responses(
        (status = 200, description = "An MP3 file.", body = Audio, content_type = "audio/mpeg"),
        (status = 206, description = "The part that Range asks for.", body = Audio, content_type = "audio/mpeg"),
        (status = 304, description = "If-None-Match names this file."),
        (status = 404), (status = 416), (status = 501), (status = 502), (status = 504),
    )
)]
async fn sample(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
    wanted: Wanted,
) -> Result<Response, Refused<Svara>> {
    let presets = state.service.engine().voices();
    if presets.find(&id).is_err() && state.service.voices().get(&asker.caller, &id).await?.is_some() {
        let reason = "a saved voice has no sample: only the model's own voices have one";
        return Err(ApiError::not_found("voice_id", reason).into());
    }
    let bytes = state.service.preview(&id).await?;
    // The next start of the server may make another sample.
    let mut content = DefaultHasher::new();
    bytes.hash(&mut content);
    let tag = format!("{:016x}", content.finish());
    let mut response = wanted.of(File { content_type: Format::Mp3.content_type(), tag, bytes })?;
    response.headers_mut().insert(CACHE_CONTROL, KEEP);
    Ok(response)
}
