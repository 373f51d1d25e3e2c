//! The description of a model, read from a file.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use svara_snac::TokenLayout;
use svara_text::{StyleTags, TagPlace};

use crate::{ceiling::Ceiling, request::Sampling, voice::Voice};

/// The most tokens that end the speech: as many as `svara-vllm` takes.
const MAX_STOPS: usize = 8;

/// A model of the family: its control tokens, the layout of its audio tokens, its prompt.
///
/// `config/models/svara-v1.toml` is the commented example. Loading checks that every name in the prompt has a token.
#[derive(Clone, Debug)]
pub struct ModelProfile {
    /// The model's id in requests and voices.
    pub id: String,
    /// Maps tokens to codes.
    pub layout: TokenLayout,
    /// The sampling of requests without overrides.
    pub sampling: Sampling,
    /// The tags that set the style of a speech.
    pub style_tags: Vec<String>,
    /// Where the model looks for them.
    pub(crate) tag_place: TagPlace,
    /// Ids of the tokens that end the speech.
    pub stop_ids: Vec<u32>,
    /// How the tokenizer spells them, in the same order.
    pub(crate) stop_texts: Vec<String>,
    /// The longest text of one generation, in characters. Longer texts are split into pieces.
    pub piece_characters: usize,
    /// The most audio of a piece.
    pub(crate) ceiling: Ceiling,
    pub(crate) preset: Vec<PromptPart>,
    /// `None` if the model can't clone voices.
    pub(crate) clone: Option<ClonePrompt>,
    text_template: String,
    speaker_id_template: String,
    languages: BTreeMap<String, String>,
}

/// One part of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PromptPart {
    Control(ControlToken),
    /// The place of the words.
    Text,
    /// The place of the transcript of a reference.
    Transcript,
    /// The place of the audio tokens of a reference.
    Reference,
}

/// The prompt for the voice of a reference recording, in both forms.
#[derive(Clone, Debug)]
pub(crate) struct ClonePrompt {
    pub(crate) with_transcript: Vec<PromptPart>,
    pub(crate) without_transcript: Vec<PromptPart>,
}

/// A control token: its id, and how the tokenizer spells it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ControlToken {
    pub(crate) id: u32,
    pub(crate) text: String,
}

/// A profile can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The file can't be read.
    #[error("can't read model profile {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file isn't a valid profile. The reason names the entry.
    #[error("model profile {} is invalid: {reason}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl ModelProfile {
    /// Reads and checks a profile.
    ///
    /// # Errors
    /// The file can't be read, an entry is missing, unknown or out of range, or the prompt names a token that isn't
    /// listed.
    pub fn load(path: &Path) -> Result<Self, ProfileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ProfileError::Read { path: path.to_owned(), source })?;
        Self::of_text(&text, path)
    }

    /// Reads a profile from the text of a file; `path` names it in errors.
    ///
    /// # Errors
    /// The text isn't a valid profile.
    pub fn of_text(text: &str, path: &Path) -> Result<Self, ProfileError> {
        Self::parse(text).map_err(|reason| ProfileError::Invalid { path: path.to_owned(), reason })
    }

    /// The speaker id of a voice: how a prompt names the speaker.
    pub fn speaker_id(&self, voice: &Voice) -> String {
        if let Some(speaker_id) = &voice.speaker_id {
            return speaker_id.clone();
        }
        let language = voice.language();
        let language = self.languages.get(language).map_or(language, String::as_str);
        let values = [
            ("{voice_id}", voice.voice_id.as_str()),
            ("{name}", voice.name.as_str()),
            ("{language}", language),
            ("{gender}", voice.gender.map_or("", |gender| gender.capitalized())),
        ];
        fill(&self.speaker_id_template, &values)
    }

    /// The model's style tags.
    pub(crate) fn styles(&self) -> StyleTags<'_> {
        StyleTags::new(&self.style_tags).placed(self.tag_place)
    }

    /// The words of a prompt: speaker id and text in the form that the model expects.
    pub(crate) fn words(&self, speaker_id: &str, text: &str) -> String {
        fill(&self.text_template, &[("{speaker_id}", speaker_id), ("{text}", text)])
    }

    fn parse(text: &str) -> Result<Self, String> {
        let fields: ProfileFields = toml::from_str(text).map_err(|error| error.to_string())?;
        let token = |name: &String| {
            fields
                .tokens
                .get(name)
                .cloned()
                .ok_or_else(|| format!("prompt names {name:?}, which is not in [tokens]"))
        };
        let preset = parts("prompt.preset", &fields.prompt.preset, &[("{text}", PromptPart::Text)], token)?;
        let clone = fields.prompt.clone_prompt(token)?;
        for (entry, template) in
            [("prompt.text", &fields.prompt.text), ("prompt.speaker_id", &fields.prompt.speaker_id)]
        {
            let known: &[&str] = if entry == "prompt.text" {
                &["{speaker_id}", "{text}"]
            } else {
                &["{voice_id}", "{name}", "{language}", "{gender}"]
            };
            let left = fill(template, &known.iter().map(|name| (*name, "")).collect::<Vec<_>>());
            if left.contains(['{', '}']) {
                return Err(format!("{entry} may only use {}", known.join(" ")));
            }
        }
        if !fields.prompt.text.contains("{text}") {
            return Err("prompt.text must contain \"{text}\"".to_owned());
        }
        if fields.prompt.piece_characters == 0 {
            return Err("prompt.piece_characters must be at least 1".to_owned());
        }
        fields.ceiling.check()?;
        if fields.prompt.stop.is_empty() {
            return Err("prompt.stop must name at least one token".to_owned());
        }
        if fields.prompt.stop.len() > MAX_STOPS {
            return Err(format!("prompt.stop must name at most {MAX_STOPS} tokens"));
        }
        let stops = fields.prompt.stop.iter().map(token).collect::<Result<Vec<ControlToken>, String>>()?;
        let (stop_ids, stop_texts) = stops.into_iter().map(|stop| (stop.id, stop.text)).unzip();
        fields.sampling.check().map_err(|(field, reason)| format!("sampling.{field} {reason}"))?;
        Ok(Self {
            id: fields.id,
            layout: fields.layout,
            sampling: fields.sampling,
            style_tags: fields.style.tags,
            tag_place: fields.style.place.into(),
            stop_ids,
            stop_texts,
            piece_characters: fields.prompt.piece_characters,
            ceiling: fields.ceiling,
            preset,
            clone,
            text_template: fields.prompt.text,
            speaker_id_template: fields.prompt.speaker_id,
            languages: fields.languages,
        })
    }
}

/// Resolves a list of names: control tokens, and each of `places` once.
fn parts(
    entry: &str,
    names: &[String],
    places: &[(&str, PromptPart)],
    token: impl Fn(&String) -> Result<ControlToken, String>,
) -> Result<Vec<PromptPart>, String> {
    for (place, _) in places {
        if names.iter().filter(|name| name == place).count() != 1 {
            return Err(format!("{entry} must contain \"{place}\" once"));
        }
    }
    let part = |name: &String| match places.iter().find(|(place, _)| place == name) {
        Some((_, part)) => Ok(part.clone()),
        None => token(name).map(PromptPart::Control),
    };
    names.iter().map(part).collect()
}

/// Fills a template in one pass, so that a value that looks like a placeholder stays as it is.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled =
        String::with_capacity(template.len() + values.iter().map(|(_, value)| value.len()).sum::<usize>());
    let mut rest = template;
    while let Some((at, name, value)) =
        values.iter().filter_map(|(name, value)| Some((rest.find(name)?, *name, *value))).min()
    {
        let (before, after) = rest.split_at(at);
        filled.push_str(before);
        filled.push_str(value);
        rest = after.strip_prefix(name).unwrap_or_default();
    }
    filled.push_str(rest);
    filled
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFields {
    id: String,
    tokens: BTreeMap<String, ControlToken>,
    layout: TokenLayout,
    prompt: PromptFields,
    sampling: Sampling,
    ceiling: Ceiling,
    style: StyleFields,
    #[serde(default)]
    languages: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PromptFields {
    preset: Vec<String>,
    clone: Option<Vec<String>>,
    transcript_turn: Option<Vec<String>>,
    text: String,
    speaker_id: String,
    stop: Vec<String>,
    piece_characters: usize,
}

impl PromptFields {
    fn clone_prompt(
        &self,
        token: impl Fn(&String) -> Result<ControlToken, String> + Copy,
    ) -> Result<Option<ClonePrompt>, String> {
        const TURN: &str = "{transcript_turn}";
        let (names, turn) = match (&self.clone, &self.transcript_turn) {
            (Some(clone), Some(turn)) => (clone, turn),
            (None, None) => return Ok(None),
            _ => {
                return Err("prompt.clone and prompt.transcript_turn must both be set, or neither".to_owned());
            }
        };
        let at = names.iter().position(|name| name == TURN);
        let (before, after) = at
            .and_then(|at| names.split_at_checked(at))
            .and_then(|(before, rest)| Some((before, rest.split_first()?.1)))
            .ok_or_else(|| format!("prompt.clone must contain \"{TURN}\" once"))?;
        let places = [("{reference}", PromptPart::Reference), ("{text}", PromptPart::Text)];
        let transcript = ("{transcript}", PromptPart::Transcript);
        let without = parts("prompt.clone", &[before, after].concat(), &places, token)?;
        let (head, tail) = without.split_at(before.len());
        let turn = parts("prompt.transcript_turn", turn, &[transcript], token)?;
        let with_transcript = [head, &turn, tail].concat();
        // Engines cache common beginnings of prompts: what is the same for all requests of a voice comes first.
        let reference = without.iter().position(|part| *part == PromptPart::Reference);
        if reference > without.iter().position(|part| *part == PromptPart::Text) {
            return Err("prompt.clone must contain \"{reference}\" before \"{text}\"".to_owned());
        }
        Ok(Some(ClonePrompt { with_transcript, without_transcript: without }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StyleFields {
    tags: Vec<String>,
    #[serde(default)]
    place: PlaceField,
}

/// Where the model looks for its tags.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PlaceField {
    /// One tag, at the end of each piece.
    #[default]
    End,
    /// Where they were typed.
    Typed,
}

impl From<PlaceField> for TagPlace {
    fn from(place: PlaceField) -> Self {
        match place {
            PlaceField::End => Self::End,
            PlaceField::Typed => Self::Typed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVARA: &str = include_str!("../../../config/models/svara-v1.toml");
    const ORPHEUS: &str = include_str!("../../../config/models/orpheus-3b.toml");

    #[test]
    fn the_shipped_profiles_are_valid() {
        let svara = ModelProfile::parse(SVARA).unwrap();
        assert_eq!((svara.id.as_str(), svara.stop_ids.as_slice()), ("svara-tts-v1", &[128_258][..]));
        assert_eq!(svara.layout, TokenLayout::default());
        assert_eq!(svara.sampling.max_tokens, 2048);
        let orpheus = ModelProfile::parse(ORPHEUS).unwrap();
        assert_eq!((orpheus.id.as_str(), orpheus.clone.is_none()), ("orpheus-3b", true));
    }

    #[test]
    fn mistakes_are_named() {
        for (from, to, word) in [
            ("stop = [\"end_of_speech\"]", "stop = [\"end\"]", "\"end\""),
            (
                "stop = [\"end_of_speech\"]",
                &format!("stop = [{}]", "\"end_of_speech\", ".repeat(MAX_STOPS + 1)),
                "at most 8 tokens",
            ),
            ("\"{text}\", \"end_of_human\"", "\"end_of_human\"", "once"),
            ("\"{reference}\", \"end_of_speech\"", "\"end_of_speech\"", "\"{reference}\" once"),
            ("\"{transcript_turn}\", \"start_of_ai\"", "\"start_of_ai\"", "\"{transcript_turn}\" once"),
            ("\"{transcript}\", ", "", "prompt.transcript_turn"),
            ("transcript_turn = [", "transcript_turns = [", "transcript_turns"),
            ("temperature = 0.75", "temperature = 7", "sampling.temperature"),
            ("temperature = 0.75", "temprature = 0.75", "temprature"),
            ("seconds = 4.0", "seconds = 0.0", "ceiling.seconds"),
            ("{speaker_id}: {text}", "{speaker}: {text}", "prompt.text"),
            ("codebook_size = 4096", "codebook_size = 0", "codebook_size"),
        ] {
            let changed = SVARA.replace(from, to);
            assert_ne!(changed, SVARA, "{from} isn't in the file");
            let error = ModelProfile::parse(&changed).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn values_are_not_templates() {
        assert_eq!(fill("{a}: {b}", &[("{a}", "{b}"), ("{b}", "{a}")]), "{b}: {a}");
    }
}
