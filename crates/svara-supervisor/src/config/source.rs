//! Reads one file into a tree of values, with the line of each key; finds every key and value that doesn't belong there.

use std::{collections::BTreeMap, path::PathBuf};

use toml::{
    Spanned, Table, Value,
    de::{DeTable, DeValue},
};

use super::{
    expected::expected,
    fault::{Fault, Place},
    shape::{Key, Shape},
    slips,
    words::unknown,
};

/// What the files say, and what is wrong with it so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The place of each key.
    pub(super) places: BTreeMap<String, Place>,
    pub(super) faults: Vec<Fault>,
    /// Parts that can't be read: from a place up to a line, whose table is the next.
    pub(super) torn: Vec<(Place, usize)>,
}

impl Found {
    /// Whether a place is in a part that can't be read.
    pub(super) fn is_torn(&self, place: &Place) -> bool {
        is_within(&self.torn, place)
    }
}

/// A fault of the syntax that goes beyond a value, and its place in the text.
type Broken = (toml::de::Error, usize);

/// Reads a text, and where in it values are no values; or tells the first fault of its syntax that goes beyond a value.
fn parse(text: &str) -> Result<(Spanned<DeTable<'_>>, Vec<usize>), Broken> {
    let (root, mut errors) = DeTable::parse_recoverable(text);
    let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    errors.sort_by_key(start);
    if errors.iter().all(|error| slips::is_in_value(root.get_ref(), error)) {
        return Ok((root, errors.iter().map(start).collect()));
    }
    // What has no end is told where it begins, in place of all that is wrong in it.
    let at = errors.first().map_or(0, start);
    let begin = |error: &toml::de::Error| slips::value_at(root.get_ref(), start(error));
    let around =
        |error: &toml::de::Error| slips::is_open(error) && begin(error).is_some_and(|begin| begin <= at);
    match errors.iter().position(around) {
        Some(open) => {
            let begin = errors.get(open).and_then(begin).unwrap_or(at);
            Err((errors.swap_remove(open), begin))
        }
        // There is at least one, or all would be in values.
        None => Err((errors.swap_remove(0), at)),
    }
}

/// The tables of a text, each with the number of lines before it.
fn pieces(text: &str) -> Vec<(usize, &str)> {
    let mut pieces = Vec::new();
    let (mut from, mut skipped, mut at) = (0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if line.starts_with('[') && at > from {
            pieces.extend(text.get(from..at).map(|piece| (skipped, piece)));
            (from, skipped) = (at, number);
        }
        at += line.len();
    }
    pieces.extend(text.get(from..).map(|piece| (skipped, piece)));
    pieces
}

/// Adds what another part of the same file says.
fn join(into: &mut Table, more: Table) {
    for (key, value) in more {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(ours)), Value::Table(more)) => join(ours, more),
            (Some(Value::Array(ours)), Value::Array(more)) => ours.extend(more),
            (_, value) => drop(into.insert(key, value)),
        }
    }
}

fn is_within(torn: &[(Place, usize)], place: &Place) -> bool {
    torn.iter().any(|(from, end)| from.file == place.file && (from.line..=*end).contains(&place.line))
}

/// Reads one file.
pub(super) struct Source<'a> {
    /// The included file; `None` for the first one.
    pub(super) file: Option<PathBuf>,
    pub(super) text: &'a str,
    /// Where in the text a value is no value.
    pub(super) slips: Vec<usize>,
    /// Lines of the file before the text.
    pub(super) skipped: usize,
    /// Number of tables that other files have added to each list.
    pub(super) before: BTreeMap<String, usize>,
    pub(super) found: &'a mut Found,
}

impl Source<'_> {
    /// Its values, without those that are wrong.
    pub(super) fn read(&mut self, keys: &[Key]) -> Table {
        let error = match parse(self.text) {
            Ok((root, slips)) => {
                self.slips = slips;
                return self.table("", root.get_ref(), keys);
            }
            Err(error) => error,
        };
        // A bracket or a quote that is never closed takes in all that follows, so each table is read by itself.
        let mut is_torn = false;
        let mut tree = Table::new();
        for (skipped, text) in pieces(self.text) {
            let (file, before) = (self.file.clone(), self.before.clone());
            let mut piece = Source { file, text, before, skipped, slips: Vec::new(), found: self.found };
            let values = match parse(text) {
                Ok((root, slips)) => {
                    piece.slips = slips;
                    piece.table("", root.get_ref(), keys)
                }
                Err(broken) => {
                    piece.tear(&broken);
                    is_torn = true;
                    // Its name is known, at least.
                    let head = text.lines().next().unwrap_or_default();
                    parse(head).map(|(root, _)| piece.table("", root.get_ref(), keys)).unwrap_or_default()
                }
            };
            for (list, value) in &values {
                if let Value::Array(items) = value {
                    *self.before.entry(list.clone()).or_default() += items.len();
                }
            }
            join(&mut tree, values);
        }
        // A table that is there twice is right by itself.
        if !is_torn || error.0.message().contains("duplicate") {
            self.tear(&error);
        }
        let (torn, faults) = (self.found.torn.clone(), std::mem::take(&mut self.found.faults));
        let is_echo = |fault: &Fault| {
            !fault.key.is_empty() && fault.place.as_ref().is_some_and(|place| is_within(&torn, place))
        };
        self.found.faults = faults.into_iter().filter(|fault| !is_echo(fault)).collect();
        tree
    }

    /// Reports a fault of the syntax.
    fn tear(&mut self, (error, at): &Broken) {
        let line = self.line(*at);
        let place = Place { file: self.file.clone(), line };
        let message = self.syntax(error.message(), line - self.skipped);
        self.found.faults.push(Fault { place: Some(place.clone()), ..Fault::new("", message) });
        let starts = pieces(self.text).into_iter().map(|(skipped, _)| skipped + self.skipped);
        let (before, after): (Vec<usize>, Vec<usize>) = starts.partition(|skipped| *skipped < line);
        let from = Place { line: before.last().copied().unwrap_or_default() + 1, ..place };
        self.found
            .torn
            .push((from, after.first().copied().unwrap_or(self.skipped + self.text.lines().count())));
    }

    /// What is wrong with the syntax of a line.
    fn syntax(&self, message: &str, line: usize) -> String {
        let written = self.text.lines().nth(line - 1).unwrap_or_default().trim();
        let foreign = ["[program:", "[supervisord]", "[group:", "[eventlistener:", "[unix_http_server]"];
        if foreign.iter().any(|head| written.starts_with(head)) {
            return "this is written for supervisord; `svara-supervisor import FILE` translates it"
                .to_owned();
        }
        if let Some(words) = slips::of_line(message, written) {
            return words;
        }
        let message = message.replace('\n', ", ");
        match written.split_once('=').filter(|_| message.contains("duplicate")) {
            Some((key, _)) => format!("`{}` is there twice: {message}", key.trim()),
            None => message,
        }
    }

    fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().get(..offset).unwrap_or(self.text.as_bytes());
        1 + self.skipped + before.iter().filter(|byte| **byte == b'\n').count()
    }

    fn fault(&mut self, key: &str, message: impl Into<String>) {
        let place = self.found.places.get(key).cloned();
        self.found.faults.push(Fault { place, ..Fault::new(key, message) });
    }

    fn table(&mut self, path: &str, table: &DeTable<'_>, keys: &[Key]) -> Table {
        let mut clean = Table::new();
        for (key, value) in table {
            let name: &str = key.get_ref();
            let path = self.place(path, name, key.span().start);
            match keys.iter().find(|(known, _)| *known == name) {
                None => {
                    let table = path.strip_suffix(name).unwrap_or_default().trim_end_matches('.');
                    self.fault(&path, unknown(table, name, keys));
                }
                Some((_, shape)) => {
                    if let Some(value) = self.value(&path, value, *shape) {
                        clean.insert(name.to_owned(), value);
                    }
                }
            }
        }
        clean
    }

    /// Notes where a key is; returns its path.
    fn place(&mut self, table: &str, name: &str, offset: usize) -> String {
        let path = if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") };
        let line = self.line(offset);
        self.found.places.insert(path.clone(), Place { file: self.file.clone(), line });
        path
    }

    fn value(&mut self, path: &str, value: &Spanned<DeValue<'_>>, shape: Shape) -> Option<Value> {
        let span = value.span();
        let is_slip = |at: &usize| (span.start..=span.end).contains(at) && slips::is_leaf(value.get_ref());
        if self.slips.iter().any(is_slip) {
            let written = slips::rest_of_line(self.text, span.start);
            self.fault(path, slips::of_value(path, shape, value.get_ref(), written));
            return None;
        }
        let value = value.get_ref();
        let expected = match (shape, value) {
            (Shape::Text | Shape::Duration, DeValue::String(text)) => return Some(text.to_string().into()),
            (Shape::Size, DeValue::String(_) | DeValue::Integer(_)) => {
                return scalar(value).map(|value| text_of(&value).into());
            }
            (Shape::Scalar, value) if scalar(value).is_some() => return scalar(value),
            (Shape::Words | Shape::Texts, DeValue::Array(list))
                if list.iter().all(|v| is_text(v.get_ref())) =>
            {
                return Some(
                    list.iter().filter_map(|item| scalar(item.get_ref())).collect::<Vec<_>>().into(),
                );
            }
            (Shape::Integers, DeValue::Array(list)) if list.iter().all(|v| is_integer(v.get_ref())) => {
                return Some(
                    list.iter().filter_map(|item| scalar(item.get_ref())).collect::<Vec<_>>().into(),
                );
            }
            (Shape::Variables, DeValue::Table(table)) => return Some(self.variables(path, table)),
            (Shape::NamedTexts, DeValue::Table(table)) => {
                let mut clean = Table::new();
                for (key, value) in table {
                    let path = self.place(path, key.get_ref(), key.span().start);
                    if let Some(value) = self.value(&path, value, Shape::Texts) {
                        clean.insert(key.get_ref().to_string(), value);
                    }
                }
                return Some(clean.into());
            }
            (Shape::Table(keys), DeValue::Table(table)) => return Some(self.table(path, table, keys).into()),
            (Shape::Named(keys), DeValue::Table(table)) => return Some(self.named(path, table, keys)),
            (Shape::Tables(keys), DeValue::Array(list)) => return Some(self.tables(path, list, keys)),
            (shape, value) => expected(path, shape, value),
        };
        self.fault(path, expected);
        None
    }

    fn named(&mut self, path: &str, table: &DeTable<'_>, keys: &[Key]) -> Value {
        let mut clean = Table::new();
        for (key, value) in table {
            let path = self.place(path, key.get_ref(), key.span().start);
            match value.get_ref() {
                DeValue::Table(inner) => {
                    let inner = self.table(&path, inner, keys);
                    clean.insert(key.get_ref().to_string(), inner.into());
                }
                _ => self.fault(&path, format!("expected a table: [program.{}]", key.get_ref())),
            }
        }
        clean.into()
    }

    fn tables(&mut self, path: &str, list: &[Spanned<DeValue<'_>>], keys: &[Key]) -> Value {
        let before = self.before.get(path).copied().unwrap_or_default();
        let mut clean = Vec::new();
        for (number, item) in (before..).zip(list) {
            let place = Place { file: self.file.clone(), line: self.line(item.span().start) };
            let numbered = format!("{path}[{number}]");
            self.found.places.insert(numbered.clone(), place.clone());
            let DeValue::Table(table) = item.get_ref() else {
                self.fault(&numbered, format!("expected a table: [[{path}]]"));
                continue;
            };
            let inner = self.table(&numbered, table, keys);
            // Schedules are called by their names.
            if let Some(name) = inner.get("name").and_then(Value::as_str) {
                let named = format!("{path}.{name}");
                let below: Vec<_> = self
                    .found
                    .places
                    .range(numbered.clone()..)
                    .map_while(|(key, place)| {
                        Some((format!("{named}{}", key.strip_prefix(&numbered)?), place.clone()))
                    })
                    .collect();
                self.found.places.extend(below);
            }
            clean.push(Value::from(inner));
        }
        clean.into()
    }

    fn variables(&mut self, path: &str, table: &DeTable<'_>) -> Value {
        let mut clean = Table::new();
        for (key, value) in table {
            let path = self.place(path, key.get_ref(), key.span().start);
            let span = value.span();
            let is_slip = self.slips.iter().any(|at| (span.start..=span.end).contains(at));
            match scalar(value.get_ref()).filter(|_| !is_slip) {
                Some(value) => drop(clean.insert(key.get_ref().to_string(), text_of(&value).into())),
                None => self.fault(&path, "expected text in quotes"),
            }
        }
        clean.into()
    }
}

fn is_text(value: &DeValue<'_>) -> bool {
    matches!(value, DeValue::String(_))
}

fn is_integer(value: &DeValue<'_>) -> bool {
    matches!(value, DeValue::Integer(_))
}

/// A text, a number or a boolean.
pub(super) fn scalar(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(text.to_string().into()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::from)
        }
        DeValue::Float(number) => number.as_str().parse::<f64>().ok().map(Value::from),
        DeValue::Boolean(value) => Some((*value).into()),
        _ => None,
    }
}

/// A scalar as it is written.
pub(super) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
