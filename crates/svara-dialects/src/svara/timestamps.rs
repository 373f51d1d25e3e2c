//! Which times a request asks for, and how they are written.

use serde::Deserializer;
use svara_api::{
    error::ApiError,
    reading::{lenient, schemas},
};
use svara_service::Timestamps;
use utoipa::openapi::Object;

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Word,
    Character,
}

/// How times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimesFormat {
    Json,
    Srt,
    Vtt,
}

/// What the two fields ask for together.
///
/// # Errors
/// One of them has no meaning with the other.
pub(super) fn wanted(
    unit: Option<Unit>,
    format: Option<TimesFormat>,
) -> Result<Option<Timestamps>, ApiError> {
    let subtitles = match format {
        None => return Ok(unit.map(Unit::times)),
        Some(TimesFormat::Json) if unit.is_some() => return Ok(unit.map(Unit::times)),
        Some(TimesFormat::Json) => {
            let reason = "json says how timestamps are written, which must be word or character";
            return Err(ApiError::invalid("timestamps_format", reason));
        }
        Some(TimesFormat::Srt) => Timestamps::Srt,
        Some(TimesFormat::Vtt) => Timestamps::Vtt,
    };
    if unit == Some(Unit::Character) {
        let reason = "srt and vtt are made of words: leave timestamps out, or set it to word";
        return Err(ApiError::invalid("timestamps_format", reason));
    }
    Ok(Some(subtitles))
}

impl Unit {
    const NAMES: &str = "must be word or character";

    fn named(name: &str) -> Option<Self> {
        match name {
            "word" => Some(Self::Word),
            "character" => Some(Self::Character),
            _ => None,
        }
    }

    /// What a form has in this field.
    pub(super) fn of_form(name: &str) -> Result<Self, ApiError> {
        let named = Self::named(&name.trim().to_ascii_lowercase());
        named.ok_or_else(|| ApiError::invalid("timestamps", Self::NAMES))
    }

    fn times(self) -> Timestamps {
        match self {
            Self::Word => Timestamps::Word,
            Self::Character => Timestamps::Character,
        }
    }
}

impl TimesFormat {
    const NAMES: &str = "must be json, srt or vtt";

    fn named(name: &str) -> Option<Self> {
        match name {
            "json" => Some(Self::Json),
            "srt" => Some(Self::Srt),
            "vtt" => Some(Self::Vtt),
            _ => None,
        }
    }

    /// What a form has in this field.
    pub(super) fn of_form(name: &str) -> Result<Self, ApiError> {
        let named = Self::named(&name.trim().to_ascii_lowercase());
        named.ok_or_else(|| ApiError::invalid("timestamps_format", Self::NAMES))
    }
}

/// For `#[serde(deserialize_with)]`: the unit, or null.
pub(super) fn unit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Unit>, D::Error> {
    lenient::word(deserializer, Unit::NAMES, Unit::named)
}

/// For `#[serde(deserialize_with)]`: the format, or null.
pub(super) fn format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TimesFormat>, D::Error> {
    lenient::word(deserializer, TimesFormat::NAMES, TimesFormat::named)
}

pub(super) fn timestamps() -> Object {
    let about = "Answer in JSON, with the audio and estimated times of its words or characters.";
    schemas::choice(["word", "character"], about)
}

pub(super) fn timestamps_format() -> Object {
    let about = "With srt or vtt, the JSON has subtitles in place of words.";
    schemas::choice(["json", "srt", "vtt"], about)
}
