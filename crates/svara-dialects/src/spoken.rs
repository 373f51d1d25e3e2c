//! The language that a request asks for, by any of its names.

use svara_api::error::ApiError;
use svara_engine::{Gender, Voice, Voices};
use svara_text::{Language, quoted};

use crate::voice::is_auto;

/// Longest name of a language that an error repeats, in characters.
const SHOWN: usize = 32;

/// A language that a request names, and some voice here speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SpokenLanguage {
    /// The field that names it.
    field: &'static str,
    /// What the voices call it: a code, or a tag that may name a gender.
    tag: String,
    /// The language, if it is one of those that texts are read in.
    language: Option<Language>,
}

impl SpokenLanguage {
    /// The language with this name: a code of ISO 639-1 or 639-3, a BCP-47 tag, or a name in English or in its own writing. None
    /// for an empty name, and for `auto`, which vLLM-Omni's clients send.
    ///
    /// # Errors
    /// No voice speaks it; the message lists the languages that there are.
    pub(crate) fn named(
        voices: &Voices,
        field: &'static str,
        name: Option<&str>,
    ) -> Result<Option<Self>, ApiError> {
        let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { return Ok(None) };
        if is_auto(Some(name)) {
            return Ok(None);
        }
        let language = Language::named(name);
        // As the voices' files call it; a tag may name a gender, too.
        let own = || voices.speaking(name, None).is_ok().then(|| name.to_owned());
        let other = || {
            let code = language?.code();
            voices.speaking(code, None).is_ok().then(|| code.to_owned())
        };
        match own().or_else(other) {
            Some(tag) => Ok(Some(Self { field, tag, language })),
            None => {
                let name: String = name.chars().take(SHOWN).collect();
                let languages = codes(voices).join(", ");
                let reason = format!("{} is none of the languages here: {languages}", quoted(&name));
                Err(ApiError::invalid(field, reason))
            }
        }
    }

    /// Whether another field names the same language.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        self.tag == other.tag || self.language.is_some() && self.language == other.language
    }

    /// The field that names it.
    pub(crate) fn field(&self) -> &'static str {
        self.field
    }

    /// Its voice: with this gender, if there is one.
    ///
    /// # Errors
    /// No voice speaks it.
    pub(crate) fn voice<'a>(
        &self,
        voices: &'a Voices,
        gender: Option<Gender>,
    ) -> Result<&'a Voice, ApiError> {
        let same = gender.and_then(|gender| voices.speaking(&self.tag, Some(gender)).ok());
        let found = same.map_or_else(|| voices.speaking(&self.tag, None), Ok);
        found.map(|voice| &**voice).map_err(|error| ApiError::not_found(self.field, error))
    }

    /// What a text is read in, if `voice` would read it in another language.
    pub(crate) fn beside(&self, voices: &Voices, voice: &str) -> Option<Language> {
        match voices.find(voice) {
            Ok(voice) => self.unless_of(voice),
            Err(_) => self.language,
        }
    }

    /// What a text is read in, if that isn't the voice's own language.
    pub(crate) fn unless_of(&self, voice: &Voice) -> Option<Language> {
        let own = voice.language().parse::<Language>().ok();
        self.language.filter(|language| own != Some(*language))
    }
}

/// The languages of the voices, in their order, each once.
pub fn codes(voices: &Voices) -> Vec<&str> {
    let mut codes: Vec<&str> = Vec::new();
    for voice in voices.iter() {
        if !codes.contains(&voice.language()) {
            codes.push(voice.language());
        }
    }
    codes
}
