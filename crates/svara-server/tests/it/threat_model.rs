//! The promises of docs/threat-model.md have tests.

use std::{collections::HashSet, fs, path::Path};

use svara_testkit::models;

/// The names of functions in the Rust files below a folder, with those of their files.
fn functions(folder: &Path, names: &mut HashSet<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() && entry.file_name().is_some_and(|name| name != "target") {
            functions(&entry, names);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let file = entry.file_stem().unwrap().to_str().unwrap();
            let text = fs::read_to_string(&entry).unwrap();
            for (at, keyword) in text.match_indices("fn ") {
                let rest = text[at + keyword.len()..].chars();
                let name = rest.take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                names.insert((file.to_owned(), name));
            }
        }
    }
}

#[test]
fn each_promise_names_a_test() {
    let workspace = models::workspace();
    let (mut here, mut all) = (HashSet::new(), HashSet::new());
    functions(&workspace.join("crates/svara-server/tests/it"), &mut here);
    functions(&workspace.join("crates"), &mut all);
    let page = fs::read_to_string(workspace.join("docs/threat-model.md")).unwrap();
    let rows = page.lines().skip_while(|line| !line.starts_with("| door ")).skip(2);
    let mut named = 0;
    for row in rows.filter(|row| row.starts_with('|')) {
        let tests = row.rsplit('|').nth(1).unwrap();
        let tests: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "{row}");
        for test in tests {
            let found = match test.split_once("::") {
                Some((file, name)) => here.contains(&(file.to_owned(), name.to_owned())),
                None => all.iter().any(|(_, name)| name == test),
            };
            assert!(found, "no test is called {test}: {row}");
            named += 1;
        }
    }
    assert!(named > 20, "{named}");
}
