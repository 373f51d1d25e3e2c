//! Which voice speaks a request of svara's dialect.

use svara_api::error::ApiError;
use svara_engine::{Gender, SpeakError, Voices};
use svara_text::Language;

use crate::{
    spoken::SpokenLanguage,
    voice::{for_text, is_auto, of_alias},
};

/// The voice for a name: of the language that is spoken, if the name is one of OpenAI's, which stand for a gender; of that
/// gender, if it is a language (`hi-IN` and female). Other names say it all.
pub(super) fn named(
    voices: &Voices,
    name: String,
    spoken: Option<&SpokenLanguage>,
    gender: Option<Gender>,
) -> String {
    if let Some(found) = spoken.and_then(|spoken| of_alias(voices, &name, spoken)) {
        return found;
    }
    let of_language = gender.and_then(|gender| voices.speaking(&name, Some(gender)).ok());
    of_language.map_or(name, |found| found.voice_id.clone())
}

/// The voice of a language, which has the tag of a voice or any other name; for `auto`, that of the text's script.
///
/// # Errors
/// No voice speaks it: the status is that of an unknown voice, and the field is the one that is wrong.
pub(super) fn of_language(
    voices: &Voices,
    name: &str,
    gender: Option<Gender>,
    text: &str,
) -> Result<String, ApiError> {
    if is_auto(Some(name)) {
        return Ok(for_text(voices, text));
    }
    let found = voices.speaking(name, gender).or_else(|unknown| {
        // A gender that stands at a wrong place of the tag would get lost.
        let mut parts = name.split(['-', '_']);
        let has_gender = parts.any(|part| Gender::named(&part.to_ascii_lowercase()).is_some());
        let language = Language::named(name).filter(|_| !has_gender).ok_or(unknown)?;
        voices.speaking(language.code(), gender)
    });
    found.map(|voice| voice.voice_id.clone()).map_err(|unknown| {
        let error = ApiError::from(SpeakError::from(unknown));
        match (SpokenLanguage::named(voices, "language", Some(name)), gender) {
            (Err(ApiError { message, .. }), _) => ApiError { field: Some("language"), message, ..error },
            (Ok(_), Some(gender)) => {
                let message = format!("gender {} is that of no voice that speaks {name}", gender.name());
                ApiError { field: Some("gender"), message, ..error }
            }
            (Ok(_), None) => error,
        }
    })
}
