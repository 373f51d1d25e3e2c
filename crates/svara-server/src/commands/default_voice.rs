//! The voice for a text without one: of a language that is written as the text is.

use svara_engine::{Gender, Voice, Voices};
use svara_text::{Language, WritingSystem};

/// The first female voice, as in the examples of the docs, of the first language with the text's script.
pub(super) fn for_text<'a>(voices: &'a Voices, text: &str) -> Option<&'a Voice> {
    let script = text.chars().find_map(WritingSystem::of);
    let writes = |voice: &&Voice| {
        script.is_none() || voice.language().parse::<Language>().ok().map(Language::writing_system) == script
    };
    let female = |voice: &&Voice| voice.gender == Some(Gender::Female);
    let first = voices.iter().find(|voice| writes(voice) && female(voice));
    first.or_else(|| voices.iter().find(writes)).or_else(|| voices.iter().next())
}
