//! Reads the configuration from its file and the environment. All faults are gathered, so that one look mends them, and
//! each value's origin is kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fs::File,
    io::{self, ErrorKind, Read as _},
    path::Path,
};

use serde::Deserialize;
use toml::{Table, Value};

use super::{
    Config, ConfigError, DEFAULT_FILE, Fault, env, names, slips,
    written::{Key, Read, Top, Written},
};
use crate::plain::plainly;

/// A longer file is no configuration.
const MAX_FILE_BYTES: u64 = 4 << 20;

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
    /// The lines of the values that are from the file.
    lines: BTreeMap<String, usize>,
    /// The keys whose values are wrong, in place of which `config` has the defaults.
    wrong: BTreeSet<String>,
    /// Variables that have no effect, though their names look as if they had.
    pub warnings: Vec<String>,
}

impl Loaded {
    /// Reads the file and the environment. A named `file` must exist; [`DEFAULT_FILE`] need not.
    pub fn read(file: Option<&Path>, variables: &[(String, String)]) -> Self {
        let mut loaded = Self { warnings: names::warnings(variables), ..Self::default() };
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        let mut values = match read_text(path) {
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
                Err(fault) => {
                    loaded.wrong.insert(key.to_owned());
                    loaded.faults.push(fault);
                }
            }
        }
        loaded
    }

    /// The configuration, if nothing is wrong with it.
    ///
    /// # Errors
    /// All faults, a line for each.
    pub fn result(mut self) -> Result<Config, ConfigError> {
        let told = self.config.faults().into_iter().filter_map(|fault| self.in_words(&fault));
        let told: Vec<String> = told.collect();
        self.faults.extend(told);
        if self.faults.is_empty() { Ok(self.config) } else { Err(ConfigError::all(&self.faults)) }
    }

    /// What is wrong with a value, and where it comes from; nothing if its key has been told to be wrong.
    fn in_words(&self, fault: &Fault) -> Option<String> {
        let keys = [Some(fault.key), fault.other];
        if keys.into_iter().flatten().any(|key| self.wrong.contains(key)) {
            return None;
        }
        let other = fault.other.and_then(|key| Some(format!(" ({key}: {})", self.place(key)?)));
        let place = self.place(fault.key).map(|place| format!("{place}: ")).unwrap_or_default();
        Some(format!("{place}{fault}{}", other.unwrap_or_default()))
    }

    /// Where each value that isn't the default comes from, by its key.
    pub fn places(&self) -> BTreeMap<String, String> {
        let place = |key: &String| Some((key.clone(), self.place(key)?));
        self.origins.keys().filter_map(place).collect()
    }

    /// Where a value comes from, such as `configuration FILE line 3`; nowhere if it is the default.
    fn place(&self, key: &str) -> Option<String> {
        let origin = self.origins.get(key)?;
        match (origin, self.lines.get(key)) {
            (Origin::File(path), Some(line)) => Some(format!("configuration {path} line {line}")),
            _ => Some(origin.to_string()),
        }
    }

    /// Notes that a flag sets a value.
    pub fn of_flag(&mut self, key: &str, flag: &'static str) {
        self.wrong.remove(key);
        self.origins.insert(key.to_owned(), Origin::Flag(flag));
    }

    /// All values that are right in the text of a file.
    fn of_file(&mut self, path: &Path, text: &str) -> Table {
        let shown = path.display().to_string();
        let written = Written::read(text);
        let known = names::keys();
        let of_lines = written.slips.iter().map(|(line, message)| {
            let told = slips::of_line(text, *line, message, &written.tops);
            (*line, told)
        });
        let (mut right, mut faults) = (Table::new(), of_lines.collect::<Vec<_>>());
        for Top { name: section, line, keys: of_section } in written.tops {
            let Some(keys) = known.get(&section).and_then(Value::as_table) else {
                // A key above the first section is read as one.
                let is_key = of_section.is_none();
                let moved = names::of_other_section(&section).filter(|_| is_key);
                let hint = moved.unwrap_or_else(|| names::meant(&section, known.keys().map(String::as_str)));
                let what = if is_key { "key outside of the sections" } else { "section" };
                faults.push((line, format!("{section}: there is no such {what}{hint}")));
                continue;
            };
            let Some(of_section) = of_section else {
                faults.push((line, format!("{section} must be a section: [{section}]")));
                continue;
            };
            for Key { name: key, mut line, value } in of_section {
                let name = format!("{section}.{key}");
                let takes = |value: &Value| allows(&section, &key, value);
                let wrong = match value {
                    _ if !keys.contains_key(&key) => {
                        let moved = names::of_other_section(&key);
                        let hint =
                            moved.unwrap_or_else(|| names::meant(&key, keys.keys().map(String::as_str)));
                        Some(format!("{name}: there is no such key{hint}"))
                    }
                    Read::Slip(slip) => {
                        line = slip.line;
                        Some(match slip.below.rsplit_once('.') {
                            None => format!("{name} {}", slips::of_value(&key, &slip, takes)),
                            Some((_, last)) => {
                                let words = slips::of_value(last, &slip, |_| Ok(()));
                                format!("{name}{} {words}", slip.below)
                            }
                        })
                    }
                    Read::TooLarge => {
                        let most = || format!("must be a number of at most {}", i64::MAX);
                        let reason = takes(&Value::Integer(i64::MAX)).err().unwrap_or_else(most);
                        Some(format!("{name} {reason}"))
                    }
                    Read::Value(value) => match check(&section, &key, &value) {
                        Err(reason) => Some(format!("{name} {reason}")),
                        Ok(()) => {
                            insert(&mut right, &section, key, value);
                            None
                        }
                    },
                };
                match wrong {
                    None => {
                        self.origins.insert(name.clone(), Origin::File(shown.clone()));
                        self.lines.insert(name, line);
                    }
                    Some(fault) => {
                        self.wrong.insert(name);
                        faults.push((line, fault));
                    }
                }
            }
        }
        faults.sort_by_key(|(line, _)| *line);
        let told =
            faults.into_iter().map(|(line, fault)| format!("configuration {shown} line {line}: {fault}"));
        self.faults.extend(told);
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
        let right = literal
            .into_iter()
            .chain([text_value, list.clone()])
            .find(|value| check(section, key, value).is_ok());
        match right {
            Some(value) => {
                self.wrong.remove(&format!("{section}.{key}"));
                self.origins.insert(format!("{section}.{key}"), Origin::Variable(name.to_owned()));
                insert(values, section, key.to_owned(), value);
            }
            None => {
                let reason = check(section, key, &first).err().unwrap_or_default();
                // A text is read as a list there: what is wrong is an item.
                let of_list = || check(section, key, &list).err();
                let reason = if reason == "must be a list" { of_list().unwrap_or(reason) } else { reason };
                self.wrong.insert(format!("{section}.{key}"));
                self.faults.push(format!("{}: {section}.{key} {reason}", env::shown(name, text)));
            }
        }
    }
}

/// Reads a file of text.
fn read_text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("it is larger than {MAX_FILE_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        io::Error::new(ErrorKind::InvalidData, format!("line {line} isn't UTF-8"))
    })
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
    let said = plainly(error.message());
    let word = error.message().strip_prefix("unknown variant `").and_then(|rest| rest.split('`').next());
    Err(match word {
        // One of its items isn't right.
        Some(word) if value.is_array() => format!("items {said}, not {word:?}"),
        _ => said,
    })
}

/// As [`check`], and whether it is in the key's range.
fn allows(section: &str, key: &str, value: &Value) -> Result<(), String> {
    check(section, key, value)?;
    let mut alone = Table::new();
    insert(&mut alone, section, key.to_owned(), value.clone());
    let Ok(config) = Config::deserialize(Value::Table(alone)) else { return Ok(()) };
    let name = format!("{section}.{key}");
    let fault = config.faults().into_iter().find(|fault| fault.key == name && fault.other.is_none());
    fault.map_or(Ok(()), |fault| Err(fault.reason))
}
