//! Style tags: a tag such as `<happy>` sets how a text is spoken, or what is heard in its place.

use std::{borrow::Cow, ops::Range};

use crate::{
    edits::{Edited, Editor},
    tag::tags,
};

/// The styles of a model.
#[derive(Debug, Clone, Copy)]
pub struct StyleTags<'a> {
    known: &'a [String],
    place: TagPlace,
}

/// Where a model looks for its tags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TagPlace {
    /// At the end of what it says: one tag for all of it.
    #[default]
    End,
    /// Where they were typed: they are events, such as a laugh.
    Typed,
}

/// A style that the model doesn't have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown style {style:?}; the styles are {}", known.join(", "))]
pub struct UnknownStyle {
    /// The style as given, cut to 64 characters.
    pub style: String,
    /// The styles of the model.
    pub known: Vec<String>,
}

impl<'a> StyleTags<'a> {
    /// Takes bare names such as `happy`, without brackets.
    #[must_use]
    pub const fn new(known: &'a [String]) -> Self {
        Self { known, place: TagPlace::End }
    }

    /// The same tags in another place.
    #[must_use]
    pub const fn placed(self, place: TagPlace) -> Self {
        Self { place, ..self }
    }

    /// Where the model looks for them.
    #[must_use]
    pub const fn place(&self) -> TagPlace {
        self.place
    }

    /// Whether the model has a tag of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Finds the style that `style` names, in any letter case, with or without brackets.
    ///
    /// # Errors
    /// The model has no such style.
    pub fn resolve(&self, style: &str) -> Result<&'a str, UnknownStyle> {
        let name = style.trim();
        let name = name.strip_prefix('<').and_then(|name| name.strip_suffix('>')).unwrap_or(name);
        self.find(name).ok_or_else(|| UnknownStyle {
            style: style.chars().take(64).collect(),
            known: self.known.to_vec(),
        })
    }

    /// Finds the one style that free-form instructions such as "speak in a happy tone" name as a word.
    ///
    /// `None` if they name no style, or more than one.
    #[must_use]
    pub fn named_in(&self, instructions: &str) -> Option<&'a str> {
        let mut named = instructions.split(|c: char| !c.is_alphanumeric()).filter_map(|word| self.find(word));
        let first = named.next()?;
        named.all(|style| style == first).then_some(first)
    }

    /// Removes the style tags from `text`. Returns the text without them, and the style of the last one.
    ///
    /// Tags that name no style stay where they are.
    #[must_use]
    pub fn take<'t>(&self, text: &'t str) -> (Cow<'t, str>, Option<&'a str>) {
        let (taken, last) = self.take_mapped(text);
        (taken.text, last)
    }

    /// [`Self::take`], with the map.
    pub(crate) fn take_mapped<'t>(&self, text: &'t str) -> (Edited<'t>, Option<&'a str>) {
        let mut editor = Editor::new(text);
        let mut last = None;
        let mut gap: Option<Range<usize>> = None;
        for (range, style) in self.typed(text) {
            last = Some(style);
            // One space replaces the tags and the white space around them.
            let before = text.get(..range.start).map_or(0, |before| before.trim_end().len());
            let behind = text.get(range.end..).map_or(0, |behind| behind.len() - behind.trim_start().len());
            match &mut gap {
                Some(gap) if gap.end >= before => gap.end = range.end + behind,
                _ => {
                    close(&mut editor, text, gap.take());
                    gap = Some(before..range.end + behind);
                }
            }
        }
        close(&mut editor, text, gap);
        (editor.finish(), last)
    }

    /// Spells the tags in `text` as the model knows them.
    pub(crate) fn spell<'t>(&self, text: &'t str) -> Edited<'t> {
        let mut editor = Editor::new(text);
        for (range, style) in self.typed(text) {
            editor.replace(range.start + 1..range.end - 1, style);
        }
        editor.finish()
    }

    /// The model's tags in `text`.
    fn typed<'t>(&self, text: &'t str) -> impl Iterator<Item = (Range<usize>, &'a str)> + use<'a, 't> {
        let tags_of = *self;
        tags(text).filter_map(move |range| {
            let style = text.get(range.start + 1..range.end - 1).and_then(|name| tags_of.find(name))?;
            Some((range, style))
        })
    }

    /// Appends the tag of `style` to `text`: models are trained to find it at the end.
    #[must_use]
    pub fn append(text: &str, style: &str) -> String {
        format!("{} <{style}>", text.trim_end())
    }

    fn find(&self, name: &str) -> Option<&'a str> {
        self.known.iter().find(|known| known.eq_ignore_ascii_case(name)).map(String::as_str)
    }
}

/// Puts one space in the place of `gap`, if it holds any and parts words.
fn close(editor: &mut Editor, text: &str, gap: Option<Range<usize>>) {
    let Some(gap) = gap else { return };
    let has_space = text.get(gap.clone()).is_some_and(|gap| gap.contains(char::is_whitespace));
    let parts = has_space && gap.start > 0 && gap.end < text.len();
    editor.replace(gap, if parts { " " } else { "" });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<String> {
        ["happy", "sad", "anger", "fear", "clear"].map(str::to_owned).to_vec()
    }

    #[test]
    fn an_unknown_style_lists_the_styles() {
        let known = known();
        let styles = StyleTags::new(&known);
        assert_eq!(styles.resolve("Happy"), Ok("happy"));
        assert_eq!(styles.resolve(" <sad> "), Ok("sad"));
        let error = styles.resolve("angry").unwrap_err().to_string();
        assert_eq!(error, "unknown style \"angry\"; the styles are happy, sad, anger, fear, clear");
    }

    #[test]
    fn instructions_name_one_style_or_none() {
        let known = known();
        let styles = StyleTags::new(&known);
        assert_eq!(styles.named_in("Speak in a happy, bright tone."), Some("happy"));
        assert_eq!(styles.named_in("clear and CLEAR"), Some("clear"));
        assert_eq!(styles.named_in("not sad but happy"), None);
        assert_eq!(styles.named_in("unhappy"), None);
    }

    #[test]
    fn typed_tags_are_taken_out() {
        let known = known();
        let styles = StyleTags::new(&known);
        for (text, rest, style) in [
            ("नमस्ते <happy>", "नमस्ते", Some("happy")),
            ("<SAD> नमस्ते दुनिया", "नमस्ते दुनिया", Some("sad")),
            ("नमस्ते <fear> दुनिया", "नमस्ते दुनिया", Some("fear")),
            ("a<fear>b <sad>", "ab", Some("sad")),
            ("1 < 2 <b> ok", "1 < 2 <b> ok", None),
            ("<happy>", "", Some("happy")),
        ] {
            assert_eq!(styles.take(text), (Cow::Borrowed(rest), style), "{text}");
        }
        assert!(matches!(styles.take("no tag"), (Cow::Borrowed(_), None)));
    }

    #[test]
    fn the_tag_goes_to_the_end() {
        assert_eq!(StyleTags::append("नमस्ते।\n", "happy"), "नमस्ते। <happy>");
    }
}
