//! The file as it is written: its sections, keys and values, each with its line, and the slips of its syntax as the parser tells
//! them.

use std::ops::Range;

use serde::Deserialize;
use toml::{
    Spanned, Value,
    de::{DeTable, DeValue, Error, ValueDeserializer},
};

/// A file as it is written.
pub(super) struct Written {
    /// What is on its top level: sections, and keys that are in none.
    pub(super) tops: Vec<Top>,
    /// Slips that are in no value: their lines, and what the parser says of each.
    pub(super) slips: Vec<(usize, String)>,
}

/// A section, or a key that is in none.
pub(super) struct Top {
    pub(super) name: String,
    pub(super) line: usize,
    /// None of what is no section.
    pub(super) keys: Option<Vec<Key>>,
}

/// A key of a section.
pub(super) struct Key {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) value: Read,
}

/// What is read of a value.
pub(super) enum Read {
    /// A value, which may still be wrong for its key.
    Value(Value),
    /// A whole number that needs more than 64 bits.
    TooLarge,
    /// Something that is no value.
    Slip(Slip),
}

/// Something that is no value.
pub(super) struct Slip {
    /// The keys below that of the section: `.name` in `[[server.keys]]`.
    pub(super) below: String,
    pub(super) line: usize,
    /// The rest of the line behind the `=`.
    pub(super) raw: String,
    /// What the parser takes for wrong, if it is a part.
    pub(super) part: String,
    /// Whether a list has no end.
    pub(super) is_open: bool,
}

impl Written {
    pub(super) fn read(text: &str) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        let mut reader = Reader { text, errors: errors.into_iter().map(Some).collect() };
        let mut tops: Vec<Top> = root.get_ref().iter().map(|(name, value)| reader.top(name, value)).collect();
        tops.sort_by_key(|top| top.line);
        let slips = reader.others();
        Self { tops, slips }
    }
}

struct Reader<'a> {
    text: &'a str,
    /// Those that no value has taken yet.
    errors: Vec<Option<Error>>,
}

type Name<'a> = Spanned<std::borrow::Cow<'a, str>>;

impl Reader<'_> {
    fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }

    fn top(&mut self, name: &Name<'_>, value: &Spanned<DeValue<'_>>) -> Top {
        let keys = match value.get_ref() {
            DeValue::Table(table) => {
                let mut keys: Vec<Key> = table.iter().map(|(name, value)| self.key(name, value)).collect();
                keys.sort_by_key(|key| key.line);
                Some(keys)
            }
            _ => {
                // It is told that the key is in no section; how it is written doesn't matter.
                while self.slip(String::new(), value).is_some() {}
                None
            }
        };
        Top { name: name.get_ref().to_string(), line: self.line(name.span().start), keys }
    }

    fn key(&mut self, name: &Name<'_>, value: &Spanned<DeValue<'_>>) -> Key {
        let read = match self.slip(String::new(), value) {
            Some(slip) => Read::Slip(slip),
            None if is_too_large(value.get_ref()) => Read::TooLarge,
            None => match Value::deserialize(ValueDeserializer::from(value.clone())) {
                Ok(value) => Read::Value(value),
                Err(error) => {
                    self.errors.push(Some(error));
                    match self.slip(String::new(), value) {
                        Some(slip) => Read::Slip(slip),
                        None => Read::TooLarge,
                    }
                }
            },
        };
        Key { name: name.get_ref().to_string(), line: self.line(name.span().start), value: read }
    }

    /// The first slip in a value; takes its errors.
    fn slip(&mut self, below: String, value: &Spanned<DeValue<'_>>) -> Option<Slip> {
        match value.get_ref() {
            DeValue::Table(table) => {
                return table
                    .iter()
                    .find_map(|(key, value)| self.slip(format!("{below}.{}", key.get_ref()), value));
            }
            DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
                return items.iter().find_map(|item| self.slip(below.clone(), item));
            }
            _ => {}
        }
        let span = value.span();
        let mine = |error: &&mut Option<Error>| {
            error.as_ref().and_then(Error::span).is_some_and(|at| touches(&span, &at))
        };
        let errors: Vec<Error> = self.errors.iter_mut().filter(mine).filter_map(Option::take).collect();
        let first = errors.first()?.span()?;
        let rest = self.text.get(span.start..).unwrap_or_default();
        let raw = without_comment(rest.lines().next().unwrap_or_default()).trim().to_owned();
        let part = self.text.get(first.clone()).unwrap_or_default().to_owned();
        let is_open = errors.iter().any(|error| error.message().starts_with("unclosed"));
        // The key's line tells more than the end of the file, up to which a list without an end reaches.
        let line = self.line(if is_open { span.start } else { first.start });
        Some(Slip { below, line, raw, part, is_open })
    }

    /// What is wrong outside of values, once for each line.
    fn others(&self) -> Vec<(usize, String)> {
        let mut slips: Vec<(usize, String)> = Vec::new();
        for error in self.errors.iter().flatten() {
            let line = self.line(error.span().map_or(0, |span| span.start));
            if slips.iter().all(|(other, _)| *other != line) {
                slips.push((line, error.message().to_owned()));
            }
        }
        slips
    }
}

fn touches(value: &Range<usize>, error: &Range<usize>) -> bool {
    (value.start..=value.end).contains(&error.start)
}

fn is_too_large(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).is_err(),
        DeValue::Array(items) => items.iter().any(|item| is_too_large(item.get_ref())),
        DeValue::Table(table) => table.iter().any(|(_, value)| is_too_large(value.get_ref())),
        _ => false,
    }
}

fn without_comment(line: &str) -> &str {
    let is_comment = |at: &usize| {
        let before = line.get(..*at).unwrap_or_default();
        before.ends_with(char::is_whitespace) && before.matches('"').count() % 2 == 0
    };
    let at = line.match_indices('#').map(|(at, _)| at).find(is_comment);
    at.and_then(|at| line.get(..at)).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_file() {
        let written = Written::read("a.b = 1\n\n[c]\r\nd = [\n1,\n2]\n[[c.e]]\nf = 1\n");
        let lines = |top: &Top| {
            let keys = top.keys.iter().flatten().map(|key| (key.name.clone(), key.line));
            (top.name.clone(), top.line, keys.collect::<Vec<_>>())
        };
        let tops: Vec<_> = written.tops.iter().map(lines).collect();
        let key = |name: &str, line| (name.to_owned(), line);
        let expected =
            vec![("a".to_owned(), 1, vec![key("b", 1)]), ("c".to_owned(), 3, vec![key("d", 4), key("e", 7)])];
        assert_eq!((tops, written.slips), (expected, Vec::new()));
    }

    #[test]
    fn a_file_that_breaks_off_or_has_holes_is_still_read() {
        let shipped = include_str!("../../../config/server.toml");
        for at in (0..shipped.len()).step_by(307).filter(|at| shipped.is_char_boundary(*at)) {
            drop(Written::read(&shipped[..at]));
            let from = at.saturating_sub(300);
            let part = shipped.get(from..at).unwrap_or_default();
            for hole in ["=", "\"", "]", "\n", "#", "1"] {
                drop(Written::read(&part.replace(hole, "")));
            }
        }
    }
}
