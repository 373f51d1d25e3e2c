//! The header `Forwarded`, as RFC 7239 has it. Pure.

use std::{iter::Peekable, str::Chars};

/// What the elements of a header's value name as `for`, in order: an empty text where one names nothing, or more than one.
/// `None` if the value isn't of the form of RFC 7239: then who wrote which part of it isn't known.
pub(crate) fn nodes(value: &str) -> Option<Vec<String>> {
    let mut rest = value.chars().peekable();
    let mut nodes = Vec::new();
    loop {
        let mut node: Option<String> = None;
        let (mut pairs, mut named) = (0, 0);
        // The pairs of one element.
        loop {
            skip_blanks(&mut rest);
            let name = token(&mut rest);
            if !name.is_empty() {
                pairs += 1;
                skip_blanks(&mut rest);
                rest.next_if_eq(&'=')?;
                skip_blanks(&mut rest);
                let value = if rest.peek() == Some(&'"') { quoted(&mut rest)? } else { bare(&mut rest) };
                if name.eq_ignore_ascii_case("for") {
                    named += 1;
                    node = Some(value);
                }
                skip_blanks(&mut rest);
            }
            if rest.next_if_eq(&';').is_none() {
                break;
            }
        }
        // A list may have empty elements.
        if pairs > 0 {
            nodes.push(node.filter(|_| named == 1).unwrap_or_default());
        }
        match rest.next() {
            None => return Some(nodes),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}

fn skip_blanks(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|next| matches!(next, ' ' | '\t')).is_some() {}
}

fn token(rest: &mut Peekable<Chars<'_>>) -> String {
    let is_token = |next: &char| next.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(*next);
    std::iter::from_fn(|| rest.next_if(is_token)).collect()
}

/// A value without quotes. Some proxies write addresses with brackets, colons and slashes so.
fn bare(rest: &mut Peekable<Chars<'_>>) -> String {
    std::iter::from_fn(|| rest.next_if(|next| !matches!(next, ',' | ';' | '"' | ' ' | '\t'))).collect()
}

/// A text in quotes, in which a backslash stands before any character that is meant as it is.
fn quoted(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    rest.next_if_eq(&'"')?;
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => text.push(rest.next()?),
            next => text.push(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_hold_an_element_together() {
        for (value, expected) in [
            ("for=192.0.2.1", Some(&["192.0.2.1"][..])),
            ("For=\"[2001:db8::1]:4711\";proto=http;by=203.0.113.43", Some(&["[2001:db8::1]:4711"])),
            ("for=192.0.2.43, for=198.51.100.17", Some(&["192.0.2.43", "198.51.100.17"])),
            ("for=\"a, b\", for=192.0.2.1", Some(&["a, b", "192.0.2.1"])),
            ("for=\"a;for=1.1.1.1\"", Some(&["a;for=1.1.1.1"])),
            (r#"for="a\", for=1.1.1.1", for=192.0.2.1"#, Some(&["a\", for=1.1.1.1", "192.0.2.1"])),
            (r#"for="\1.1.1.1""#, Some(&["1.1.1.1"])),
            ("by=a;host=\"for=1.1.1.1, for=1.1.1.1\"", Some(&[""])),
            ("for=1.1.1.1;for=2.2.2.2", Some(&[""])),
            (" , for = 192.0.2.1 ; ;proto=http ,, ", Some(&["192.0.2.1"])),
            ("for=[::1]:9", Some(&["[::1]:9"])),
            ("", Some(&[])),
            ("for=\"a, for=192.0.2.1", None),
            ("for=\"a\"b", None),
            ("for=a\"b\"", None),
            ("for", None),
            ("for=\"a\\", None),
            ("for=a b", None),
        ] {
            let nodes = nodes(value);
            let nodes: Option<Vec<&str>> =
                nodes.as_ref().map(|nodes| nodes.iter().map(String::as_str).collect());
            assert_eq!(nodes.as_deref(), expected, "{value}");
        }
    }

    proptest! {
        /// Whatever a client wrote before it, the element that a proxy adds is the last one, or nothing is believed.
        #[test]
        fn no_client_takes_a_proxys_place(text in "[a-z0-9=\",; \\\\]{0,40}") {
            let both = format!("{text}, for=192.0.2.1");
            if let (Some(_), Some(nodes)) = (nodes(&text), nodes(&both)) {
                prop_assert_eq!(nodes.last().map(String::as_str), Some("192.0.2.1"));
            }
        }

        #[test]
        fn what_is_quoted_comes_back(texts in prop::collection::vec("[ -~]{1,20}", 1..5)) {
            let quote = |text: &String| format!("for=\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            let value = texts.iter().map(quote).collect::<Vec<_>>().join(", ");
            prop_assert_eq!(nodes(&value), Some(texts));
        }
    }
}
