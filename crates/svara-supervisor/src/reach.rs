//! What an account may reach: by the modes of files, since only the account itself could try. And what runs a script.

use std::{
    fs::{File, Metadata},
    io::Read,
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

/// The kernel reads no more of a script's first line.
const FIRST_LINE_BYTES: u64 = 256;

/// Why a program file that is there can't be found by the kernel: its interpreter is missing.
pub(crate) fn missing_interpreter(file: &Path) -> Option<String> {
    let mut start = Vec::new();
    File::open(file).ok()?.take(FIRST_LINE_BYTES).read_to_end(&mut start).ok()?;
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    let name = line.trim_start_matches([' ', '\t']).split([' ', '\t']).next()?;
    if name.is_empty() || Path::new(name).exists() {
        return None;
    }
    let why = if name.ends_with('\r') { ": its first line ends with CR LF" } else { "" };
    Some(format!("its interpreter `{}` does not exist{why}", name.escape_debug()))
}

/// As [`missing_interpreter`], for a command that is started in a directory with these variables.
pub(crate) fn missing_interpreter_of(
    file: &str,
    directory: Option<&Path>,
    environment: &[(String, String)],
) -> Option<String> {
    if file.contains('/') {
        return missing_interpreter(&directory.unwrap_or(Path::new("")).join(file));
    }
    let own = environment.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path.clone());
    let path = own.or_else(|| std::env::var("PATH").ok())?;
    std::env::split_paths(&path).find_map(|directory| missing_interpreter(&directory.join(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_script_has_an_interpreter_that_may_be_missing() {
        let directory = tempfile::tempdir().unwrap();
        let missing = |text: &str| {
            let script = directory.path().join("script");
            std::fs::write(&script, text).unwrap();
            missing_interpreter(&script)
        };
        assert_eq!(missing("#!/bin/sh -e\ntrue\n"), None);
        assert_eq!(missing("#! /bin/sh\n"), None);
        assert_eq!(missing("true\n"), None);
        assert_eq!(missing("#!/no/such -x\n").unwrap(), "its interpreter `/no/such` does not exist");
        let carriage = "its interpreter `/bin/sh\\r` does not exist: its first line ends with CR LF";
        assert_eq!(missing("#!/bin/sh\r\ntrue\r\n").unwrap(), carriage);
    }
}
