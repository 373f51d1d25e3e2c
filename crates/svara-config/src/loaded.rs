//! Reads the configuration from its file and the environment. All faults are gathered, so that one look mends them, and
//! each value's origin is kept.

use std::{collections::BTreeMap, fmt, io::ErrorKind, path::Path};

use serde::Deserialize;
use toml::{Table, Value};

use super::{Config, ConfigError, DEFAULT_FILE, env, names};
use crate::plain::plainly;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A command-line flag.
    Flag(&'static str),
    /// An environment variable.
    Variable(String),
    /// The file.
    File(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag --{name}"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::File(path) => f.write_str(path),
        }
    }
}

/// What was read: the values that are right, and what is wrong with the others.
#[derive(Debug, Default)]
pub struct Loaded {
    /// All settings; the default where a value is wrong.
    pub config: Config,
    /// The origins of values by their keys, such as `server.port`; none of a default.
    pub origins: BTreeMap<String, Origin>,
    /// What is wrong, each fault a line.
    pub faults: Vec<String>,
    /// Variables that have no effect, though their names look as if they had.
    pub warnings: Vec<String>,
}

impl Loaded {
    /// Reads the file and the environment. A named `file` must exist; [`DEFAULT_FILE`] need not.
    pub fn read(file: Option<&Path>, variables: &[(String, String)]) -> Self {
        let mut loaded = Self { warnings: names::warnings(variables), ..Self::default() };
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        let mut values = match std::fs::read_to_string(path) {
            Ok(text) => loaded.of_file(path, &text),
            Err(error) if file.is_none() && error.kind() == ErrorKind::NotFound => Table::new(),
            Err(error) => {
                loaded.faults.push(format!("configuration {}: {error}", path.display()));
                Table::new()
            }
        };
        for (name, text) in variables.iter().filter(|(_, text)| !text.trim().is_empty()) {
            loaded.of_variable(&mut values, name, text.trim());
        }
        match Config::deserialize(Value::Table(values)) {
            Ok(config) => loaded.config = config,
            // Each value was read on its own.
            Err(error) => loaded.faults.push(format!("configuration: {}", plainly(error.message()))),
        }
        let variable = |name: &str| variables.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        for env::Read { name, key, result } in env::apply(&mut loaded.config, variable) {
            match result {
                Ok(()) => {
                    loaded.origins.insert(key.to_owned(), Origin::Variable(name.to_owned()));
                }
                Err(fault) => loaded.faults.push(fault),
            }
        }
        loaded
    }

    /// The configuration, if nothing is wrong with it.
    ///
    /// # Errors
    /// All faults, a line for each.
    pub fn result(mut self) -> Result<Config, ConfigError> {
        self.faults.extend(self.config.faults());
        match self.faults.as_slice() {
            [] => Ok(self.config),
            [fault] => Err(ConfigError::new(fault.clone())),
            faults => {
                let count = faults.len();
                Err(ConfigError::new(format!(
                    "{count} faults in the configuration:\n  {}",
                    faults.join("\n  ")
                )))
            }
        }
    }

    /// Notes that a flag sets a value.
    pub fn of_flag(&mut self, key: &str, flag: &'static str) {
        self.origins.insert(key.to_owned(), Origin::Flag(flag));
    }

    /// All values that are right in the text of a file.
    fn of_file(&mut self, path: &Path, text: &str) -> Table {
        let shown = path.display();
        let read: Table = match toml::from_str(text) {
            Ok(read) => read,
            Err(error) => {
                let before = error.span().and_then(|span| text.get(..span.start));
                let line = before.map_or(1, |before| before.matches('\n').count() + 1);
                self.faults.push(format!("configuration {shown} line {line}: {}", error.message()));
                return Table::new();
            }
        };
        let known = names::keys();
        let mut right = Table::new();
        for (section, values) in read {
            let place = |key: &str| match line_of(text, &section, key) {
                Some(line) => format!("configuration {shown} line {line}: "),
                None => format!("configuration {shown}: "),
            };
            let Some(keys) = known.get(&section).and_then(Value::as_table) else {
                // A key above the first section is read as one.
                let is_key = !matches!(values, Value::Table(_));
                let moved = names::of_other_section(&section).filter(|_| is_key);
                let hint = moved.unwrap_or_else(|| names::meant(&section, known.keys().map(String::as_str)));
                let (what, at) = if is_key {
                    ("key outside of the sections", top_line(text, &section))
                } else {
                    ("section", None)
                };
                let place =
                    at.map_or_else(|| place(""), |line| format!("configuration {shown} line {line}: "));
                self.faults.push(format!("{place}{section}: there is no such {what}{hint}"));
                continue;
            };
            let Value::Table(values) = values else {
                self.faults.push(format!("{}{section} must be a section: [{section}]", place("")));
                continue;
            };
            for (key, value) in values {
                let name = format!("{section}.{key}");
                if !keys.contains_key(&key) {
                    let moved = names::of_other_section(&key);
                    let hint = moved.unwrap_or_else(|| names::meant(&key, keys.keys().map(String::as_str)));
                    self.faults.push(format!("{}{name}: there is no such key{hint}", place(&key)));
                } else if let Err(reason) = check(&section, &key, &value) {
                    self.faults.push(format!("{}{name} {reason}", place(&key)));
                } else {
                    self.origins.insert(name, Origin::File(shown.to_string()));
                    insert(&mut right, &section, key, value);
                }
            }
        }
        right
    }

    /// Sets the value that a variable of the form `SVARA_<SECTION>_<KEY>` names.
    fn of_variable(&mut self, values: &mut Table, name: &str, text: &str) {
        let Some((section, key)) = names::key_of(name).filter(|_| !names::is_of_kubernetes(name, text))
        else {
            return;
        };
        // A number or a list as in the file, or a text without its quotes, or a list without its brackets.
        let literal: Option<Value> =
            toml::from_str::<Table>(&format!("x = {text}")).ok().and_then(|mut table| table.remove("x"));
        let list = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let list = Value::Array(list.map(|item| Value::String(item.to_owned())).collect());
        let text_value = Value::String(text.to_owned());
        let first = literal.clone().unwrap_or_else(|| text_value.clone());
        let right =
            literal.into_iter().chain([text_value, list]).find(|value| check(section, key, value).is_ok());
        match right {
            Some(value) => {
                self.origins.insert(format!("{section}.{key}"), Origin::Variable(name.to_owned()));
                insert(values, section, key.to_owned(), value);
            }
            None => {
                let reason = check(section, key, &first).err().unwrap_or_default();
                self.faults.push(format!("{}: {section}.{key} {reason}", env::shown(name, text)));
            }
        }
    }
}

fn insert(values: &mut Table, section: &str, key: String, value: Value) {
    let section = values.entry(section.to_owned()).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(section) = section {
        section.insert(key, value);
    }
}

/// Whether a value is right for a key.
fn check(section: &str, key: &str, value: &Value) -> Result<(), String> {
    let mut alone = Table::new();
    insert(&mut alone, section, key.to_owned(), value.clone());
    let Err(error) = Config::deserialize(Value::Table(alone)) else { return Ok(()) };
    // What is no string is told the words that there are, as a wrong word is.
    if error.message().ends_with("expected string only") && !value.is_str() {
        return check(section, key, &Value::String(String::new()));
    }
    Err(plainly(error.message()))
}

/// The line on which a key above all sections stands.
fn top_line(text: &str, key: &str) -> Option<usize> {
    let is_set = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
    let top = text.lines().map(str::trim_start).take_while(|line| !line.starts_with('['));
    (1..).zip(top).find(|(_, line)| is_set(line)).map(|(number, _)| number)
}

/// The line on which a key of a section stands; without a key, the section.
fn line_of(text: &str, section: &str, key: &str) -> Option<usize> {
    let header = format!("[{section}]");
    let tables = [format!("[[{section}.{key}]]"), format!("[{section}.{key}]")];
    let is_set = |line: &str, name: &str| {
        line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let mut inside = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_start();
        if line.starts_with('[') {
            if tables.iter().any(|table| line.starts_with(table)) {
                return Some(number);
            }
            inside = line.starts_with(&header);
            if inside && key.is_empty() {
                return Some(number);
            }
        } else if inside && is_set(line, key) || is_set(line, &format!("{section}.{key}")) {
            return Some(number);
        }
    }
    None
}
