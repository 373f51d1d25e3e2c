//! `GET /v1/languages`: what the voices speak, with all names by which requests may call it.

use axum::{Json, extract::State};
use serde::Serialize;
use svara_api::{
    error::Spelling,
    routes::{Routes, Tag},
    state::AppState,
};
use svara_config::OpenGroup;
use svara_dialects::language_codes;
use svara_text::Language;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> Routes {
    let router = OpenApiRouter::new().routes(routes!(languages));
    Routes::open(Tag::Voices, OpenGroup::Voices, Spelling::SVARA, router)
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = LanguageList)]
struct List {
    #[schema(inline)]
    languages: Vec<Entry>,
}

/// A language.
#[derive(Serialize, utoipa::ToSchema)]
struct Entry {
    /// Its code in ISO 639-1, if it has one.
    #[schema(required)]
    iso1: Option<String>,
    /// Its code in ISO 639-3.
    #[schema(required)]
    iso3: Option<String>,
    /// Its English name.
    name: String,
    /// The region whose accent the voices have, in ISO 3166.
    #[schema(required)]
    region: Option<&'static str>,
    /// Further names.
    aliases: Vec<&'static str>,
}

impl Entry {
    fn new(code: &str) -> Self {
        match code.parse::<Language>() {
            Ok(language) => Self {
                iso1: language.iso1().map(str::to_owned),
                iso3: Some(language.iso3().to_owned()),
                name: language.name().to_owned(),
                region: Some(language.region()),
                aliases: language.aliases().to_vec(),
            },
            // Of a voice's file; nothing is known of it but its code.
            Err(_) => Self {
                iso1: Some(code.to_owned()).filter(|code| code.len() == 2),
                iso3: Some(code.to_owned()).filter(|code| code.len() == 3),
                name: code.to_owned(),
                region: None,
                aliases: Vec::new(),
            },
        }
    }
}

/// List the languages
#[utoipa::path(
    get,
    path = "/v1/languages",
    responses((status = 200, description = "The languages of the model's voices.", body = List))
)]
async fn languages(State(state): State<AppState>) -> Json<List> {
    let codes = language_codes(state.service.engine().voices());
    Json(List { languages: codes.into_iter().map(Entry::new).collect() })
}
