//! The documentation's table of attacks names tests that are there.

use std::{fs, path::Path};

fn read_all(directory: &Path, text: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_attack_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    read_all(&root.join("src"), &mut code);
    read_all(&root.join("tests"), &mut code);
    let docs = fs::read_to_string(root.join("../../docs/supervisor.md")).unwrap();
    let (_, table) = docs.split_once("## Attacks and their tests").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let mut attacks = 0;
    for row in table.lines().filter_map(|line| line.strip_prefix("| ")) {
        let cells: Vec<&str> = row.trim_end_matches('|').split(" | ").collect();
        let Some(number) = cells[0].trim().parse::<usize>().ok() else { continue };
        attacks += 1;
        assert_eq!(number, attacks);
        let tests: Vec<&str> = cells[2].split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "attack {number}");
        for test in tests {
            assert!(code.contains(&format!("fn {test}(")), "attack {number}: there is no test {test}");
        }
    }
    assert_eq!(attacks, 39);
}
