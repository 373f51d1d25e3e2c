//! Which voice speaks a request of svara's dialect.

use svara_api::error::ApiError;
use svara_engine::{Gender, SpeakError, Voices};
use svara_text::Language;

use crate::{openai::voice::of_alias, spoken::SpokenLanguage};

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

/// The voice of a language, which has the tag of a voice or any other name.
///
/// # Errors
/// No voice speaks it.
pub(super) fn of_language(voices: &Voices, name: &str, gender: Option<Gender>) -> Result<String, ApiError> {
    let found = voices.speaking(name, gender).or_else(|unknown| {
        // A gender that stands at a wrong place of the tag would get lost.
        let mut parts = name.split(['-', '_']);
        let has_gender = parts.any(|part| Gender::named(&part.to_ascii_lowercase()).is_some());
        let language = Language::named(name).filter(|_| !has_gender).ok_or(unknown)?;
        voices.speaking(language.code(), gender)
    });
    Ok(found.map_err(SpeakError::from)?.voice_id.clone())
}
