//! `GET /v2/voices` and the settings of voices. `GET /v1/voices` is shared with the other dialects.

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::Uri;
use serde::Serialize;
use svara_api::{
    door::asker::Asker,
    error::{ElevenLabs, Refused},
    links::Links,
    state::AppState,
    voice::{Entry, SETTINGS, Settings},
};
use svara_engine::SpeakError;

use super::search::{Search, SearchParameters};

/// A page of voices.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = VoicePage)]
struct Page<'a> {
    voices: &'a [Entry<'a>],
    has_more: bool,
    total_count: usize,
    /// Where the next page starts.
    #[schema(required)]
    next_page_token: Option<String>,
}

/// List the voices in pages (ElevenLabs)
#[utoipa::path(
    get,
    path = "/v2/voices",
    params(SearchParameters),
    responses((status = 200, description = "A page of voices.", body = Page), (status = 422))
)]
pub(super) async fn voices_v2(
    State(state): State<AppState>,
    asker: Asker,
    links: Links,
    uri: Uri,
) -> Result<Response, Refused<ElevenLabs>> {
    let search = Search::read(&uri)?;
    let kept = state.service.voices().list(&asker.caller).await?;
    let presets = state.service.engine().voices().iter().map(Entry::preset);
    let mut entries: Vec<Entry> = presets
        .chain(kept.iter().map(|voice| Entry::kept(voice)))
        .filter(|entry| search.wants(entry))
        .collect();
    if search.by_name {
        entries.sort_by(|a, b| a.voice().name.cmp(&b.voice().name));
    }
    if search.descending {
        entries.reverse();
    }
    let total_count = entries.len();
    let page = entries.into_iter().skip(search.offset).take(search.page_size);
    let page: Vec<Entry> = page.map(|entry| entry.linked(&links)).collect();
    let next = search.offset.saturating_add(page.len());
    let has_more = next < total_count && !page.is_empty();
    let next_page_token = has_more.then(|| next.to_string());
    Ok(Json(Page { voices: &page, has_more, total_count, next_page_token }).into_response())
}

/// The default settings of voices (ElevenLabs)
#[utoipa::path(
    get,
    path = "/v1/voices/settings/default",
    operation_id = "default_settings",
    responses((status = 200, description = "How voices speak by default.", body = Settings))
)]
pub(super) async fn default_voice_settings() -> Json<Settings> {
    Json(SETTINGS)
}

/// A voice's settings (ElevenLabs)
///
/// They are the same for every voice.
#[utoipa::path(
    get,
    path = "/v1/voices/{id}/settings",
    params(("id" = String, Path, description = "The id of the voice.")),
    responses((status = 200, description = "How voices speak by default.", body = Settings), (status = 404))
)]
pub(super) async fn voice_settings(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Json<Settings>, Refused<ElevenLabs>> {
    if state.service.voices().get(&asker.caller, &id).await?.is_none() {
        state.service.engine().voices().find(&id).map_err(SpeakError::from)?;
    }
    Ok(Json(SETTINGS))
}
