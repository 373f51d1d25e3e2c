//! Emoji: pictures that are nothing to say.

use icu_properties::props::{BinaryProperty, EmojiPresentation, ExtendedPictographic, RegionalIndicator};
use unicode_segmentation::UnicodeSegmentation;

use crate::edits::{Edited, Editor};

/// Removes emoji. One between two words leaves a space.
///
/// Characters that are shown as text by default (`©`, `™`, arrows) stay, unless the variation selector U+FE0F asks for
/// a picture.
pub(super) fn drop_emoji(text: &str) -> Edited<'_> {
    let mut editor = Editor::new(text);
    if !text.contains(|c: char| c >= '\u{a9}' && may_be_emoji(c)) {
        return editor.finish();
    }
    let mut taken = false;
    for (at, cluster) in text.grapheme_indices(true) {
        let range = at..at + cluster.len();
        if is_emoji(cluster) {
            let before = editor.last(at);
            let next = text.get(range.end..).and_then(|rest| rest.chars().next());
            let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            editor.replace(range, if joins(before) && joins(next) { " " } else { "" });
            taken = true;
            continue;
        }
        let double_space = cluster == " " && editor.last(at).is_none_or(char::is_whitespace);
        if taken && double_space {
            editor.replace(range, "");
        } else {
            taken = false;
        }
    }
    editor.finish()
}

fn may_be_emoji(c: char) -> bool {
    EmojiPresentation::for_char(c) || RegionalIndicator::for_char(c) || ExtendedPictographic::for_char(c)
}

fn is_emoji(cluster: &str) -> bool {
    let Some(first) = cluster.chars().next().filter(|first| !first.is_ascii()) else { return false };
    EmojiPresentation::for_char(first)
        || RegionalIndicator::for_char(first)
        || (ExtendedPictographic::for_char(first) && (first >= '\u{2600}' || cluster.contains('\u{FE0F}')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_go_and_signs_stay() {
        for (text, bare) in [
            ("नमस्ते 🙏 दुनिया", "नमस्ते दुनिया"),
            ("👨‍👩‍👧‍👦 परिवार 🇮🇳", "परिवार "),
            ("ठीक👍🏽है", "ठीक है"),
            ("बजे ❤️ ❤", "बजे "),
            ("Great job! 🎉🎉 See you 👋🏽.", "Great job! See you ."),
            ("© ™ 5°C → ₹", "© ™ 5°C → ₹"),
        ] {
            assert_eq!(drop_emoji(text).text, bare, "{text}");
        }
    }
}
