//! What an account may reach: by the modes of files, since only the account itself could try.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::config::Account;

/// The first directory on the way to a file that the account may not enter.
pub(crate) fn barrier(account: &Account, file: &Path) -> Option<PathBuf> {
    // Links may lead elsewhere.
    let file = file.canonicalize().ok()?;
    let mut way: Vec<&Path> = file.ancestors().skip(1).collect();
    way.reverse();
    way.into_iter()
        .find(|place| place.metadata().is_ok_and(|data| !may_run(account, &data)))
        .map(Path::to_owned)
}

/// Whether the account may run a file, or enter a directory.
pub(crate) fn may_run(account: &Account, data: &Metadata) -> bool {
    let mode = data.mode();
    match () {
        // Root runs whatever anybody may.
        () if account.uid == 0 => mode & 0o111 != 0 || data.is_dir(),
        () if account.uid == data.uid() => mode & 0o100 != 0,
        () if account.gid == data.gid() || account.groups.contains(&data.gid()) => mode & 0o010 != 0,
        () => mode & 0o001 != 0,
    }
}
