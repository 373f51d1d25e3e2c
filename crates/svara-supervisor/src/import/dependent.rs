//! The keys of supervisord-dependent-startup, a listener that starts programs after others.

use super::{
    Import,
    ini::{Entry, Section},
    output::{Table, list},
    values::is_true,
};

impl Import<'_> {
    /// Takes over whom a program waits for; whether it says so at all.
    pub(super) fn dependent(&mut self, section: &Section, table: &mut Table) -> bool {
        let entry = |key: &str| section.entries.iter().find(|entry| entry.key == key);
        if !entry("dependent_startup").is_some_and(|entry| is_true(&entry.value)) {
            return false;
        }
        // The listener started it, so it was not to start by itself.
        table.raw("autostart", "true");
        let Some(wait) = entry("dependent_startup_wait_for") else { return false };
        let after: Vec<String> = self.waited_for(wait, section);
        if !after.is_empty() {
            table.raw("after", list(&after));
        }
        true
    }

    fn waited_for(&mut self, wait: &Entry, section: &Section) -> Vec<String> {
        let mut after = Vec::new();
        for word in wait.value.split_whitespace() {
            // A state is named as well, RUNNING or EXITED: here it is `ready`, or ended as it should.
            let name = word.split(':').next().unwrap_or_default();
            match self.words.get(name) {
                Some(word) => after.push(word.clone()),
                None => self.note(wait, &section.name, &format!("there is no program {name}")),
            }
        }
        after
    }
}
