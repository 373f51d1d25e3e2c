//! One supervisor for each socket, also while the socket's file is missing.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
    libc,
};

use super::server::BindError;

/// Longest token that is read back.
const MAX_TOKEN_BYTES: u64 = 256;

/// The lock beside a socket; another supervisor of the same socket doesn't start while it is held.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    token: String,
    file: Flock<File>,
}

impl Lock {
    /// Takes the lock and leaves our token in it. Also returns the token of the supervisor that held it last.
    ///
    /// # Errors
    /// When another supervisor holds it, or its file can't be written.
    pub fn take(socket: &Path, token: &str) -> Result<(Self, Option<String>), BindError> {
        let path = beside(socket);
        let failed = |source| BindError::Io { path: path.clone(), source };
        let (file, before) = lock(&path, token).map_err(|error| match error {
            Ok(source) => failed(source),
            Err(Held) => BindError::Running(socket.to_owned()),
        })?;
        Ok((Self { path, token: token.to_owned(), file }, before))
    }

    /// Takes it anew if its file has been removed.
    pub fn renew(&mut self) {
        let inode = |data: std::fs::Metadata| (data.dev(), data.ino());
        let held = self.file.metadata().map(inode).ok();
        let there = std::fs::symlink_metadata(&self.path).map(inode).ok();
        if held != there
            && let Ok((file, _)) = lock(&self.path, &self.token)
        {
            self.file = file;
        }
    }
}

struct Held;

fn beside(socket: &Path) -> PathBuf {
    let mut path = socket.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

fn lock(path: &Path, token: &str) -> Result<(Flock<File>, Option<String>), Result<io::Error, Held>> {
    let mut options = OpenOptions::new();
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(Ok)?;
    }
    options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(libc::O_NOFOLLOW);
    let file = options.open(path).map_err(Ok)?;
    let mut file = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| match error {
        Errno::EWOULDBLOCK => Err(Held),
        error => Ok(error.into()),
    })?;
    let mut before = String::new();
    // What isn't a token of ours is no token.
    let read = (&*file).take(MAX_TOKEN_BYTES).read_to_string(&mut before).is_ok();
    let write = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(token.as_bytes())
    };
    write(&mut file).map_err(Ok)?;
    let is_token = |text: &&str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-') && text.contains('-')
    };
    let before = read.then(|| before.trim()).filter(is_token).map(str::to_owned);
    Ok((file, before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_and_the_next_learns_of_the_last() {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("run/socket");
        let (mut first, before) = Lock::take(&socket, "1-a").unwrap();
        assert_eq!(before, None);
        assert!(matches!(Lock::take(&socket, "2-b"), Err(BindError::Running(_))));
        std::fs::remove_file(beside(&socket)).unwrap();
        first.renew();
        assert!(matches!(Lock::take(&socket, "2-b"), Err(BindError::Running(_))));
        drop(first);
        assert_eq!(Lock::take(&socket, "2-b").unwrap().1.as_deref(), Some("1-a"));
    }
}
