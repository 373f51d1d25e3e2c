//! `GET /v1/voices`.

use axum::{
    Json, Router,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use svara_engine::{Gender, Voice};

use svara_service::voices::KeptVoice;

use crate::{
    error::{ApiError, Refused, Svara},
    state::AppState,
};

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/v1/voices", get(voices))
}

/// Which voices are wanted.
#[derive(Deserialize)]
struct Filter {
    model_id: Option<String>,
}

#[derive(Serialize)]
struct List<'a> {
    voices: Vec<Entry<'a>>,
}

/// The category of voices that callers made, in ElevenLabs' words.
pub(crate) const CLONED: &str = "cloned";
/// And of the model's own.
const PREMADE: &str = "premade";

/// A voice as the Python stack lists it, with what ElevenLabs' clients look for besides.
#[derive(Serialize)]
pub(crate) struct Entry<'a> {
    #[serde(flatten)]
    voice: &'a Voice,
    language_code: &'a str,
    /// For voices that callers made.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_unix_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at_unix: Option<u64>,
    category: &'static str,
    labels: Labels<'a>,
    high_quality_base_model_ids: [&'a str; 1],
    verified_languages: Vec<VerifiedLanguage<'a>>,
    available_for_tiers: [&'a str; 0],
    preview_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Labels<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<Gender>,
    language: &'a str,
}

#[derive(Serialize)]
struct VerifiedLanguage<'a> {
    language: &'a str,
    model_id: &'a str,
}

impl<'a> Entry<'a> {
    /// One of the model's own.
    pub(crate) fn preset(voice: &'a Voice) -> Self {
        let verified = |language: &'a String| VerifiedLanguage { language, model_id: &voice.model_id };
        Self {
            voice,
            language_code: voice.language(),
            created_unix_s: None,
            created_at_unix: None,
            category: PREMADE,
            labels: Labels { gender: voice.gender, language: voice.language() },
            high_quality_base_model_ids: [&voice.model_id],
            verified_languages: voice.languages.iter().map(verified).collect(),
            available_for_tiers: [],
            preview_url: None,
        }
    }

    /// One that a caller made.
    pub(crate) fn kept(kept: &'a KeptVoice) -> Self {
        let created = Some(kept.created_unix_s);
        let preset = Self::preset(&kept.reference.voice);
        Self { created_unix_s: created, created_at_unix: created, category: CLONED, ..preset }
    }

    /// Who it is.
    pub(crate) fn voice(&self) -> &'a Voice {
        self.voice
    }

    /// `premade` or `cloned`.
    pub(crate) fn category(&self) -> &'static str {
        self.category
    }
}

async fn voices(
    State(state): State<AppState>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Response, Refused<Svara>> {
    let Query(filter) = filter.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let kept = state.service.voices().list().await?;
    let wanted =
        |entry: &Entry| filter.model_id.as_ref().is_none_or(|model_id| *model_id == entry.voice.model_id);
    let presets = state.service.engine().voices().iter().map(Entry::preset);
    let kept = kept.iter().map(|voice| Entry::kept(voice));
    Ok(Json(List { voices: presets.chain(kept).filter(wanted).collect() }).into_response())
}
