//! Which voice speaks where clients know no Indian voices, as OpenAI's, and often no languages.

use svara_api::error::ApiError;
use svara_engine::{Gender, Voice, Voices};
use svara_text::WritingSystem;

use crate::spoken::SpokenLanguage;

/// OpenAI's voices, for models whose voices have no such names.
const OPENAIS: [(&str, Gender); 13] = [
    ("alloy", Gender::Female),
    ("ash", Gender::Male),
    ("ballad", Gender::Male),
    ("cedar", Gender::Male),
    ("coral", Gender::Female),
    ("echo", Gender::Male),
    ("fable", Gender::Male),
    ("marin", Gender::Female),
    ("nova", Gender::Female),
    ("onyx", Gender::Male),
    ("sage", Gender::Female),
    ("shimmer", Gender::Female),
    ("verse", Gender::Male),
];

/// The name of the voice for a text. A voice by its own name speaks whatever it is given. One of OpenAI's names, which are
/// aliases, stands for a gender: the voice of `language`, or else of the text's writing system, if the alias's own voice
/// doesn't use it.
///
/// # Errors
/// Neither a voice nor a language is given, or the language has no voice.
pub(crate) fn choose(
    voices: &Voices,
    asked: Option<String>,
    language: Option<&SpokenLanguage>,
    text: &str,
) -> Result<String, ApiError> {
    let Some(asked) = asked.filter(|name| !name.trim().is_empty()) else {
        let language =
            language.ok_or_else(|| ApiError::invalid("voice", "is required unless a language is given"))?;
        return language.voice(voices, None).map(|voice| voice.voice_id.clone());
    };
    let Some(alias) = alias(voices, &asked) else { return Ok(asked) };
    if let Some(language) = language {
        return language.voice(voices, alias.gender).map(|voice| voice.voice_id.clone());
    }
    let written = WritingSystem::of_most(text)
        .filter(|system| *system != WritingSystem::Latin && alias.writing_system() != Some(*system));
    let found = written.and_then(|system| {
        let writes = |voice: &&Voice| voice.writing_system() == Some(system);
        voices.iter().find(|voice| voice.gender == alias.gender && writes(voice))
    });
    Ok(match found {
        Some(voice) => voice.voice_id.clone(),
        // Under the name that was asked for, as far as the service knows it, too.
        None if voices.find(&asked).is_ok() => asked,
        None => alias.voice_id.clone(),
    })
}

/// Whether a request leaves the language to its text.
pub(crate) fn is_auto(language: Option<&str>) -> bool {
    language.is_some_and(|name| name.trim().eq_ignore_ascii_case("auto"))
}

/// The voice of a socket before there are words for it, and what the words may still choose. `may_be_any`: whether they may
/// choose all of it, where neither a voice nor a language is named.
///
/// # Errors
/// As [`choose`].
pub(crate) fn before_words(
    voices: &Voices,
    asked: Option<String>,
    language: Option<&SpokenLanguage>,
    may_be_any: bool,
) -> Result<(String, ByWords), ApiError> {
    let by_words = ByWords::of(voices, asked.as_deref(), language);
    let voice = match by_words {
        ByWords::Any if may_be_any => for_text(voices, ""),
        _ => choose(voices, asked, language, "")?,
    };
    Ok((voice, by_words))
}

/// A voice that is named before there are words, which may still choose it: one of OpenAI's names, or none at all.
#[derive(Clone, Debug)]
pub(crate) enum ByWords {
    /// The words have nothing to choose.
    Settled,
    /// A name that stands for a gender.
    Alias(String),
    /// Any voice.
    Any,
}

impl ByWords {
    /// What is open about a voice: none that is asked for means any, where no language is given either.
    fn of(voices: &Voices, asked: Option<&str>, language: Option<&SpokenLanguage>) -> Self {
        let asked = asked.filter(|name| !name.trim().is_empty());
        match (asked, language) {
            (_, Some(_)) => Self::Settled,
            (None, None) => Self::Any,
            (Some(name), None) if alias(voices, name).is_some() => Self::Alias(name.to_owned()),
            (Some(_), None) => Self::Settled,
        }
    }

    /// The voice that these words choose; none while they leave it open.
    pub(crate) fn choose(&self, voices: &Voices, words: &str) -> Option<String> {
        WritingSystem::of_most(words)?;
        match self {
            Self::Settled => None,
            Self::Alias(name) => choose(voices, Some(name.clone()), None, words).ok(),
            Self::Any => Some(for_text(voices, words)),
        }
    }
}

/// The voice of a language that a request asks for by one of OpenAI's names; none where the name is a voice's own.
pub(crate) fn of_alias(voices: &Voices, asked: &str, language: &SpokenLanguage) -> Option<String> {
    language.voice(voices, alias(voices, asked)?.gender).ok().map(|voice| voice.voice_id.clone())
}

/// The voice that one of OpenAI's names stands for: as the voices' files say, or else the first of the name's gender.
fn alias<'a>(voices: &'a Voices, asked: &str) -> Option<&'a Voice> {
    if let Ok(voice) = voices.find(asked) {
        return is_alias(voice, asked).then_some(&**voice);
    }
    let name = asked.trim().to_lowercase();
    let (_, gender) = OPENAIS.iter().find(|(known, _)| *known == name)?;
    voices.iter().find(|voice| voice.gender == Some(*gender)).or_else(|| voices.iter().next())
}

/// The voice for a text where none is asked for.
pub(crate) fn for_text(voices: &Voices, text: &str) -> String {
    voices.for_text(text, None).map(|voice| voice.voice_id.clone()).unwrap_or_default()
}

fn is_alias(voice: &Voice, name: &str) -> bool {
    let name = name.trim().to_lowercase();
    voice.aliases.iter().any(|alias| alias.to_lowercase() == name)
}
