//! Cleans up after writes that a crash interrupted.
//!
//! `object_store` writes a file under its key with `#` and a number appended, and renames it when it is complete. Such
//! a name is no key: nothing lists or reads the file, and nothing else would ever delete it.

use std::{
    fs::{self, DirEntry},
    io::{self, ErrorKind},
    path::Path,
    time::{Duration, SystemTime},
};

/// A file that was not written to for this long is left over. Other replicas may be writing now, which ends after
/// [`super::TIMEOUT`]; the rest of the hour allows for clocks that differ.
const ABANDONED_AFTER: Duration = Duration::from_hours(1);
/// How deep to look below the store's directory; keys have two folders.
const MAX_DEPTH: usize = 3;

/// Removes the files left over below a store's directory and returns their number.
///
/// # Errors
/// A folder or file can't be read or deleted; files found before it are removed.
pub(super) fn remove(directory: &Path) -> io::Result<usize> {
    remove_below(directory, SystemTime::now(), MAX_DEPTH)
}

fn remove_below(folder: &Path, now: SystemTime, depth: usize) -> io::Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // The type of the entry itself: links are not followed.
        let kind = entry.file_type()?;
        if kind.is_dir() && depth > 0 {
            removed += remove_below(&entry.path(), now, depth - 1)?;
        } else if kind.is_file() && entry.file_name().to_str().is_some_and(is_unfinished) {
            removed += usize::from(gone_is_fine(remove_if_abandoned(&entry, now))?.unwrap_or(false));
        }
    }
    Ok(removed)
}

/// Whether a file's name is that of a write that isn't complete.
pub(super) fn is_unfinished(name: &str) -> bool {
    let number = name.rsplit_once('#').map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn remove_if_abandoned(entry: &DirEntry, now: SystemTime) -> io::Result<bool> {
    // A time in the future has no age.
    let age = now.duration_since(entry.metadata()?.modified()?).unwrap_or_default();
    let abandoned = age >= ABANDONED_AFTER;
    if abandoned {
        fs::remove_file(entry.path())?;
    }
    Ok(abandoned)
}

/// Ignores missing files: another replica may have removed the file or finished its write.
fn gone_is_fine<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use object_store::{ObjectStoreExt, local::LocalFileSystem, path::Path as Key};

    use super::*;

    fn age(file: &Path, age: Duration) {
        let file = fs::File::options().write(true).open(file).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    #[tokio::test]
    async fn only_what_a_write_left_long_ago_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let objects = LocalFileSystem::new_with_prefix(directory.path()).unwrap();
        // Named as object_store does, and left behind as a crashed process leaves them.
        for key in ["jobs/audio/a.0", "jobs/audio/a.0", "jobs/audio/a.0", "b"] {
            std::mem::forget(objects.put_multipart(&Key::from(key)).await.unwrap());
        }
        let in_directory = |name: &str| directory.path().join(name);
        fs::create_dir(in_directory("folder#1")).unwrap();
        for name in ["whole", "notes#a", "notes#", "no1"] {
            fs::write(in_directory(name), name).unwrap();
            age(&in_directory(name), ABANDONED_AFTER * 2);
        }
        age(&in_directory("jobs/audio/a.0#1"), ABANDONED_AFTER);
        age(&in_directory("jobs/audio/a.0#2"), ABANDONED_AFTER.mul_f64(0.9));
        age(&in_directory("b#1"), ABANDONED_AFTER * 100);
        assert_eq!(remove(directory.path()).unwrap(), 2);
        let left = ["jobs/audio/a.0#2", "jobs/audio/a.0#3", "folder#1", "whole", "notes#a", "notes#", "no1"];
        assert!(left.iter().all(|name| in_directory(name).exists()));
        assert!(!in_directory("jobs/audio/a.0#1").exists() && !in_directory("b#1").exists());
        assert_eq!(remove(directory.path()).unwrap(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = elsewhere.path().join("x#1");
        fs::write(&file, "x").unwrap();
        age(&file, ABANDONED_AFTER * 2);
        std::os::unix::fs::symlink(elsewhere.path(), directory.path().join("folder")).unwrap();
        std::os::unix::fs::symlink(&file, directory.path().join("y#1")).unwrap();
        assert_eq!(remove(directory.path()).unwrap(), 0);
        assert!(file.exists() && remove(&directory.path().join("nowhere")).is_err());
    }
}
