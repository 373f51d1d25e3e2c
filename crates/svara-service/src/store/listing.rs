//! What is stored in a folder.
//!
//! Values lie directly in their folder. Whatever else is there, such as a folder with somebody's copies, a link in a circle
//! or a file of another name, is no value: it is neither listed nor counted, and hides nothing.

use std::{
    fs,
    io::{self, ErrorKind},
    ops::ControlFlow,
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use futures::{Stream, TryStreamExt, future::ready};
use object_store::{ObjectMeta, path::Path as Key};

use super::{StoredValue, leftovers};

/// Shows `see` the values in a directory, in no particular order, until it breaks off. `object_store` would follow links, and
/// end at the first thing that it can't read.
///
/// # Errors
/// The directory, or something in it that isn't a link, can't be read.
pub(super) fn in_directory(
    folder: &Path,
    is_ours: &dyn Fn(&str) -> bool,
    mut see: impl FnMut(StoredValue) -> ControlFlow<()>,
) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_ours(name) && !leftovers::is_unfinished(name)) else {
            continue;
        };
        // A link counts as what it leads to, as when the value is read.
        match fs::metadata(entry.path()) {
            Ok(about) if about.is_file() => {
                let (key, modified) = (name.to_owned(), since_1970(about.modified()?));
                if see(StoredValue { key, bytes: about.len(), modified }).is_break() {
                    break;
                }
            }
            Ok(_) => {}
            // It was deleted just now.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(_) if entry.file_type().is_ok_and(|kind| kind.is_symlink()) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn since_1970(time: std::time::SystemTime) -> Duration {
    Duration::from_secs(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

/// The values among the objects below a folder. An error is the storage's.
pub(super) fn among(
    objects: impl Stream<Item = object_store::Result<ObjectMeta>>,
    folder: Key,
    is_ours: impl Fn(&str) -> bool,
) -> impl Stream<Item = object_store::Result<StoredValue>> {
    objects.try_filter_map(move |object| {
        let mut names = object.location.prefix_match(&folder).into_iter().flatten();
        let name = names.next().filter(|_| names.next().is_none());
        let value = name.filter(|name| is_ours(name.as_ref())).map(|name| StoredValue {
            key: name.as_ref().to_owned(),
            bytes: object.size,
            modified: Duration::from_secs(u64::try_from(object.last_modified.timestamp()).unwrap_or(0)),
        });
        ready(Ok(value))
    })
}

#[cfg(test)]
mod tests {
    use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory};

    use super::*;

    fn hex(name: &str) -> bool {
        name.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    fn keys(values: Vec<StoredValue>) -> Vec<String> {
        let mut keys: Vec<String> = values.into_iter().map(|value| value.key).collect();
        keys.sort();
        keys
    }

    fn listed(folder: &Path, limit: usize) -> io::Result<Vec<StoredValue>> {
        let mut values = Vec::new();
        in_directory(folder, &hex, |value| {
            values.push(value);
            if values.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(values)
    }

    #[cfg(unix)]
    #[test]
    fn only_files_of_our_names_are_values() {
        use std::os::unix::{ffi::OsStrExt, fs::symlink};

        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for name in ["aa", "bb", "aa#1", "README"] {
            fs::write(at(name), "1234").unwrap();
        }
        fs::write(directory.path().join(std::ffi::OsStr::from_bytes(b"\xff")), "").unwrap();
        fs::create_dir_all(at("cc/dd")).unwrap();
        fs::write(at("cc/aa"), "copy").unwrap();
        for (to, name) in [(".", "ee"), ("nowhere", "ff"), ("f1", "f1"), ("bb", "b1")] {
            symlink(to, at(name)).unwrap();
        }
        assert_eq!(keys(listed(directory.path(), 9).unwrap()), ["aa", "b1", "bb"]);
        assert_eq!(listed(directory.path(), 2).unwrap().len(), 2);
        assert_eq!(listed(&at("nothing"), 9).unwrap(), []);
        assert!(listed(&at("aa"), 9).is_err());
    }

    #[tokio::test]
    async fn the_same_holds_of_objects() {
        let objects = InMemory::new();
        for key in ["f/aa", "f/README", "f/cc/bb", "g/aa", "fa"] {
            objects.put(&Key::from(key), "1".into()).await.unwrap();
        }
        let folder = Key::from("f");
        let values = among(objects.list(Some(&folder)), folder, hex).try_collect().await.unwrap();
        assert_eq!(keys(values), ["aa"]);
    }
}
