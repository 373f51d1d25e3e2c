//! Prompts of text, for when there is no tokenizer at hand and the engine's has to do.

use crate::profile::PromptPart;

/// The control tokens spelled out around the words.
pub(super) fn prompt(parts: &[PromptPart], words: &str, style_tags: &[String]) -> String {
    let words = without_tokens(words, style_tags);
    parts
        .iter()
        .map(|part| match part {
            PromptPart::Control(token) => token.text.as_str(),
            PromptPart::Text => words.as_str(),
        })
        .collect()
}

/// Breaks up whatever an engine's tokenizer could take for a token of its added vocabulary: `<tag>` becomes `< tag>`.
/// Style tags stay: they are words to the tokenizer.
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
    use crate::profile::ControlToken;

    #[test]
    fn control_tokens_stand_around_the_words() {
        let control = |text: &str| PromptPart::Control(ControlToken { id: 0, text: text.to_owned() });
        let parts = [control("<|begin_of_text|>"), PromptPart::Text, control("<custom_token_4>")];
        let text = prompt(&parts, "Hindi (Male): 1 < 2 <custom_token_2> <happy>", &["happy".to_owned()]);
        assert_eq!(text, "<|begin_of_text|>Hindi (Male): 1 < 2 < custom_token_2> <happy><custom_token_4>");
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
