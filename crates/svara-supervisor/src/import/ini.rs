//! Reads a supervisord.conf as supervisord does: Python's `configparser`, with `;` and `#` comments also after a value.

use std::path::{Path, PathBuf};

/// One `[section]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) entries: Vec<Entry>,
    pub(super) place: Place,
}

/// One `key = value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// In lower case.
    pub(super) key: String,
    pub(super) value: String,
    pub(super) place: Place,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: PathBuf,
    pub(super) line: usize,
}

/// Reads sections; returns the lines that are neither section, key nor continuation as well.
pub(super) fn read(text: &str, file: &Path) -> (Vec<Section>, Vec<Place>) {
    let mut sections: Vec<Section> = Vec::new();
    let mut wrong = Vec::new();
    // How far the last key was indented; what is further in continues its value.
    let mut indent = None;
    for (number, raw) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let place = Place { file: file.to_owned(), line: number };
        let line = without_comment(raw);
        if line.trim().is_empty() {
            continue;
        }
        let depth = line.len() - line.trim_start().len();
        let content = line.trim();
        let last = sections.last_mut().and_then(|section| section.entries.last_mut());
        if let (Some(entry), Some(indent)) = (last, indent)
            && depth > indent
        {
            entry.value.push('\n');
            entry.value.push_str(content);
            continue;
        }
        if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let name = name.0.trim().to_owned();
            indent = None;
            // A section that comes again goes on.
            match sections.iter().position(|section| section.name == name) {
                Some(at) => {
                    let section = sections.remove(at);
                    sections.push(section);
                }
                None => sections.push(Section { name, entries: Vec::new(), place }),
            }
            continue;
        }
        let Some((key, value)) = content.split_once(['=', ':']) else {
            wrong.push(place);
            continue;
        };
        let Some(section) = sections.last_mut() else {
            wrong.push(place);
            continue;
        };
        indent = Some(depth);
        let key = key.trim().to_lowercase();
        section.entries.retain(|entry| entry.key != key);
        section.entries.push(Entry { key, value: value.trim().to_owned(), place });
    }
    (sections, wrong)
}

/// A comment begins a line, or follows a space.
fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        if matches!(c, ';' | '#') && before.is_whitespace() {
            return line.get(..at).unwrap_or(line);
        }
        before = c;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_on_in_further_lines_and_end_before_comments() {
        let text = "; a comment\n[program:a]\ncommand = a --b=c ; why\nEnvironment=A=\"1\",\n    B=\"2;3\"\n\n  C=\"4\"\n# x\nuser: root\nodd\n[program:a]\nuser=me\n";
        let (sections, wrong) = read(text, Path::new("x"));
        let entries: Vec<_> =
            sections[0].entries.iter().map(|e| (e.key.as_str(), e.value.as_str())).collect();
        let expected =
            [("command", "a --b=c"), ("environment", "A=\"1\",\nB=\"2;3\"\nC=\"4\""), ("user", "me")];
        assert_eq!(entries, expected);
        assert_eq!((sections.len(), wrong.len(), wrong[0].line), (1, 1, 10));
    }
}
