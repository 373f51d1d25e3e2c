//! Which times a request asks for, and how they are written.

use serde::Deserialize;
use svara_api::{error::ApiError, reading::schemas};
use svara_service::Timestamps;
use utoipa::openapi::Object;

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    Word,
    Character,
}

/// How times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
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
    pub(super) fn named(name: &str) -> Result<Self, ApiError> {
        match name {
            "word" => Ok(Self::Word),
            "character" => Ok(Self::Character),
            _ => Err(ApiError::invalid("timestamps", "must be word or character")),
        }
    }

    fn times(self) -> Timestamps {
        match self {
            Self::Word => Timestamps::Word,
            Self::Character => Timestamps::Character,
        }
    }
}

impl TimesFormat {
    pub(super) fn named(name: &str) -> Result<Self, ApiError> {
        match name {
            "json" => Ok(Self::Json),
            "srt" => Ok(Self::Srt),
            "vtt" => Ok(Self::Vtt),
            _ => Err(ApiError::invalid("timestamps_format", "must be json, srt or vtt")),
        }
    }
}

pub(super) fn timestamps() -> Object {
    let about = "Answer in JSON, with the audio and estimated times of its words or characters.";
    schemas::choice(["word", "character"], about)
}

pub(super) fn timestamps_format() -> Object {
    let about = "With srt or vtt, the JSON has subtitles in place of words.";
    schemas::choice(["json", "srt", "vtt"], about)
}
