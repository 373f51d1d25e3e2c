//! Translates a supervisord.conf into a supervisor.toml, and tells line by line what can't be said in it.

mod command;
mod dependent;
mod ini;
mod listener;
mod log;
mod output;
mod process_name;
mod program;
mod service;
mod syslog;
mod values;
mod work;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    path::{Path, PathBuf},
};

use ini::{Entry, Place, Section};
use output::list;
use program::{Order, has_command};
use service::Service;
use values::Names;

use crate::pattern::files;

/// A longer file is no supervisord.conf.
const MAX_BYTES: u64 = 4 << 20;

/// Something that isn't said in the result as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The section and the key.
    pub subject: String,
    /// What has become of it.
    pub message: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: line {}: ", self.file.display(), self.line)?;
        if !self.subject.is_empty() {
            write!(f, "{}: ", self.subject)?;
        }
        f.write_str(&self.message)
    }
}

/// The result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// A supervisor.toml.
    pub text: String,
    /// What isn't said in it as it was, in the order of the lines.
    pub notes: Vec<Note>,
    /// Keys whose values are accounts, which another machine may have.
    pub accounts: Vec<String>,
}

/// Translates a file and those that it includes. `is_set` tells whether a variable is set.
///
/// # Errors
/// When a file can't be read.
pub fn import(path: &Path, is_set: &dyn Fn(&str) -> bool) -> io::Result<Imported> {
    let here = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let here = here.canonicalize()?;
    let mut import = Import {
        here: &here,
        is_set,
        sections: Vec::new(),
        notes: Vec::new(),
        words: BTreeMap::new(),
        taken: BTreeSet::new(),
        accounts: Vec::new(),
    };
    import.read(path)?;
    import.include()?;
    Ok(import.translate())
}

struct Import<'a> {
    here: &'a Path,
    is_set: &'a dyn Fn(&str) -> bool,
    sections: Vec<Section>,
    notes: Vec<Note>,
    /// The programs' names there and here.
    words: BTreeMap<String, String>,
    /// All names by which operators call something.
    taken: BTreeSet<String>,
    /// Keys that have accounts.
    accounts: Vec<String>,
}

impl Import<'_> {
    fn read(&mut self, path: &Path) -> io::Result<()> {
        use io::Read;
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(io::Error::other("is longer than any supervisord.conf"));
        }
        let text = String::from_utf8_lossy(&bytes).replace('\0', "\u{fffd}");
        if let Some(at) = text.find(char::REPLACEMENT_CHARACTER) {
            let line = 1 + text.get(..at).unwrap_or_default().matches('\n').count();
            let message =
                "isn't UTF-8 or has a zero byte; what can't be read is written as \u{fffd}".to_owned();
            self.note_at(&Place { file: path.to_owned(), line }, "", message);
        }
        let (sections, wrong) = ini::read(&text, path);
        for place in wrong {
            self.note_at(&place, "", "neither a section nor a key".to_owned());
        }
        for section in sections {
            // A section that comes again, also in another file, goes on; later values count.
            match self.sections.iter_mut().find(|known| known.name == section.name) {
                Some(known) => {
                    known.entries.retain(|entry| section.entries.iter().all(|later| later.key != entry.key));
                    known.entries.extend(section.entries);
                }
                None => self.sections.push(section),
            }
        }
        Ok(())
    }

    /// Reads what `[include]` names; files within them include nothing more, as in supervisord.
    fn include(&mut self) -> io::Result<()> {
        let entries: Vec<Entry> = self
            .sections
            .iter()
            .filter(|section| section.name == "include")
            .flat_map(|section| section.entries.clone())
            .collect();
        for entry in entries {
            if entry.key != "files" {
                self.note(&entry, "include", "unknown");
                continue;
            }
            for pattern in entry.value.split_whitespace() {
                // A path is needed now, not when the supervisor starts.
                let said = self.names("", "", 1, 0).say(pattern, "").text.replace("$$", "$");
                let found = files(&self.here.join(&said));
                if found.is_empty() {
                    let message = format!("`{pattern}` means no file");
                    self.note(&entry, "include", &message);
                }
                for path in found {
                    if let Err(error) = self.read(&path) {
                        let message = format!("{}: {error}; left out", path.display());
                        self.note(&entry, "include", &message);
                    }
                }
            }
        }
        Ok(())
    }

    fn names<'b>(&'b self, program: &'b str, group: &'b str, processes: u32, first: u32) -> Names<'b> {
        Names { here: self.here, program, group, processes, first, is_set: self.is_set }
    }

    fn note(&mut self, entry: &Entry, section: &str, message: &str) {
        self.note_at(&entry.place, &format!("[{section}] {}", entry.key), message.to_owned());
    }

    fn note_at(&mut self, place: &Place, subject: &str, message: String) {
        let (file, line) = (place.file.clone(), place.line);
        let note = Note { file, line, subject: subject.to_owned(), message };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn translate(mut self) -> Imported {
        let sections = std::mem::take(&mut self.sections);
        let mut service = Service::default();
        self.words = words(&sections);
        let groups = self.groups(&sections);
        let order = Order::of(&sections, &self.words);
        self.taken = process_name::taken(&sections, &self.words, &groups);
        let mut programs = String::new();
        let mut known = Vec::new();
        for section in &sections {
            let (kind, name) = section.name.split_once(':').unwrap_or((&section.name, ""));
            match kind {
                "program" | "fcgi-program" => {
                    let name = name.trim();
                    let group = groups.iter().find(|(_, (_, members))| members.iter().any(|m| m == name));
                    let group = group.map_or(name, |(group, _)| group.as_str());
                    if kind == "fcgi-program" {
                        let message =
                            "a socket that processes share isn't offered; imported as a program".to_owned();
                        self.note_at(&section.place, &format!("[{}]", section.name), message);
                    }
                    let program = self.program(section, name, group, &order, &mut service);
                    if !program.is_empty() {
                        programs.push_str(&program);
                        known.push(self.word(name));
                    }
                }
                "group" | "include" => {}
                "eventlistener" => programs.push_str(&self.listener(section, name.trim())),
                _ => self.section(section, &mut service),
            }
        }
        let text = service.write(&self.write_groups(&groups, &known)) + &programs;
        self.notes.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
        Imported { text, notes: self.notes, accounts: self.accounts }
    }

    /// The groups, with their places.
    fn groups(&mut self, sections: &[Section]) -> BTreeMap<String, (Place, Vec<String>)> {
        let mut groups = BTreeMap::new();
        for section in sections {
            let Some(name) = section.name.strip_prefix("group:") else { continue };
            let mut members = Vec::new();
            for entry in &section.entries {
                match entry.key.as_str() {
                    "programs" => {
                        let names = entry.value.split([',', '\n']).map(|name| name.trim().to_owned());
                        members.extend(names.filter(|name| !name.is_empty()));
                    }
                    "priority" => self.note(entry, &section.name, "left out: `after` orders programs"),
                    _ => self.note(entry, &section.name, "unknown"),
                }
            }
            groups.insert(name.trim().to_owned(), (section.place.clone(), members));
        }
        groups
    }

    fn write_groups(
        &mut self,
        groups: &BTreeMap<String, (Place, Vec<String>)>,
        known: &[String],
    ) -> output::Table {
        let mut table = output::Table::default();
        for (name, (place, members)) in groups {
            let (there, missing): (Vec<&String>, Vec<&String>) =
                members.iter().partition(|member| known.contains(&self.word(member)));
            let missing: Vec<&str> = missing.into_iter().map(String::as_str).collect();
            let there: Vec<String> = there.into_iter().map(|member| self.word(member)).collect();
            let subject = format!("[group:{name}]");
            if !missing.is_empty() {
                self.note_at(place, &subject, format!("there is no program {}", missing.join(", ")));
            }
            let mut called = word(name);
            if there.is_empty() {
                self.note_at(place, &subject, "left out: it has no program".to_owned());
                continue;
            }
            if there == [called.clone()] {
                // The program's own name does.
                continue;
            }
            while known.contains(&called) || table.has(&called) {
                called.push_str("_group");
            }
            if called != *name {
                self.note_at(place, &subject, format!("is called `{called}`"));
            }
            table.raw(&called, list(&there));
        }
        table
    }

    /// A program's name here.
    fn word(&self, name: &str) -> String {
        self.words.get(name.trim()).cloned().unwrap_or_else(|| word(name))
    }
}

/// A name of its own for each program.
fn words(sections: &[Section]) -> BTreeMap<String, String> {
    let mut words: BTreeMap<String, String> = BTreeMap::new();
    for section in sections {
        let Some(("program" | "fcgi-program", name)) = section.name.split_once(':') else { continue };
        if !has_command(section) {
            continue;
        }
        let mut called = word(name);
        while words.values().any(|other| *other == called) {
            called.push('_');
        }
        words.insert(name.trim().to_owned(), called);
    }
    words
}

/// A name that we take: letters, digits, `_` and `-`.
fn word(name: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    let name: String = name.trim().chars().map(fits).take(64).collect();
    match name.as_str() {
        "" => "program".to_owned(),
        "all" => "all_".to_owned(),
        _ => name,
    }
}
