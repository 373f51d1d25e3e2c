//! Which voice speaks a request of OpenAI's dialect, whose clients know no Indian voices and often no languages.

use svara_api::error::ApiError;
use svara_engine::{Gender, Voice, Voices};
use svara_text::{Language, WritingSystem};

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
    let written =
        writing_system(text).filter(|system| *system != WritingSystem::Latin && !uses(alias, *system));
    let found = written
        .and_then(|system| voices.iter().find(|voice| voice.gender == alias.gender && uses(voice, system)));
    Ok(match found {
        Some(voice) => voice.voice_id.clone(),
        // Under the name that was asked for, as far as the service knows it, too.
        None if voices.find(&asked).is_ok() => asked,
        None => alias.voice_id.clone(),
    })
}

/// The voice of a socket before there are words for it. Any will do where the language is left to them: `auto`.
///
/// # Errors
/// As [`choose`].
pub(crate) fn before_words(
    voices: &Voices,
    asked: Option<String>,
    named: Option<&str>,
    language: Option<&SpokenLanguage>,
) -> Result<String, ApiError> {
    let is_auto = named.is_some_and(|name| name.trim().eq_ignore_ascii_case("auto"));
    if is_auto && asked.as_ref().is_none_or(|name| name.trim().is_empty()) {
        return Ok(for_text(voices, ""));
    }
    choose(voices, asked, language, "")
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
    pub(crate) fn of(voices: &Voices, asked: Option<&str>, language: Option<&SpokenLanguage>) -> Self {
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
        writing_system(words)?;
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

/// The voice for a text where none is asked for: the first whose language has the text's writing system, or else the first.
pub(crate) fn for_text(voices: &Voices, text: &str) -> String {
    let of_system = writing_system(text).and_then(|system| voices.iter().find(|voice| uses(voice, system)));
    let found = of_system.or_else(|| voices.iter().next());
    found.map(|voice| voice.voice_id.clone()).unwrap_or_default()
}

fn is_alias(voice: &Voice, name: &str) -> bool {
    let name = name.trim().to_lowercase();
    voice.aliases.iter().any(|alias| alias.to_lowercase() == name)
}

fn uses(voice: &Voice, system: WritingSystem) -> bool {
    voice.language().parse::<Language>().is_ok_and(|language| language.writing_system() == system)
}

/// The writing system of most of a text's letters.
fn writing_system(text: &str) -> Option<WritingSystem> {
    let mut counts: Vec<(WritingSystem, usize)> = Vec::new();
    for system in text.chars().filter_map(WritingSystem::of) {
        match counts.iter_mut().find(|(known, _)| *known == system) {
            Some((_, count)) => *count += 1,
            None => counts.push((system, 1)),
        }
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(system, _)| system)
}
