//! A directory that one server has for itself.
//!
//! The lock is on the directory, and not on a name: who removes the directory and makes another leaves the lock behind, and a
//! second server may lock the new one. So each operation asks whether the directory is still the locked one.

use std::{
    fs::{File, Metadata, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// The lock of a directory, held until it is dropped.
#[derive(Debug)]
pub(super) struct Alone {
    directory: PathBuf,
    locked: File,
}

/// Why a directory can't be locked.
#[derive(Debug, thiserror::Error)]
pub(super) enum LockError {
    /// It is locked already.
    #[error("another server uses it")]
    InUse,
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl Alone {
    /// Locks a directory. An error says why it can't be.
    pub(super) fn lock(directory: &Path) -> Result<Self, LockError> {
        let locked = File::open(directory).map_err(|error| LockError::Failed(error.to_string()))?;
        locked.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => LockError::InUse,
            TryLockError::Error(error) => LockError::Failed(format!("it can't be locked: {error}")),
        })?;
        let alone = Self { directory: directory.to_owned(), locked };
        // It may have been replaced between opening and locking.
        alone.check().map_err(LockError::Failed)?;
        Ok(alone)
    }

    /// Checks that the directory is still the one that was locked. An error says that it isn't.
    pub(super) fn check(&self) -> Result<(), String> {
        let is = match std::fs::metadata(&self.directory) {
            Ok(is) => is,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err("its directory was removed while the server used it; restart the server".into());
            }
            Err(error) => return Err(format!("its directory can't be looked at: {error}")),
        };
        let was = self.locked.metadata().map_err(|error| format!("its lock can't be looked at: {error}"))?;
        if is_same(&was, &is) {
            return Ok(());
        }
        Err("its directory was replaced while the server used it, and another server may use the new one; restart the \
             server"
            .into())
    }
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Other systems don't let an open directory be removed.
#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_was_removed_or_replaced_is_no_longer_locked() {
        let parent = tempfile::tempdir().unwrap();
        let (directory, aside) = (parent.path().join("jobs"), parent.path().join("aside"));
        std::fs::create_dir(&directory).unwrap();
        let alone = Alone::lock(&directory).unwrap();
        assert!(Alone::lock(&directory).unwrap_err().to_string().contains("another server"));
        alone.check().unwrap();
        std::fs::rename(&directory, &aside).unwrap();
        assert!(alone.check().unwrap_err().contains("was removed"));
        std::fs::create_dir(&directory).unwrap();
        let second = Alone::lock(&directory).unwrap();
        assert!(alone.check().unwrap_err().contains("was replaced"));
        second.check().unwrap();
        std::fs::remove_dir(&directory).unwrap();
        std::fs::rename(&aside, &directory).unwrap();
        alone.check().unwrap();
    }
}
