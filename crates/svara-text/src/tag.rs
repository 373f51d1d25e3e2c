//! `<tag>`s in text: never split, never normalized.

use std::ops::Range;

/// The longest tag in bytes, brackets included. Anything longer is a stray `<` followed by text.
const MAX_TAG_BYTES: usize = 34;

/// The length in bytes of the tag that `text` starts with: `<`, an ASCII letter, then ASCII letters, digits, `_` or
/// `-`, and `>`.
pub(crate) fn tag_len(text: &str) -> Option<usize> {
    let name = text.strip_prefix('<')?;
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let end = name
        .bytes()
        .take(MAX_TAG_BYTES)
        .position(|b| !(b.is_ascii_alphanumeric() || b == b'_' || b == b'-'))?;
    (name.as_bytes().get(end) == Some(&b'>')).then_some(end + 2)
}

/// The byte ranges of the tags in `text`, in order.
pub(crate) fn tags(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices('<').filter_map(|(start, _)| Some(start..start + tag_len(text.get(start..)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_short_names_in_brackets() {
        assert_eq!(tag_len("<happy> x"), Some(7));
        for text in ["happy>", "<happy", "<5>", "< happy>", "<ha ppy>", "<>", "<खुश>", ""] {
            assert_eq!(tag_len(text), None, "{text}");
        }
        assert_eq!(tag_len(&format!("<{}>", "a".repeat(40))), None);
        assert_eq!(tags("a <b> < <c>").collect::<Vec<_>>(), [2..5, 8..11]);
    }
}
