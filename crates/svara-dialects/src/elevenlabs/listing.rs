//! `GET /v2/voices` and the settings of voices. `GET /v1/voices` is shared with the other dialects.

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::Uri;
use serde::Serialize;
use serde_json::{Value, json};
use svara_api::{
    door::asker::Asker,
    error::{ApiError, ElevenLabs, Refused},
    links::Links,
    state::AppState,
    voice::{CLONED, Entry},
};
use svara_engine::SpeakError;

use super::fields::VoiceSettings;

const DEFAULT_PAGE: usize = 10;
const LARGEST_PAGE: usize = 100;

/// What a listing asks for. Filters that aren't known are passed over.
#[derive(Debug, Default, PartialEq)]
struct Search {
    /// Where to go on: the number of voices that were listed already.
    offset: usize,
    page_size: Option<usize>,
    /// In lower case.
    text: Option<String>,
    /// By name instead of the order of the files.
    by_name: bool,
    descending: bool,
    category: Option<String>,
    voice_type: Option<String>,
    gender: Option<String>,
    languages: Vec<String>,
    voice_ids: Vec<String>,
}

/// The parameters of a search that the document lists.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "`Search` reads them")]
struct SearchParameters {
    /// Where to continue.
    next_page_token: Option<String>,
    /// Voices per page; the default is 10.
    #[param(minimum = 1, maximum = 100)]
    page_size: Option<i64>,
    /// Part of an id, name, description or language.
    search: Option<String>,
    /// `name` sorts the voices by name.
    sort: Option<String>,
    /// `desc` reverses the order.
    sort_direction: Option<String>,
    /// `premade` or `cloned`.
    category: Option<String>,
    /// ElevenLabs' kind of voice.
    voice_type: Option<String>,
}

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

impl Search {
    fn read(query: &str) -> Result<Self, ApiError> {
        let mut search = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if value.is_empty() {
                continue;
            }
            match &*name {
                "next_page_token" => {
                    let token = value.parse();
                    search.offset =
                        token.map_err(|_| ApiError::invalid("next_page_token", "must be one of ours"))?;
                }
                "page_size" => {
                    let size = value.parse().ok().filter(|size| (1..=LARGEST_PAGE).contains(size));
                    let reason = format!("must be from 1 to {LARGEST_PAGE}");
                    search.page_size = Some(size.ok_or_else(|| ApiError::invalid("page_size", reason))?);
                }
                "search" => search.text = Some(value.to_lowercase()),
                "sort" => search.by_name = value == "name",
                "sort_direction" => search.descending = value == "desc",
                "category" => search.category = Some(value.into_owned()),
                "voice_type" => search.voice_type = Some(value.into_owned()),
                "gender" => search.gender = Some(value.to_lowercase()),
                "language" => search.languages.push(value.to_lowercase()),
                "voice_ids" => search.voice_ids.push(value.into_owned()),
                _ => {}
            }
        }
        Ok(search)
    }

    fn wants(&self, entry: &Entry) -> bool {
        let voice = entry.voice();
        let category = entry.category();
        let own = category == CLONED;
        let said = |text: &str| {
            let texts = [&voice.voice_id, &voice.name].into_iter().chain(&voice.description);
            texts.into_iter().chain(&voice.languages).any(|part| part.to_lowercase().contains(text))
        };
        let of_type = |voice_type: &str| match voice_type {
            "default" => !own,
            "community" => false,
            "personal" | "workspace" | "non-default" | "non-community" | "saved" => own,
            _ => true,
        };
        let gender = voice.gender.map(|gender| gender.capitalized().to_lowercase());
        self.text.as_deref().is_none_or(said)
            && self.category.as_deref().is_none_or(|wanted| wanted == category)
            && self.voice_type.as_deref().is_none_or(of_type)
            && self.gender.as_ref().is_none_or(|wanted| gender.as_ref() == Some(wanted))
            && (self.languages.is_empty() || self.languages.iter().any(|l| voice.languages.contains(l)))
            && (self.voice_ids.is_empty() || self.voice_ids.contains(&voice.voice_id))
    }
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
    let search = Search::read(uri.query().unwrap_or_default())?;
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
    let page_size = search.page_size.unwrap_or(DEFAULT_PAGE);
    let page: Vec<Entry> =
        entries.into_iter().skip(search.offset).take(page_size).map(|entry| entry.linked(&links)).collect();
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
    responses((status = 200, description = "How voices speak by default.", body = VoiceSettings))
)]
pub(super) async fn default_voice_settings() -> Json<Value> {
    Json(settings())
}

/// A voice's settings (ElevenLabs)
///
/// They are the same for every voice.
#[utoipa::path(
    get,
    path = "/v1/voices/{id}/settings",
    params(("id" = String, Path, description = "The id of the voice.")),
    responses((status = 200, description = "How voices speak by default.", body = VoiceSettings), (status = 404))
)]
pub(super) async fn voice_settings(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refused<ElevenLabs>> {
    if state.service.voices().get(&asker.caller, &id).await?.is_none() {
        state.service.engine().voices().find(&id).map_err(SpeakError::from)?;
    }
    Ok(Json(settings()))
}

/// Only the speed has a meaning here.
fn settings() -> Value {
    json!({"stability": 0.5, "similarity_boost": 0.75, "style": 0.0, "use_speaker_boost": true, "speed": 1.0})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_read_from_the_query() {
        let search =
            Search::read("page_size=3&search=Hin&language=hi&language=bn&gender=Female&x=1").unwrap();
        assert_eq!((search.page_size, search.text.as_deref()), (Some(3), Some("hin")));
        assert_eq!((search.languages.len(), search.gender.as_deref()), (2, Some("female")));
        for (query, field) in [
            ("page_size=0", "page_size"),
            ("page_size=101", "page_size"),
            ("next_page_token=x", "next_page_token"),
        ] {
            assert_eq!(Search::read(query).unwrap_err().field, Some(field));
        }
    }
}
