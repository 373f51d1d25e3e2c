//! The files together: the first one, those that it includes, and its defaults in each program.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{
    Variables,
    fault::{Fault, Place},
    places::Places,
    shape::{FILE, INCLUDED},
    source::{Found, Source},
};
use crate::pattern::files;

/// A longer file is no configuration.
const MAX_BYTES: u64 = 4 << 20;

/// More included files than this are a mistake.
const MAX_FILES: usize = 256;

/// All files as one tree.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) tree: Table,
    found: Found,
    inherited: BTreeMap<String, String>,
}

/// Reads a file of text.
pub(super) fn read_text(path: &Path) -> std::io::Result<String> {
    use std::{io::Read, os::unix::fs::FileTypeExt};
    // Nobody may write to it, and a reload must not wait. What a shell hands over is written already.
    let is_ours = path.starts_with("/dev") || path.starts_with("/proc");
    if !is_ours && std::fs::metadata(path)?.file_type().is_fifo() {
        return Err(std::io::Error::other("is a FIFO; expected a file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        let words = format!("longer than {} MiB", MAX_BYTES >> 20);
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, words));
    }
    String::from_utf8(bytes).map_err(|error| {
        let read = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = 1 + read.filter(|byte| **byte == b'\n').count();
        std::io::Error::new(std::io::ErrorKind::InvalidData, format!("line {line}: isn't UTF-8"))
    })
}

impl Document {
    /// Reads the text of the first file, which lies in `directory`, and the files that it includes.
    pub(super) fn read(text: &str, directory: &Path, variables: &Variables) -> Self {
        let mut found = Found::default();
        let mut source = Source {
            file: None,
            text,
            skipped: 0,
            slips: Vec::new(),
            before: BTreeMap::new(),
            found: &mut found,
        };
        let tree = source.read(FILE);
        let mut document = Self { tree, found, inherited: BTreeMap::new() };
        document.include(directory, variables);
        document.inherit();
        document
    }

    fn fault(&mut self, key: &str, message: String) {
        self.found.faults.push(Fault::new(key, message));
    }

    fn include(&mut self, directory: &Path, variables: &Variables) {
        let Some(Value::Table(include)) = self.tree.remove("include") else { return };
        let listed = include.get("files").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut paths = Vec::new();
        for file in listed.iter().filter_map(Value::as_str) {
            match variables.expand(file) {
                Ok(file) => match files(&directory.join(&file)) {
                    found if found.is_empty() && !file.contains(['*', '?']) => {
                        self.fault("include.files", format!("there is no file `{file}`"));
                    }
                    found => paths.extend(found),
                },
                Err(error) => self.fault("include.files", error.to_string()),
            }
        }
        if paths.len() > MAX_FILES {
            return self.fault("include.files", format!("must not be more than {MAX_FILES} files"));
        }
        for path in paths {
            match read_text(&path) {
                Ok(text) => self.add(path, &text),
                Err(error) => self.fault("include.files", format!("{}: {error}", path.display())),
            }
        }
    }

    /// Adds an included file.
    fn add(&mut self, path: PathBuf, text: &str) {
        let before = ["hook", "schedule"].map(|list| {
            let length = self.tree.get(list).and_then(Value::as_array).map_or(0, Vec::len);
            (list.to_owned(), length)
        });
        let known = self.found.places.clone();
        let mut source = Source {
            file: Some(path),
            text,
            skipped: 0,
            slips: Vec::new(),
            before: before.into(),
            found: &mut self.found,
        };
        let added = source.read(INCLUDED);
        for (key, value) in added {
            match (self.tree.get_mut(&key), value) {
                (Some(Value::Array(ours)), Value::Array(more)) => ours.extend(more),
                (Some(Value::Table(ours)), Value::Table(more)) => {
                    for (name, value) in more {
                        let path = format!("{key}.{name}");
                        if ours.contains_key(&name) {
                            let first = known.get(&path).map(in_words).unwrap_or_default();
                            let place = self.found.places.get(&path).cloned();
                            let message = format!("is there twice, first {first}");
                            self.found.faults.push(Fault { place, ..Fault::new(path, message) });
                        } else {
                            ours.insert(name, value);
                        }
                    }
                }
                (_, value) => drop(self.tree.insert(key, value)),
            }
        }
    }

    /// Gives each program what it has from `[defaults]`.
    fn inherit(&mut self) {
        let Some(Value::Table(defaults)) = self.tree.remove("defaults") else { return };
        let Some(Value::Table(programs)) = self.tree.get_mut("program") else { return };
        for (name, program) in programs.iter_mut() {
            if let Value::Table(program) = program {
                merge(program, &defaults, &format!("program.{name}"), "defaults", &mut self.inherited);
            }
        }
    }

    /// All faults, with their places, in the order of the files. `more` are those of the values.
    pub(super) fn finish(self, more: Vec<Fault>) -> (Vec<Fault>, Places) {
        let found = self.found;
        let is_torn = |place: Option<Place>| place.is_some_and(|place| found.is_torn(&place));
        let (mut all, places) = (found.faults.clone(), found.places.clone());
        let places = Places { keys: places, inherited: self.inherited };
        let taken_out = all.len();
        for mut fault in more {
            // What was taken out as wrong isn't missing as well.
            if all.iter().take(taken_out).any(|other| !fault.key.is_empty() && other.key == fault.key) {
                continue;
            }
            if let Some(key) = places.inherited.get(&fault.key) {
                fault.key.clone_from(key);
            }
            // What seems to be missing may be in the part that can't be read.
            let is_missing = !found.torn.is_empty() && !places.keys.contains_key(&fault.key);
            if is_missing || is_torn(places.of(&fault.key)) {
                continue;
            }
            // What can't be expanded is empty after that, which is no fault of its own.
            if fault.message.starts_with("``: ") && all.iter().any(|other| other.key == fault.key) {
                continue;
            }
            all.push(fault);
        }
        for fault in all.iter_mut().filter(|fault| fault.place.is_none()) {
            fault.place = places.of(&fault.key);
        }
        let mut unique: Vec<Fault> = Vec::new();
        for fault in all {
            if !unique.contains(&fault) {
                unique.push(fault);
            }
        }
        unique.sort_by(|one, other| one.place.cmp(&other.place));
        (unique, places)
    }
}

fn in_words(place: &Place) -> String {
    match &place.file {
        Some(file) => format!("in {}, line {}", file.display(), place.line),
        None => format!("in the main file, line {}", place.line),
    }
}

/// Adds what is missing, also in tables within.
fn merge(into: &mut Table, from: &Table, path: &str, origin: &str, inherited: &mut BTreeMap<String, String>) {
    for (key, value) in from {
        let (path, origin) = (format!("{path}.{key}"), format!("{origin}.{key}"));
        match (into.get_mut(key), value) {
            (Some(Value::Table(ours)), Value::Table(theirs)) => {
                merge(ours, theirs, &path, &origin, inherited);
            }
            (Some(_), _) => {}
            (None, value) => {
                if let Value::Table(table) = value {
                    for key in table.keys() {
                        inherited.insert(format!("{path}.{key}"), format!("{origin}.{key}"));
                    }
                }
                inherited.insert(path, origin);
                into.insert(key.clone(), value.clone());
            }
        }
    }
}
