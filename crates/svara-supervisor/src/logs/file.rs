//! A log file that rotates by size and survives its own removal.
//!
//! Only regular files are opened here; see [`crate::paths::is_special`].

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How often to check that the path still refers to the open file, and how long to wait after a failure.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// An append-only file. At `max_size_bytes` it becomes `NAME.1`, the old `NAME.1` becomes `NAME.2`, and so on up to
/// `NAME.{backups}`.
#[derive(Debug)]
pub(super) struct RotatingFile {
    path: PathBuf,
    max_size_bytes: u64,
    backups: u32,
    open: Option<Open>,
    retry_at: Option<Instant>,
}

#[derive(Debug)]
struct Open {
    file: File,
    identity: (u64, u64),
    size_bytes: u64,
    checked: Instant,
}

impl RotatingFile {
    pub(super) fn new(path: &Path, max_size_bytes: u64, backups: u32) -> Self {
        Self { path: path.to_owned(), max_size_bytes, backups, open: None, retry_at: None }
    }

    /// Appends. After a failure such as a full disk, fails without trying for one second.
    pub(super) fn write(&mut self, text: &[u8], now: Instant) -> io::Result<()> {
        if self.retry_at.is_some_and(|at| now < at) {
            return Err(io::Error::other("still failing"));
        }
        let done = self.try_write(text, now);
        self.retry_at = done.is_err().then(|| now + CHECK_EVERY);
        if done.is_err() {
            self.open = None;
        }
        done
    }

    /// Whether it failed last time and is about to be tried again.
    pub(super) fn failed_at(&self, now: Instant) -> bool {
        self.retry_at.is_some_and(|at| now >= at)
    }

    /// Empties the file, if it is there; rotated files stay.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        // Its size is read again.
        self.open = None;
        match OpenOptions::new().write(true).open(&self.path) {
            Ok(file) => file.set_len(0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn try_write(&mut self, text: &[u8], now: Instant) -> io::Result<()> {
        let length = text.len() as u64;
        let mut open = match self.open.take() {
            Some(open) if now < open.checked + CHECK_EVERY => open,
            // Removed, replaced, emptied, or not opened yet.
            open => match (open, fs::metadata(&self.path)) {
                (Some(mut open), Ok(data)) if (data.dev(), data.ino()) == open.identity => {
                    open.checked = now;
                    open.size_bytes = data.len();
                    open
                }
                _ => self.reopen(now)?,
            },
        };
        if open.size_bytes > 0 && open.size_bytes + length > self.max_size_bytes {
            self.rotate()?;
            open = self.reopen(now)?;
        }
        open.file.write_all(text)?;
        open.size_bytes += length;
        self.open = Some(open);
        Ok(())
    }

    fn reopen(&self, now: Instant) -> io::Result<Open> {
        if let Some(directory) = self.path.parent() {
            fs::create_dir_all(directory)?;
        }
        // Should the path have become a FIFO since it was looked at, opening it must not wait.
        let flags = nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY;
        let file = OpenOptions::new().append(true).create(true).custom_flags(flags).open(&self.path)?;
        let data = file.metadata()?;
        if !data.is_file() {
            return Err(io::Error::other("no regular file"));
        }
        let identity = (data.dev(), data.ino());
        Ok(Open { file, identity, size_bytes: data.len(), checked: now })
    }

    /// A link stays a link: what it leads to is rotated.
    fn rotate(&self) -> io::Result<()> {
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let numbered = |n: u32| {
            let mut name = path.clone().into_os_string();
            name.push(format!(".{n}"));
            PathBuf::from(name)
        };
        let absent_is_fine = |done: io::Result<()>| match done {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        if self.backups == 0 {
            return absent_is_fine(fs::remove_file(&path));
        }
        // What is no regular file stays where it is.
        let is_free = |path: &PathBuf| fs::symlink_metadata(path).map_or(true, |data| data.is_file());
        let names: Vec<PathBuf> = (1..=self.backups).map(numbered).filter(is_free).collect();
        let Some(first) = names.first() else {
            return Err(io::Error::other("no name is free for the rotated file"));
        };
        for (from, to) in names.iter().zip(names.iter().skip(1)).rev() {
            absent_is_fine(fs::rename(from, to))?;
        }
        absent_is_fine(fs::rename(&path, first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotates_by_size_and_keeps_its_backups() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vllm.log");
        let mut log = RotatingFile::new(&path, 10, 2);
        for n in 0..5 {
            log.write(format!("line {n}\n").as_bytes(), Instant::now()).unwrap();
        }
        let read = |name: &str| fs::read_to_string(directory.path().join(name)).ok();
        assert_eq!(read("vllm.log").as_deref(), Some("line 4\n"));
        assert_eq!(read("vllm.log.1").as_deref(), Some("line 3\n"));
        assert_eq!(read("vllm.log.2").as_deref(), Some("line 2\n"));
        assert_eq!(read("vllm.log.3"), None);
    }

    #[test]
    fn a_link_stays_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("file"), "").unwrap();
        std::os::unix::fs::symlink(path("file"), path("file-link")).unwrap();
        let mut log = RotatingFile::new(&path("file-link"), 10, 1);
        for n in 0..2 {
            log.write(format!("line {n}\n").as_bytes(), Instant::now()).unwrap();
        }
        assert!(fs::symlink_metadata(path("file-link")).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(path("file.1")).unwrap(), "line 0\n");
        assert_eq!(fs::read_to_string(path("file")).unwrap(), "line 1\n");
    }

    #[test]
    fn appends_to_an_existing_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.log");
        fs::write(&path, "before the restart\n").unwrap();
        RotatingFile::new(&path, 1000, 1).write(b"after\n", Instant::now()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before the restart\nafter\n");
    }

    #[test]
    fn comes_back_after_its_directory_was_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("logs/a.log");
        let mut log = RotatingFile::new(&path, 1000, 1);
        let now = Instant::now();
        log.write(b"one\n", now).unwrap();
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
        log.write(b"two\n", now + CHECK_EVERY).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
    }

    #[test]
    fn a_failure_is_returned_and_retried_after_a_while() {
        let directory = tempfile::tempdir().unwrap();
        let blocked = directory.path().join("blocked");
        fs::write(&blocked, "a file where a directory should be").unwrap();
        let mut log = RotatingFile::new(&blocked.join("a.log"), 1000, 1);
        let now = Instant::now();
        assert!(log.write(b"lost\n", now).is_err());
        fs::remove_file(&blocked).unwrap();
        assert!(log.write(b"lost too\n", now).is_err(), "no attempt within the second");
        log.write(b"kept\n", now + CHECK_EVERY).unwrap();
    }
}
