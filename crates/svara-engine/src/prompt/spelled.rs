//! Prompts of text, for the engine's own tokenizer.

use std::fmt::Write;

use super::Fillings;
use crate::profile::{ModelProfile, PromptPart};

/// Spells out the control tokens around the words.
pub(super) fn prompt(parts: &[PromptPart], with: &Fillings<'_>, profile: &ModelProfile) -> String {
    let mut prompt = String::new();
    for part in parts {
        match part {
            PromptPart::Control(token) => prompt.push_str(&token.text),
            PromptPart::Text => prompt.push_str(&without_tokens(with.text, &profile.style_tags)),
            PromptPart::Transcript => prompt.push_str(&without_tokens(with.transcript, &profile.style_tags)),
            PromptPart::Reference => {
                let numbers = with.reference.iter().filter_map(|token| profile.layout.custom_number(*token));
                for number in numbers {
                    // Writing to a string can't fail.
                    let _ = write!(prompt, "<custom_token_{number}>");
                }
            }
        }
    }
    prompt
}

/// Breaks up whatever a tokenizer could take for a token of its added vocabulary: `<tag>` becomes `< tag>`. Style tags
/// stay, because they are ordinary words to the tokenizer.
fn without_tokens(words: &str, style_tags: &[String]) -> String {
    let mut safe = String::with_capacity(words.len() + 8);
    let mut rest = words;
    while let Some(at) = rest.find('<') {
        let (before, after) = rest.split_at(at + 1);
        safe.push_str(before);
        let is_style =
            after.split_once('>').is_some_and(|(tag, _)| style_tags.iter().any(|style| style == tag));
        if !is_style && !after.starts_with(char::is_whitespace) {
            safe.push(' ');
        }
        rest = after;
    }
    safe.push_str(rest);
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn svara() -> ModelProfile {
        let path = svara_testkit::models::workspace().join("config/models/svara-v1.toml");
        ModelProfile::load(&path).unwrap()
    }

    #[test]
    fn control_tokens_stand_around_the_words() {
        let profile = svara();
        let words = "Hindi (Male): 1 < 2 <custom_token_2> <happy>";
        let with = Fillings { text: words, transcript: "", reference: &[] };
        assert_eq!(
            prompt(&profile.preset, &with, &profile),
            "<|begin_of_text|><custom_token_3><|audio|>Hindi (Male): 1 < 2 < custom_token_2> <happy>\
             <custom_token_4><|eot_id|><custom_token_5><custom_token_1>"
        );
    }

    #[test]
    fn a_recording_is_spelled_token_by_token() {
        let profile = svara();
        let parts = &profile.clone.as_ref().unwrap().with_transcript;
        let with = Fillings { text: "b", transcript: "a<|eot_id|>", reference: &[128_266, 128_266 + 4096] };
        assert_eq!(
            prompt(parts, &with, &profile),
            "<|begin_of_text|><custom_token_3><|audio|>a< |eot_id|><custom_token_4><|eot_id|>\
             <custom_token_5><custom_token_1><custom_token_10><custom_token_4106><custom_token_2><custom_token_6>\
             <|eot_id|><custom_token_3><|audio|>b<custom_token_4><|eot_id|><custom_token_5><custom_token_1>"
        );
    }

    proptest! {
        #[test]
        fn no_token_survives(words in "(<|[|]|custom_token_|[0-9]|>|happy|\\PC){0,30}") {
            let safe = without_tokens(&words, &["happy".to_owned()]);
            for at in safe.match_indices('<').map(|(at, _)| at) {
                let after = &safe[at + 1..];
                let harmless = after.is_empty() || after.starts_with(char::is_whitespace) || after.starts_with("happy>");
                prop_assert!(harmless, "{}", safe);
            }
        }
    }
}
