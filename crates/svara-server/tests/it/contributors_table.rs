//! What CONTRIBUTING's table sends a contributor to: files that exist, and commands that run at least one test.

use std::fs;

use svara_testkit::models::workspace;

/// The code in a cell of the table.
fn code(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Whether a file or folder exists: `*` and words in capitals stand for any name.
fn exists(path: &str) -> bool {
    let mut found = vec![workspace()];
    for part in path.trim_end_matches('/').split('/') {
        let any = |stem: &str| stem.contains('*') || stem.chars().all(|c| c.is_ascii_uppercase());
        let (stem, ending) = part.split_once('.').unwrap_or((part, ""));
        found = found
            .into_iter()
            .flat_map(|folder| fs::read_dir(folder).into_iter().flatten())
            .map(|entry| entry.unwrap().path())
            .filter(|entry| {
                let name = entry.file_name().unwrap().to_str().unwrap();
                name == part || any(stem) && name.rsplit('.').next() == Some(ending)
            })
            .collect();
    }
    !found.is_empty()
}

/// What is wrong with a command.
fn faults(command: &str) -> Vec<String> {
    let Some(rest) = command.strip_prefix("cargo test -p ") else { return vec!["no cargo test".to_owned()] };
    let mut words = rest.split_whitespace().filter(|word| *word != "--");
    let package = words.next().unwrap();
    let folder = workspace().join("crates").join(package);
    if !folder.exists() {
        return vec![format!("there is no crate {package}")];
    }
    let mut filters: Vec<&str> = words.collect();
    let sources = if filters.first() == Some(&"--test") {
        let target = filters.remove(1);
        filters.remove(0);
        folder.join("tests").join(target)
    } else {
        folder.join("src")
    };
    let known = |filter: &&str| !names(&sources).iter().any(|name| name.contains(*filter));
    filters
        .into_iter()
        .filter(known)
        .map(|filter| format!("no test of {package} is called {filter}"))
        .collect()
}

/// The names of the files and folders there, which are those of the modules.
fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            let own = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let below = if path.is_dir() { names(&path) } else { Vec::new() };
            [own].into_iter().chain(below)
        })
        .collect()
}

#[test]
fn every_row_leads_somewhere() {
    let text = fs::read_to_string(workspace().join("CONTRIBUTING.md")).unwrap();
    let table = text.split("\n## I want to …\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let (mut rows, mut wrong) = (0, Vec::new());
    for line in table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| …")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, wish, files, test, _] = cells[..] else { panic!("not three cells: {line}") };
        // A file named without its folder stands beside the one before, or below it.
        let paths = code(files).filter(|path| path.contains('/') && !path.contains(' ') && *path != "docs/");
        for path in paths.filter(|path| path.starts_with("crates/") || path.starts_with("config/")) {
            if !exists(path) {
                wrong.push(format!("{wish}: {path} doesn't exist"));
            }
        }
        for command in code(test) {
            wrong.extend(faults(command).into_iter().map(|fault| format!("{wish}: {command}: {fault}")));
        }
        rows += 1;
    }
    assert!(rows > 8, "{rows}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_leads_nowhere_is_found() {
    assert!(exists("crates/svara-text/src/languages/LANGUAGE.rs") && exists("config/voices/*.yaml"));
    assert!(!exists("crates/svara-text/src/language.py") && !exists("config/voices/*.none"));
    assert!(faults("cargo test -p svara-none")[0].contains("no crate"));
    assert!(faults("cargo test -p svara-server --test it -- no_such")[0].contains("no_such"));
    assert!(faults("cargo test -p svara-server --test it -- plain_errors openapi").is_empty());
}
