//! HTML's character references: `&amp;`, `&#39;`, `&nbsp;`.

use std::borrow::Cow;

use pulldown_cmark::{Event, Parser};

/// The longest name of HTML's, with room to spare.
const MAX_BYTES: usize = 34;

/// Reads the reference that `text` starts with: its length and what it stands for. One that was escaped again, however
/// often, counts as one: `&amp;amp;lt;`.
pub(super) fn read(text: &str) -> Option<(usize, Cow<'static, str>)> {
    let mut rest = text.strip_prefix('&')?;
    let mut escapes = 0;
    while let Some(inner) = rest.strip_prefix("amp;") {
        rest = inner;
        escapes += 1;
    }
    let escaped = text.len() - rest.len();
    let named =
        rest.as_bytes().iter().take(MAX_BYTES).position(|b| !(b.is_ascii_alphanumeric() || *b == b'#'));
    let name =
        named.and_then(|end| rest.get(..end)).filter(|name| rest.as_bytes().get(name.len()) == Some(&b';'));
    match name.and_then(|name| Some((name.len(), character(name)?))) {
        Some((len, character)) => Some((escaped + len + 1, character)),
        None if escapes > 0 => Some((escaped, Cow::Borrowed("&"))),
        None => None,
    }
}

fn character(name: &str) -> Option<Cow<'static, str>> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = match hex {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        // What is no character is nothing to say.
        return code
            .ok()
            .map(|code| char::from_u32(code).map_or(Cow::Borrowed(""), |c| c.to_string().into()));
    }
    let common = match name {
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        "nbsp" => " ",
        _ => "",
    };
    if !common.is_empty() {
        return Some(Cow::Borrowed(common));
    }
    // All the others are in the table of the Markdown parser.
    let reference = format!("&{name};");
    let mut words = String::new();
    for event in Parser::new(&reference) {
        if let Event::Text(text) = event {
            words.push_str(&text);
        }
    }
    (words != reference).then_some(Cow::Owned(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_become_characters() {
        for (typed, len, said) in [
            ("&amp; x", 5, "&"),
            ("&#39;s", 5, "'"),
            ("&#x20B9;5", 8, "₹"),
            ("&rsquo;", 7, "’"),
            ("&eacute;t", 8, "é"),
            ("&amp;lt;", 8, "<"),
            ("&amp;amp;amp;", 13, "&"),
            ("&#xD800;", 8, ""),
        ] {
            assert_eq!(read(typed), Some((len, said.into())), "{typed}");
        }
        for text in ["& ", "&nosuchname;", "&copy", "AT&T;", "&;", "&#;"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
