//! From what a user typed to what the model is asked to say, piece by piece. Pure.

use std::borrow::Cow;

use crate::{
    ModelProfile, Normalization, SpeakError, Voice,
    text::{self, Language, style::StyleTags},
};

/// The pieces of a text, in order; each fits into one generation. At least one.
///
/// Style tags typed anywhere in the text are taken out and put at the end of each piece, where the model looks for
/// them; `style` goes before typed ones. With `whole`, the text stays one piece however long it is.
///
/// # Errors
/// The text is nothing but white space and tags, the style is unknown, or normalization was demanded for a language
/// that has no rules.
pub(crate) fn pieces(
    profile: &ModelProfile,
    voice: &Voice,
    typed: &str,
    style: Option<&str>,
    normalization: Normalization,
    whole: bool,
) -> Result<Vec<String>, SpeakError> {
    let tags = StyleTags::new(&profile.style_tags);
    let asked = style.map(|style| tags.resolve(style)).transpose();
    let asked = asked.map_err(|error| SpeakError::invalid("style", error.to_string()))?;
    let (plain, typed_style) = tags.take(typed);
    let said = normalized(&plain, voice, normalization)?;
    if said.trim().is_empty() {
        return Err(SpeakError::invalid("text", "must not be empty"));
    }
    let pieces = if whole { vec![&*said] } else { text::pack(&said, profile.piece_characters) };
    let style = asked.or(typed_style);
    Ok(pieces
        .into_iter()
        .map(|piece| style.map_or_else(|| piece.to_owned(), |style| StyleTags::append(piece, style)))
        .collect())
}

fn normalized<'a>(
    text: &'a str,
    voice: &Voice,
    normalization: Normalization,
) -> Result<Cow<'a, str>, SpeakError> {
    let language = voice.language().parse::<Language>();
    match (normalization, language) {
        (Normalization::Off, _) | (Normalization::Auto, Err(_)) => Ok(Cow::Borrowed(text)),
        (Normalization::Auto | Normalization::On, Ok(language)) => Ok(text::normalize(text, language)),
        (Normalization::On, Err(error)) => {
            Err(SpeakError::invalid("text_normalization", format!("is not to be had: {error}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use svara_testkit::models::workspace;

    use super::*;
    use crate::Voices;

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
        pieces(&profile, &voice, typed, style, normalization, false)
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
            let pieces = pieces(&profile, &voice, &text, None, Normalization::Off, false).unwrap();
            prop_assert!(pieces.iter().all(|piece| piece.chars().count() <= profile.piece_characters));
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&pieces.concat()), letters(&text));
        }
    }
}
