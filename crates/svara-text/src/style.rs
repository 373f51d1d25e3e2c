//! Style tags: a tag such as `<happy>` at the end of a text sets how it is spoken.

use std::borrow::Cow;

use crate::tag::tags;

/// The styles of a model.
#[derive(Debug, Clone, Copy)]
pub struct StyleTags<'a> {
    known: &'a [String],
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
        Self { known }
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
        let mut last = None;
        let mut kept = String::new();
        let mut copied = 0;
        for range in tags(text) {
            let Some(style) = text.get(range.start + 1..range.end - 1).and_then(|name| self.find(name))
            else {
                continue;
            };
            last = Some(style);
            kept.push_str(text.get(copied..range.start).unwrap_or_default());
            copied = range.end;
            // One space replaces the tag and the white space around it.
            if kept.ends_with(char::is_whitespace) {
                kept.truncate(kept.trim_end().len());
                kept.push(' ');
            }
            let rest = text.get(copied..).unwrap_or_default();
            if kept.is_empty() || kept.ends_with(' ') {
                copied += rest.len() - rest.trim_start().len();
            }
        }
        if last.is_none() {
            return (Cow::Borrowed(text), None);
        }
        kept.push_str(text.get(copied..).unwrap_or_default());
        kept.truncate(kept.trim_end().len());
        (Cow::Owned(kept), last)
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
