//! Slips of TOML's syntax in plain words.

use toml::{
    Spanned,
    de::{DeTable, DeValue, Error},
};

use super::{
    expected::{expected, words},
    shape::Shape,
};

/// What quotes look like, also in texts that a word processor has touched.
const QUOTES: [char; 8] = ['"', '\'', '“', '”', '„', '‘', '’', '`'];

/// Whether a fault of the syntax is in a value alone, so that the rest can be read.
pub(super) fn is_in_value(table: &DeTable<'_>, error: &Error) -> bool {
    let Some(at) = error.span().map(|span| span.start) else { return false };
    !is_open(error) && value_at(table, at).is_some()
}

/// Whether something has no end.
pub(super) fn is_open(error: &Error) -> bool {
    error.message().starts_with("unclosed")
}

/// Where the value begins that a place is in.
pub(super) fn value_at(table: &DeTable<'_>, at: usize) -> Option<usize> {
    table.iter().find_map(|(_, value)| begin(value, at))
}

fn begin(value: &Spanned<DeValue<'_>>, at: usize) -> Option<usize> {
    match value.get_ref() {
        DeValue::Table(table) => value_at(table, at),
        DeValue::Array(items) if !is_leaf(value.get_ref()) => items.iter().find_map(|item| begin(item, at)),
        _ => (value.span().start..=value.span().end).contains(&at).then_some(value.span().start),
    }
}

/// Whether it has no keys in it.
pub(super) fn is_leaf(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Table(_) => false,
        DeValue::Array(items) => !items.iter().any(|item| item.get_ref().is_table()),
        _ => true,
    }
}

/// What is written from a place on.
pub(super) fn rest_of_line(text: &str, at: usize) -> &str {
    let line = text.get(at..).unwrap_or_default().lines().next().unwrap_or_default();
    line.split(" #").next().unwrap_or_default().trim()
}

/// What should be there in place of what is no value.
pub(super) fn of_value(path: &str, shape: Shape, value: &DeValue<'_>, written: &str) -> String {
    let key = path.rsplit('.').next().unwrap_or(path);
    // In a table on one line, something else may follow.
    let bare = if written.starts_with(QUOTES) || written.starts_with('[') {
        written.trim_end_matches([';', ' '])
    } else {
        written.split([',', '}', ';']).next().unwrap_or_default().trim()
    };
    let text = bare.trim_end_matches(['}', ' ']).trim_matches(QUOTES);
    match shape {
        _ if bare.is_empty() => format!("has no value: {}", expected(path, shape, value)),
        Shape::Text => format!("expected text in quotes: {key} = {text:?}"),
        Shape::Duration => format!("expected a time in quotes: {key} = {text:?}"),
        Shape::Size => format!("expected a size in quotes: {key} = {text:?}"),
        Shape::Scalar if matches!(value, DeValue::Boolean(_)) => {
            format!("expected a number, true or false: {key} = {}", text.to_lowercase())
        }
        Shape::Words if bare.starts_with('[') => {
            let inner = bare.trim_matches(['[', ']']).replace([',', '“', '”', '„'], " ");
            format!(
                "expected a list of words, each in quotes, with commas between them: {key} = {}",
                words(inner.trim())
            )
        }
        Shape::Words => format!("expected a list of words: {key} = {}", words(text)),
        shape => expected(path, shape, value),
    }
}

/// What is wrong with a line that is more than a wrong value. `message` is the parser's.
pub(super) fn of_line(message: &str, line: &str) -> Option<String> {
    let colon = line.split_once(':').filter(|(key, _)| !key.contains(['=', '[', '{', '"']));
    if message.starts_with("unclosed array") {
        Some("a list has no end: write `]` behind its last item".to_owned())
    } else if message.starts_with("string values must be quoted") {
        match line.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
            Some((key, value)) if !value.is_empty() && !value.starts_with(['[', '{']) => {
                Some(format!("expected text in quotes: {key} = {:?}", value.trim_matches(QUOTES)))
            }
            _ => Some("each text stands in quotes: \"…\"".to_owned()),
        }
    } else if let Some((key, value)) = colon {
        Some(format!("write `=` in place of the colon: {} = {}", key.trim(), value.trim()))
    } else if line.starts_with('[') && !line.ends_with(']') {
        Some("the name of a table stands in brackets, alone in its line".to_owned())
    } else if !line.is_empty() && !line.contains(['=', ' ', '[', '"']) {
        Some(format!("`{line}` has no value: write {line} = …"))
    } else {
        None
    }
}
