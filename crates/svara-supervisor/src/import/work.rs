//! A program on its way from one file to the other.

use super::{
    Import,
    ini::{Entry, Section},
    output::Table,
};

/// A program that is being translated.
pub(super) struct Work<'a> {
    pub(super) section: &'a Section,
    pub(super) name: &'a str,
    pub(super) group: &'a str,
    pub(super) processes: u32,
    pub(super) first: u32,
    pub(super) table: Table,
    pub(super) stop: Vec<String>,
}

impl Import<'_> {
    /// Translates a value of a program.
    pub(super) fn said(&mut self, work: &Work<'_>, entry: &Entry, default: &str) -> String {
        let names = self.names(work.name, work.group, work.processes, work.first);
        let said = names.say(&entry.value, default);
        for note in said.notes {
            self.note(entry, &work.section.name, &note);
        }
        said.text
    }
}
