//! Turns a user's text into the pieces that the model is asked to say. Pure.

use std::borrow::Cow;

use svara_text::{Language, StyleTags, normalize, pack, strip_emoji, strip_markdown};

use crate::{
    error::SpeakError,
    profile::ModelProfile,
    request::{Normalization, SpeechRequest, Strip},
    voice::Voice,
};

/// What the model is asked to say for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    /// The words, in order. At least one piece; each fits into one generation.
    pub(crate) pieces: Vec<String>,
    /// The style of all pieces.
    pub(crate) style: Option<String>,
}

impl Script {
    /// Puts the style tag where the model looks for it: behind the words of a piece.
    pub(crate) fn prompt(piece: &str, style: Option<&str>) -> String {
        style.map_or_else(|| piece.to_owned(), |style| StyleTags::append(piece, style))
    }

    /// Writes the script of a request for this voice.
    ///
    /// Markdown and emoji are stripped first, if the request says so. Style tags are removed from the text; the style
    /// of the request overrides them. With `whole`, the text stays one piece, however long it is.
    ///
    /// # Errors
    /// The text has nothing but white space and tags, the style is unknown, or normalization is `On` for a language
    /// without rules.
    pub(crate) fn new(
        profile: &ModelProfile,
        voice: &Voice,
        request: &SpeechRequest,
        whole: bool,
    ) -> Result<Self, SpeakError> {
        let tags = StyleTags::new(&profile.style_tags);
        let asked = request.style.as_deref().map(|style| tags.resolve(style)).transpose()?;
        let typed = stripped(&request.text, request.strip);
        let (plain, typed_style) = tags.take(&typed);
        let said = normalized(&plain, voice, request.normalization)?;
        if said.trim().is_empty() {
            return Err(SpeakError::invalid("text", "must not be empty"));
        }
        let pieces = if whole { vec![&*said] } else { pack(&said, profile.piece_characters) };
        let pieces = pieces.into_iter().map(str::to_owned).collect();
        Ok(Self { pieces, style: asked.or(typed_style).map(str::to_owned) })
    }
}

fn stripped(typed: &str, strip: Strip) -> Cow<'_, str> {
    let text = if strip.markdown { Cow::Owned(strip_markdown(typed)) } else { Cow::Borrowed(typed) };
    match text {
        text if !strip.emoji => text,
        Cow::Borrowed(text) => strip_emoji(text),
        Cow::Owned(text) => Cow::Owned(strip_emoji(&text).into_owned()),
    }
}

fn normalized<'a>(
    text: &'a str,
    voice: &Voice,
    normalization: Normalization,
) -> Result<Cow<'a, str>, SpeakError> {
    let language = voice.language().parse::<Language>();
    match (normalization, language) {
        (Normalization::Off, _) | (Normalization::Auto, Err(_)) => Ok(Cow::Borrowed(text)),
        (Normalization::Auto | Normalization::On, Ok(language)) => Ok(normalize(text, language)),
        (Normalization::On, Err(error)) => Err(SpeakError::invalid(
            "text_normalization",
            format!("is not supported for the language of this voice: {error}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use svara_testkit::models::workspace;

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
        prompts(&Script::new(&profile, &voice, &request, false)?)
    }

    fn prompts(script: &Script) -> Result<Vec<String>, SpeakError> {
        let style = script.style.as_deref();
        Ok(script.pieces.iter().map(|piece| Script::prompt(piece, style)).collect())
    }

    #[test]
    fn markdown_and_emoji_go_where_that_is_asked_for() {
        let (profile, voice) = setup();
        let said = |markdown, emoji| {
            let text = "**वाह** 🙏 <happy>".to_owned();
            let request =
                SpeechRequest { text, strip: Strip { markdown, emoji }, ..SpeechRequest::default() };
            prompts(&Script::new(&profile, &voice, &request, false).unwrap()).unwrap().concat()
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
            prop_assume!(!text.trim().is_empty());
            let (profile, voice) = setup();
            let request =
                SpeechRequest { text: text.clone(), normalization: Normalization::Off, ..SpeechRequest::default() };
            let pieces = Script::new(&profile, &voice, &request, false).unwrap().pieces;
            prop_assert!(pieces.iter().all(|piece| piece.chars().count() <= profile.piece_characters));
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&pieces.concat()), letters(&text));
        }
    }
}
