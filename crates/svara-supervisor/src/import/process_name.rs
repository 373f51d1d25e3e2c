//! `process_name`: what operators call a process stays known as an alias.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Import,
    ini::{Entry, Place, Section},
    output::list,
    word,
    work::Work,
};
use crate::config::{MAX_REPLICAS, Variables, is_word};

/// The names that programs, their replicas and groups have already.
pub(super) fn taken(
    sections: &[Section],
    words: &BTreeMap<String, String>,
    groups: &BTreeMap<String, (Place, Vec<String>)>,
) -> BTreeSet<String> {
    let mut taken: BTreeSet<String> = groups.keys().map(|name| word(name)).collect();
    taken.insert("all".to_owned());
    for section in sections {
        let Some(word) = section.name.split_once(':').and_then(|(_, name)| words.get(name.trim())) else {
            continue;
        };
        taken.insert(word.clone());
        if section.entries.iter().any(|entry| entry.key == "numprocs") {
            // Also those that `scale` may add.
            taken.extend((0..MAX_REPLICAS).map(|index| format!("{word}-{index}")));
        }
    }
    taken
}

impl Import<'_> {
    pub(super) fn process_name(&mut self, entry: &Entry, work: &mut Work<'_>) -> Result<(), String> {
        let name = self.word(work.name);
        let said = self.said(work, entry, "");
        // All that `scale`, or a variable, may ask for.
        let number = if work.processes == 1 { 1 } else { MAX_REPLICAS };
        let names = |program: &str| -> Vec<String> {
            match number {
                1 => vec![program.to_owned()],
                _ => (0..number).map(|index| format!("{program}-{index}")).collect(),
            }
        };
        let old = (0..number).map(|index| {
            let variables = Variables::new([("INDEX".to_owned(), index.to_string())]);
            variables.expand(&said).ok().filter(|name| is_word(name))
        });
        let old: Option<Vec<String>> = old.collect();
        if old.as_ref().is_some_and(|old| *old == names(&name)) {
            return Ok(());
        }
        let mut message = match number {
            1 => format!("the process is called {name}"),
            _ => format!("replicas are called {name}-0, {name}-1 and so on"),
        };
        // An alias is unique; there, a name is so only within its group.
        if let Some(old) = old.filter(|old| old.iter().all(|name| !self.taken.contains(name))) {
            self.taken.extend(old);
            work.table.raw("aliases", list(&[said]));
            message.push_str(if number == 1 {
                "; commands know the old name"
            } else {
                "; commands know the old names"
            });
        }
        Err(message)
    }
}
