//! Turns a user's text into the pieces that the model is asked to say. Pure.

use std::{ops::Range, sync::Arc};

use svara_text::{Language, MAX_PAUSE_MS, Reading, Said, StyleTags, pack};

use super::retry::Planned;
use crate::{
    error::SpeakError,
    own_words::OwnWords,
    profile::ModelProfile,
    request::{Normalization, SpeechRequest},
    voice::Voice,
};

/// The most silence that a text may ask for, in all.
const MAX_SILENCE_MS: u32 = 120_000;
/// What is heard of a text without a word.
const NOTHING_MS: u32 = 100;

/// What the model is asked to say for a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Script {
    /// The words, in order; each piece fits into one generation. Without any, there is nothing to say.
    pub(crate) pieces: Vec<Planned>,
    /// The style of all pieces.
    pub(crate) style: Option<String>,
    /// The silence behind the last piece.
    pub(crate) end_pause_ms: u32,
    /// The text.
    pub(crate) text: Arc<ScriptText>,
}

/// A text as typed and as said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScriptText {
    pub(crate) typed: String,
    pub(crate) said: Said,
}

/// What would be said for a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The text without what is nothing to say.
    pub cleaned: String,
    /// The words, with numbers and the like written out.
    pub said: String,
    /// What the engine is asked to say, one after the other.
    pub pieces: Vec<PreviewPiece>,
    /// The silence behind the last piece.
    pub end_pause_ms: u32,
}

/// One piece of a preview.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewPiece {
    /// The words.
    pub words: String,
    /// The words as the prompt has them, with the tag of the style.
    pub prompt: String,
    /// Bytes of the text as typed that the piece stands for.
    pub typed: Range<usize>,
    /// The silence before it.
    pub pause_ms: u32,
    /// How fast it is said, as a factor of the request's speed.
    pub rate: f32,
}

impl Preview {
    /// What would be said for a request with this model and voice.
    ///
    /// # Errors
    /// As [`Engine::preview`](crate::Engine::preview).
    pub fn new(
        profile: &ModelProfile,
        own: &OwnWords,
        voice: &Voice,
        request: &SpeechRequest,
    ) -> Result<Self, SpeakError> {
        let whole = request.sampling.max_tokens.is_some();
        Ok(Script::new(profile, own, voice, request, whole)?.preview())
    }
}

impl Script {
    /// Puts the style tag where the model looks for it: behind the words of a piece.
    pub(crate) fn prompt(piece: &str, style: Option<&str>) -> String {
        style.map_or_else(|| piece.to_owned(), |style| StyleTags::append(piece, style))
    }

    /// Writes the script of a request for this voice.
    ///
    /// What is nothing to say is removed first. Style tags are removed, too, unless the model wants them where they
    /// stand; the style of the request overrides them. With `whole`, the text between two pauses stays one piece,
    /// however long it is.
    ///
    /// # Errors
    /// The text has nothing but white space and tags, the style is unknown, or normalization is `On` for a language
    /// without rules.
    pub(crate) fn new(
        profile: &ModelProfile,
        own: &OwnWords,
        voice: &Voice,
        request: &SpeechRequest,
        whole: bool,
    ) -> Result<Self, SpeakError> {
        let styles = profile.styles();
        let asked = request.style.as_deref().map(|style| styles.resolve(style)).transpose()?;
        let language = request.language.map_or_else(|| voice.language().parse::<Language>(), Ok);
        if let (Normalization::On, Err(error)) = (request.normalization, &language) {
            let reason = format!("is not supported for the language of this voice: {error}");
            return Err(SpeakError::invalid("text_normalization", reason));
        }
        let normalizes = request.normalization != Normalization::Off;
        let reading = Reading {
            language: language.ok(),
            normalizes,
            strip: request.strip,
            styles,
            dictionaries: &own.behind(&request.dictionaries),
            acronyms: &own.acronyms,
        };
        let mut said = reading.read(&request.text);
        let style = said.style.take();
        let is_empty = request.text.trim().is_empty() || (style.is_some() && said.text.trim().is_empty());
        if is_empty {
            return Err(SpeakError::invalid("text", "must not be empty"));
        }
        let budget = (!whole).then_some(profile.piece_characters);
        let (pieces, pause_ms) = pieces(&said, budget);
        let end_pause_ms = if pieces.is_empty() { pause_ms.max(NOTHING_MS) } else { pause_ms };
        let text = Arc::new(ScriptText { typed: request.text.clone(), said });
        Ok(Self { pieces, style: asked.map(str::to_owned).or(style), end_pause_ms, text })
    }

    /// By how many characters dictionaries made the text longer.
    pub(crate) fn grown(&self) -> usize {
        self.text.said.grown
    }

    /// The script for people to read.
    pub(crate) fn preview(&self) -> Preview {
        let said = &self.text.said;
        let piece = |planned: &Planned| PreviewPiece {
            words: planned.words.clone(),
            prompt: Self::prompt(&planned.words, self.style.as_deref()),
            typed: said.edits.typed(&(planned.said_at..planned.said_at + planned.words.len())),
            pause_ms: planned.pause_ms,
            rate: planned.rate,
        };
        Preview {
            cleaned: said.cleaned.clone(),
            said: said.text.clone(),
            pieces: self.pieces.iter().map(piece).collect(),
            end_pause_ms: self.end_pause_ms,
        }
    }
}

impl ScriptText {
    /// The bytes of the typed text that belong to words that are said at `said_at`; they begin at `from`, and go on to
    /// what the next words stand for.
    pub(crate) fn typed_until(&self, said_end: usize, from: usize) -> usize {
        let rest = self.said.text.get(said_end..).unwrap_or_default();
        let next = said_end + rest.len() - rest.trim_start().len();
        let until = if next < self.said.text.len() {
            self.said.edits.typed(&(next..next + 1)).start
        } else {
            self.typed.len()
        };
        self.typed.ceil_char_boundary(until.clamp(from, self.typed.len()))
    }
}

/// The pieces of a text, and the silence behind the last. Pieces have at most `budget` characters.
fn pieces(said: &Said, budget: Option<usize>) -> (Vec<Planned>, u32) {
    let mut planned: Vec<Planned> = Vec::new();
    let (mut pause_ms, mut left_ms) = (0_u32, MAX_SILENCE_MS);
    let mut pauses = said.pauses.iter().peekable();
    for part in said.parts() {
        while let Some(pause) = pauses.next_if(|pause| pause.at <= part.start) {
            add_pause(&mut pause_ms, &mut left_ms, pause.length_ms);
        }
        let text = said.text.get(part.clone()).unwrap_or_default();
        let words = match budget {
            Some(budget) => pack(text, budget),
            None => vec![text.trim()],
        };
        // Marks alone are nothing to say.
        for words in words.into_iter().filter(|words| words.contains(char::is_alphanumeric)) {
            let said_at = words.as_ptr().addr().saturating_sub(said.text.as_ptr().addr());
            let rate = said.rate(said_at);
            let pause_ms = std::mem::take(&mut pause_ms);
            let mut piece = Planned::new(words.to_owned());
            (piece.said_at, piece.pause_ms, piece.rate) = (said_at, pause_ms, rate);
            planned.push(piece);
        }
    }
    pauses.for_each(|pause| add_pause(&mut pause_ms, &mut left_ms, pause.length_ms));
    (planned, pause_ms)
}

/// Lengthens a pause, within what one may have and what is left of all.
fn add_pause(pause_ms: &mut u32, left_ms: &mut u32, length_ms: u32) {
    let added = length_ms.min(MAX_PAUSE_MS.saturating_sub(*pause_ms)).min(*left_ms);
    *pause_ms += added;
    *left_ms -= added;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use svara_testkit::models::workspace;
    use svara_text::Strip;

    use super::*;
    use crate::voice::voices::Voices;

    fn setup() -> (ModelProfile, Arc<Voice>) {
        let profile = ModelProfile::load(&workspace().join("config/models/svara-v1.toml")).unwrap();
        let voices =
            Voices::load(&workspace().join("config/voices"), &profile.id, |v| profile.speaker_id(v)).unwrap();
        let voice = Arc::clone(voices.find("hi_female").unwrap());
        (profile, voice)
    }

    fn said(
        typed: &str,
        style: Option<&str>,
        normalization: Normalization,
    ) -> Result<Vec<String>, SpeakError> {
        let (profile, voice) = setup();
        let (text, style) = (typed.to_owned(), style.map(str::to_owned));
        let request = SpeechRequest { text, style, normalization, ..SpeechRequest::default() };
        prompts(&Script::new(&profile, &OwnWords::default(), &voice, &request, false)?)
    }

    fn prompts(script: &Script) -> Result<Vec<String>, SpeakError> {
        let style = script.style.as_deref();
        Ok(script.pieces.iter().map(|piece| Script::prompt(&piece.words, style)).collect())
    }

    #[test]
    fn markdown_and_emoji_go_where_that_is_asked_for() {
        let (profile, voice) = setup();
        let said = |markdown, emoji| {
            let text = "**वाह** 🙏 <happy>".to_owned();
            let request =
                SpeechRequest { text, strip: Strip { markdown, emoji }, ..SpeechRequest::default() };
            prompts(&Script::new(&profile, &OwnWords::default(), &voice, &request, false).unwrap())
                .unwrap()
                .concat()
        };
        assert_eq!(said(false, false), "**वाह** 🙏 <happy>");
        assert_eq!(said(true, false), "वाह 🙏 <happy>");
        assert_eq!(said(false, true), "**वाह** <happy>");
        assert_eq!(said(true, true), "वाह <happy>");
    }

    #[test]
    fn a_short_text_is_said_as_typed() {
        assert_eq!(said("नमस्ते दुनिया", None, Normalization::Auto).unwrap(), ["नमस्ते दुनिया"]);
    }

    #[test]
    fn numbers_are_words_unless_that_is_off() {
        assert_eq!(said("2 आम", None, Normalization::Auto).unwrap(), ["दो आम"]);
        assert_eq!(said("2 आम", None, Normalization::Off).unwrap(), ["2 आम"]);
    }

    #[test]
    fn the_style_stands_at_the_end_of_every_piece() {
        assert_eq!(said("अरे <happy> वाह", None, Normalization::Auto).unwrap(), ["अरे वाह <happy>"]);
        assert_eq!(said("वाह <happy>", Some("sad"), Normalization::Auto).unwrap(), ["वाह <sad>"]);
        let long = "यह एक वाक्य है। ".repeat(60);
        let pieces = said(&long, Some("Anger"), Normalization::Auto).unwrap();
        assert!(pieces.len() > 3 && pieces.iter().all(|piece| piece.ends_with("। <anger>")), "{pieces:?}");
        let error = said("वाह", Some("loud"), Normalization::Auto).unwrap_err().to_string();
        assert!(error.contains("style") && error.contains("happy, sad, anger, fear, clear"), "{error}");
    }

    #[test]
    fn pauses_stand_between_pieces_and_are_bounded() {
        let (profile, voice) = setup();
        let script = |text: &str| {
            let request = SpeechRequest { text: text.to_owned(), ..SpeechRequest::default() };
            Script::new(&profile, &OwnWords::default(), &voice, &request, false).unwrap()
        };
        let spoken =
            script("[pause:1s] एक <break time='500ms'/><break time='250ms'/> दो ... [pause:9s][pause:9s]");
        let pieces: Vec<_> =
            spoken.pieces.iter().map(|piece| (piece.words.as_str(), piece.pause_ms)).collect();
        assert_eq!(pieces, [("एक", 1_000), ("दो ...", 750)]);
        assert_eq!(spoken.end_pause_ms, MAX_PAUSE_MS);
        let many = script(&"एक [pause:10s] ".repeat(40));
        let silence: u32 = many.pieces.iter().map(|piece| piece.pause_ms).sum();
        assert_eq!(silence + many.end_pause_ms, MAX_SILENCE_MS);
    }

    #[test]
    fn marks_alone_are_silence() {
        let (profile, voice) = setup();
        for text in ["...", "—", "।।।", "😀", "\u{200b}", "[pause:2s]", "```\nx\n```"] {
            let strip = Strip { markdown: true, emoji: false };
            let request = SpeechRequest { text: text.to_owned(), strip, ..SpeechRequest::default() };
            let script = Script::new(&profile, &OwnWords::default(), &voice, &request, false).unwrap();
            assert_eq!(script.pieces, [], "{text}");
            assert!(script.end_pause_ms >= NOTHING_MS, "{text}");
        }
    }

    #[test]
    fn every_piece_knows_what_was_typed_for_it() {
        let (profile, voice) = setup();
        let text = "**कीमत** ₹5 है। [pause:1s] ठीक &amp; सही".to_owned();
        let strip = Strip { markdown: true, emoji: true };
        let request = SpeechRequest { text: text.clone(), strip, ..SpeechRequest::default() };
        let script = Script::new(&profile, &OwnWords::default(), &voice, &request, false).unwrap();
        let typed: Vec<_> =
            script.preview().pieces.into_iter().map(|piece| text[piece.typed].to_owned()).collect();
        assert_eq!(typed, ["कीमत** ₹5 है।", "ठीक &amp; सही"]);
    }

    #[test]
    fn nothing_to_say_is_an_error() {
        for text in ["", " \n", "<happy>", " <sad> <happy> "] {
            assert!(
                said(text, None, Normalization::Auto)
                    .unwrap_err()
                    .to_string()
                    .contains("text must not be empty")
            );
        }
    }

    proptest! {
        #[test]
        fn no_piece_is_too_long_and_nothing_is_left_out(text in "[a-zक-ह। ,.?]{1,900}") {
            prop_assume!(text.contains(char::is_alphanumeric));
            let (profile, voice) = setup();
            let request =
                SpeechRequest { text: text.clone(), normalization: Normalization::Off, ..SpeechRequest::default() };
            let pieces = Script::new(&profile, &OwnWords::default(), &voice, &request, false).unwrap().pieces;
            prop_assert!(pieces.iter().all(|piece| piece.words.chars().count() <= profile.piece_characters));
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            let words: String = pieces.iter().map(|piece| piece.words.as_str()).collect();
            prop_assert_eq!(letters(&words), letters(&text));
        }
    }
}
