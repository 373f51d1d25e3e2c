//! Which voice speaks a request of OpenAI's dialect, whose clients know no Indian voices and often no languages.

use svara_api::error::ApiError;
use svara_engine::{Voice, Voices};
use svara_text::{Language, WritingSystem};

use crate::spoken::SpokenLanguage;

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
    let Some(alias) = voices.find(&asked).ok().filter(|voice| is_alias(voice, &asked)) else {
        return Ok(asked);
    };
    if let Some(language) = language {
        return language.voice(voices, alias.gender).map(|voice| voice.voice_id.clone());
    }
    let written =
        writing_system(text).filter(|system| *system != WritingSystem::Latin && !uses(alias, *system));
    let found = written
        .and_then(|system| voices.iter().find(|voice| voice.gender == alias.gender && uses(voice, system)));
    Ok(found.map_or(asked, |voice| voice.voice_id.clone()))
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
