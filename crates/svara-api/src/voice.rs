//! A voice as lists show it.

use serde::Serialize;
use svara_engine::{Gender, Voice};
use svara_service::voices::KeptVoice;
use svara_text::Language;
use utoipa::openapi::{Object, schema::Type};

use crate::{links::Links, reading::schemas};

/// The category of voices that callers made, in ElevenLabs' words.
pub const CLONED: &str = "cloned";
/// And of the model's own.
const PREMADE: &str = "premade";

/// A voice, with the Python stack's fields and those that ElevenLabs' clients look for.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Voice)]
pub struct Entry<'a> {
    #[serde(skip)]
    voice: &'a Voice,
    voice_id: &'a str,
    name: &'a str,
    /// The model that speaks it.
    model_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::gender)]
    gender: Option<Gender>,
    /// Language codes, the main one first.
    languages: &'a [String],
    /// Other names of the voice.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    aliases: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    speaker_id: Option<&'a str>,
    /// The main language.
    language_code: &'a str,
    /// For voices that callers made.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_unix_s: Option<u64>,
    /// The same, by ElevenLabs' name.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at_unix: Option<u64>,
    /// Whether all keys may use it; for voices that callers made.
    #[serde(skip_serializing_if = "Option::is_none")]
    shared: Option<bool>,
    #[schema(schema_with = category)]
    category: &'static str,
    #[schema(inline)]
    labels: Labels<'a>,
    #[schema(value_type = Vec<String>)]
    high_quality_base_model_ids: [&'a str; 1],
    #[schema(inline)]
    verified_languages: Vec<VerifiedLanguage<'a>>,
    #[schema(value_type = Vec<String>)]
    available_for_tiers: [&'a str; 0],
    #[schema(required)]
    preview_url: Option<String>,
    /// Not known here.
    #[schema(required)]
    accent_family: Option<&'a str>,
    /// Whether the model's makers chose the voice.
    curated: bool,
    /// Whether every caller has the voice.
    is_default: bool,
    /// There are none.
    #[schema(value_type = Vec<String>)]
    quality_warning: [&'a str; 0],
    /// Hours of recordings that the voice was trained on: not known here.
    #[schema(required)]
    hours: Option<f64>,
    /// How the voice speaks by default; where one voice is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    settings: Option<Settings>,
}

/// How voices speak by default. Only the speed has a meaning here.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = DefaultVoiceSettings)]
pub struct Settings {
    stability: f32,
    similarity_boost: f32,
    style: f32,
    use_speaker_boost: bool,
    speed: f32,
}

/// The same for every voice.
pub const SETTINGS: Settings =
    Settings { stability: 0.5, similarity_boost: 0.75, style: 0.0, use_speaker_boost: true, speed: 1.0 };

fn category() -> Object {
    Object::builder().schema_type(Type::String).enum_values(Some([PREMADE, CLONED])).build()
}

/// What ElevenLabs' clients filter by.
#[derive(Serialize, utoipa::ToSchema)]
struct Labels<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::gender)]
    gender: Option<Gender>,
    language: &'a str,
    /// The code of the main language in ISO 639.
    native_language_code: &'a str,
    /// Its English name.
    native_language: &'a str,
    /// Voices aren't rated here.
    quality_band: &'static str,
}

/// A language that the voice speaks.
#[derive(Serialize, utoipa::ToSchema)]
struct VerifiedLanguage<'a> {
    language: &'a str,
    model_id: &'a str,
}

impl<'a> Labels<'a> {
    fn of(voice: &'a Voice) -> Self {
        let code = voice.language();
        let language = code.parse::<Language>().ok();
        Self {
            gender: voice.gender,
            language: code,
            native_language_code: language.map_or(code, |language| language.iso()),
            native_language: language.map_or(code, |language| language.name()),
            quality_band: "unrated",
        }
    }
}

impl<'a> Entry<'a> {
    /// One of the model's own.
    pub fn preset(voice: &'a Voice) -> Self {
        let verified = |language: &'a String| VerifiedLanguage { language, model_id: &voice.model_id };
        Self {
            voice,
            voice_id: &voice.voice_id,
            name: &voice.name,
            model_id: &voice.model_id,
            gender: voice.gender,
            languages: &voice.languages,
            aliases: &voice.aliases,
            description: voice.description.as_deref(),
            speaker_id: voice.speaker_id.as_deref(),
            language_code: voice.language(),
            created_unix_s: None,
            created_at_unix: None,
            shared: None,
            category: PREMADE,
            labels: Labels::of(voice),
            high_quality_base_model_ids: [&voice.model_id],
            verified_languages: voice.languages.iter().map(verified).collect(),
            available_for_tiers: [],
            preview_url: None,
            accent_family: None,
            curated: true,
            is_default: true,
            quality_warning: [],
            hours: None,
            settings: None,
        }
    }

    /// One that a caller made.
    pub fn kept(kept: &'a KeptVoice) -> Self {
        let created = Some(kept.created_unix_s);
        let preset = Self::preset(&kept.reference.voice);
        Self {
            shared: Some(kept.shared),
            created_unix_s: created,
            created_at_unix: created,
            category: CLONED,
            curated: false,
            is_default: false,
            ..preset
        }
    }

    /// The same, with the address of the sample that the model's own voices have.
    pub fn linked(self, links: &Links) -> Self {
        let preview_url = if self.category == PREMADE { links.sample(self.voice_id) } else { None };
        Self { preview_url, ..self }
    }

    /// The same, with its settings, as ElevenLabs' clients expect them of one voice.
    pub fn with_settings(self) -> Self {
        Self { settings: Some(SETTINGS), ..self }
    }

    /// The voice itself.
    pub fn voice(&self) -> &'a Voice {
        self.voice
    }

    /// `premade` or `cloned`.
    pub fn category(&self) -> &'static str {
        self.category
    }
}
