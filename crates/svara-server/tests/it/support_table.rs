//! The table of routes in `docs/api.md` matches the code.

use std::{collections::BTreeSet, fs, path::Path};

use svara_testkit::models::workspace;

/// The sources of the dialects' routes.
const FILES: [&str; 4] =
    ["dialects", "resources/voices.rs", "resources/kept_voices.rs", "resources/models.rs"];

/// `METHOD /path` of each `.route("/path", method(…).method(…))` in a file or directory.
fn routes(path: &Path, found: &mut BTreeSet<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            routes(&entry.unwrap().path(), found);
        }
        return;
    }
    let text = fs::read_to_string(path).unwrap();
    for route in text.split(".route(").skip(1) {
        let (path, methods) = route.trim_start().trim_start_matches('"').split_once('"').unwrap();
        // Up to the end of the line: there is one route per line.
        let methods = methods.split('\n').next().unwrap();
        for method in ["get", "post", "delete", "put"] {
            if methods.contains(&format!("{method}(")) {
                found.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
}

#[test]
fn the_table_lists_all_routes_of_the_dialects() {
    let mut of_code = BTreeSet::new();
    let directory = workspace().join("crates/svara-server/src");
    for file in FILES {
        routes(&directory.join(file), &mut of_code);
    }
    let document = fs::read_to_string(workspace().join("docs/api.md")).unwrap();
    let table = document.split("\n## ").find(|section| section.starts_with("Dialects")).unwrap();
    let of_table: BTreeSet<String> = table
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned()))
        .collect();
    assert!(of_code.len() > 15, "{of_code:?}");
    assert_eq!(of_table, of_code);
}
