//! Patterns of names: `*` for any characters, `?` for any one.

use std::path::{Path, PathBuf};

/// Whether the text fits the pattern.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut read) = (0, 0);
    // The last star, and what it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(found) = text.get(read) {
        match (pattern.get(at), star) {
            (Some(b'*'), _) => {
                star = Some((at, read));
                at += 1;
            }
            (Some(wanted), _) if *wanted == b'?' || wanted == found => {
                at += 1;
                read += 1;
            }
            (_, Some((before, taken))) => {
                star = Some((before, taken + 1));
                at = before + 1;
                read = taken + 1;
            }
            (_, None) => return false,
        }
    }
    pattern.get(at..).is_none_or(|rest| rest.iter().all(|byte| *byte == b'*'))
}

/// The files that a path means, whose parts may be patterns; sorted. A hidden file is meant only by its name.
pub(crate) fn files(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let name = part.as_os_str();
        let Some(wild) = name.to_str().filter(|name| name.contains(['*', '?'])) else {
            found.iter_mut().for_each(|path| path.push(name));
            continue;
        };
        let mut next = Vec::new();
        for entry in found.iter().filter_map(|path| std::fs::read_dir(path).ok()).flatten().flatten() {
            let file = entry.file_name();
            if file.to_str().is_some_and(|file| !file.starts_with('.') && matches(wild, file)) {
                next.push(entry.path());
            }
        }
        next.sort();
        found = next;
    }
    found.retain(|path| path.is_file());
    found
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_fit_whole_names() {
        let table = [
            ("server-*", "server-0", true),
            ("server-*", "server", false),
            ("*", "vllm", true),
            ("*", "", true),
            ("v?lm", "vllm", true),
            ("*-1", "server-1", true),
            ("*-1", "server-10", false),
            ("s*r*0", "server-0", true),
            ("*.toml", "a.toml.bak", false),
            ("", "a", false),
        ];
        for (pattern, name, fits) in table {
            assert_eq!(super::matches(pattern, name), fits, "{pattern} {name}");
        }
        let directory = tempfile::tempdir().unwrap();
        for name in ["b/2.toml", "b/1.toml", "a/1.toml", "a/.hidden.toml", "a/1.bak"] {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found = |pattern: &str| {
            let files = super::files(&directory.path().join(pattern));
            let name = |path: std::path::PathBuf| {
                path.strip_prefix(directory.path()).unwrap().to_str().unwrap().to_owned()
            };
            files.into_iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(found("*/*.toml"), ["a/1.toml", "b/1.toml", "b/2.toml"]);
        assert_eq!(found("a/.hidden.toml"), ["a/.hidden.toml"]);
        assert!(found("a").is_empty() && found("c/*").is_empty());
        let (stars, letters) = ("*a".repeat(40) + "b", "a".repeat(200));
        assert!(!super::matches(&stars, &letters));
    }
}
