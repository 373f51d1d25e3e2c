//! Reads tags of HTML and SSML.

/// The longest tag in bytes. Anything longer is a stray `<` followed by text.
const MAX_TAG_BYTES: usize = 2_000;

/// Attributes that may stand without a value. In any other tag, a bare word says that it is no tag: `a<b and c>d`.
const BARE_ATTRIBUTES: [&str; 14] = [
    "allowfullscreen",
    "async",
    "autoplay",
    "checked",
    "controls",
    "defer",
    "disabled",
    "hidden",
    "loop",
    "multiple",
    "muted",
    "open",
    "required",
    "selected",
];

/// A tag, without what it means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag<'t> {
    pub(super) name: &'t str,
    pub(super) kind: Kind,
    attributes: Vec<(&'t str, &'t str)>,
    /// In bytes, brackets included.
    pub(super) len: usize,
}

/// Where a tag stands at an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Start,
    End,
    /// An element without content: `<br/>`.
    Empty,
}

impl<'t> Tag<'t> {
    /// Reads the tag that `text` starts with. Attributes need no quotes; their values hold no `<`.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let end = text.floor_char_boundary(MAX_TAG_BYTES);
        let inner = text.get(..end)?.strip_prefix('<')?;
        let (inner, is_end) = inner.strip_prefix('/').map_or((inner, false), |inner| (inner, true));
        if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let (name, mut rest) = split(inner, |c| !(c.is_ascii_alphanumeric() || ":.-".contains(c)));
        let mut attributes = Vec::new();
        loop {
            let after = rest.trim_start();
            if let Some(behind) = after.strip_prefix('>') {
                let kind = if is_end { Kind::End } else { Kind::Start };
                return Some(Self { name, kind, attributes, len: text.len().min(end) - behind.len() });
            }
            if let Some(behind) = after.strip_prefix("/>") {
                let kind = if is_end { Kind::End } else { Kind::Empty };
                return Some(Self { name, kind, attributes, len: text.len().min(end) - behind.len() });
            }
            if after.len() == rest.len() || is_end {
                return None;
            }
            let (attribute, behind) = split(after, |c: char| c.is_whitespace() || "\"'<>/=".contains(c));
            if attribute.is_empty() {
                return None;
            }
            let Some(value) = behind.trim_start().strip_prefix('=') else {
                if !BARE_ATTRIBUTES.iter().any(|bare| bare.eq_ignore_ascii_case(attribute)) {
                    return None;
                }
                rest = behind;
                continue;
            };
            let value = value.trim_start();
            let quote = value.chars().next().filter(|c| *c == '"' || *c == '\'');
            let (value, behind) = match quote {
                Some(quote) => {
                    let (value, behind) = split(value.get(1..)?, |c| c == quote || c == '<');
                    (value, behind.strip_prefix(quote)?)
                }
                None => split(value, |c: char| c.is_whitespace() || "\"'<>=`".contains(c)),
            };
            attributes.push((attribute, value));
            rest = behind;
        }
    }

    /// The value of an attribute, in any letter case.
    pub(super) fn attribute(&self, name: &str) -> Option<&'t str> {
        self.attributes
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// Whether there are any attributes.
    pub(super) fn is_bare(&self) -> bool {
        self.attributes.is_empty()
    }
}

fn split(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at_checked(text.find(ends).unwrap_or(text.len())).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_a_name_and_attributes() {
        let tag = Tag::read("<break time='1.5s' strength=weak/> x").unwrap();
        assert_eq!((tag.name, tag.kind, tag.len), ("break", Kind::Start, 34));
        let tag = Tag::read("<Break TIME=\"1.5s\" /> x").unwrap();
        assert_eq!(
            (tag.name, tag.kind, tag.attribute("time"), tag.len),
            ("Break", Kind::Empty, Some("1.5s"), 21)
        );
        assert_eq!(Tag::read("</say-as >").map(|tag| tag.kind), Some(Kind::End));
        assert_eq!(Tag::read("<amazon:effect name=\"a > b\">x").map(|tag| tag.len), Some(28));
        assert_eq!(Tag::read("<input disabled>").map(|tag| tag.len), Some(16));
    }

    #[test]
    fn what_is_no_tag_is_text() {
        for text in [
            "< b>",
            "<3",
            "<b and c>",
            "<your name>",
            "<a",
            "<a href=\"x",
            "<https://a.in>",
            "</b x=1>",
            "<अ>",
            "<custom_token_2>",
            "<a b=\"<c>\">",
        ] {
            assert_eq!(Tag::read(text), None, "{text}");
        }
    }
}
