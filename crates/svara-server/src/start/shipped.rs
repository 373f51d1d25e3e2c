//! Files that are shipped with the program.

use std::path::{Path, PathBuf};

/// How far above the program they may be: `bin` of an installation stands beside `models`, `target/debug` two levels below.
const LEVELS: usize = 3;

/// A shipped file: in the working directory, or, if it isn't there, beside the program. Otherwise the same path, for the
/// error that names it.
pub(super) fn shipped(path: &Path) -> PathBuf {
    // Without a program's path there is nothing beside it.
    let program = std::env::current_exe().unwrap_or_default();
    find(path, &program)
}

fn find(path: &Path, program: &Path) -> PathBuf {
    if path.is_absolute() || path.exists() {
        return path.to_owned();
    }
    let mut places = program.ancestors().skip(1).take(LEVELS).map(|directory| directory.join(path));
    places.find(|place| place.exists()).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_beside_the_program() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("models/there")).unwrap();
        let there = Path::new("models/there");
        assert_eq!(find(there, &root.join("bin/program")), root.join(there));
        assert_eq!(find(there, &root.join("target/release/program")), root.join(there));
        assert_eq!(find(there, &root.join("a/b/c/d/program")), there);
        assert_eq!(find(Path::new("models/nowhere"), &root.join("program")), Path::new("models/nowhere"));
        assert_eq!(find(Path::new("/nowhere"), &root.join("program")), Path::new("/nowhere"));
    }
}
