//! Values that are loaded from files and reloaded when these change: API keys, certificates.

use std::{
    error::Error,
    fmt,
    fs::File,
    io::{self, Read},
    iter,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// How often files are checked for changes.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// Loads a value, or returns the error and its causes as text.
type Load<T> = Box<dyn Fn() -> Result<T, String> + Send + Sync>;

/// A value loaded from files, and reloaded when they change. If a reload fails, the old value stays.
pub struct Watched<T> {
    /// What the log calls it.
    name: &'static str,
    files: Vec<PathBuf>,
    load: Load<T>,
    seen: Mutex<Vec<Stamp>>,
    value: watch::Sender<Arc<T>>,
}

/// A file's modification time and length in bytes, which change with its contents; `None` if they can't be read.
type Stamp = Option<(SystemTime, u64)>;

impl<T> fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched")
            .field("name", &self.name)
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl<T: Send + Sync + 'static> Watched<T> {
    /// Loads the value for the first time. `load` runs again at each reload, and `name` says in the log what was reloaded.
    ///
    /// # Errors
    /// Whatever `load` returns.
    pub fn new<E>(
        name: &'static str,
        files: Vec<PathBuf>,
        load: impl Fn() -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<Self, E>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let seen = Mutex::new(stamps(&files));
        let value = watch::Sender::new(Arc::new(load()?));
        let load: Load<T> = Box::new(move || load().map_err(|error| with_causes(&*error.into())));
        Ok(Self { name, files, load, seen, value })
    }

    /// The current value.
    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.value.borrow())
    }

    /// The current value, and every later one.
    pub fn subscribe(&self) -> watch::Receiver<Arc<T>> {
        self.value.subscribe()
    }

    /// Reloads the value if its files have changed since the last check, or if `anyway` is set. Blocks on files, so it
    /// must not run on an async thread.
    pub fn look(&self, anyway: bool) {
        let now = stamps(&self.files);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !anyway && *seen == now {
            return;
        }
        *seen = now;
        match (self.load)() {
            Ok(value) => {
                self.value.send_replace(Arc::new(value));
                tracing::info!(what = self.name, "reloaded");
            }
            Err(reason) => {
                tracing::error!(what = self.name, reason, "can't be reloaded; the old value stays in force");
            }
        }
    }

    /// Starts a task that checks the files every few seconds and reloads them at each SIGHUP, until all other owners of
    /// `self` are gone. Needs a tokio runtime.
    ///
    /// # Errors
    /// SIGHUP can't be caught.
    pub fn follow(self: &Arc<Self>) -> io::Result<()> {
        let mut hangup = signal(SignalKind::hangup())?;
        let watched = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                let anyway = tokio::select! {
                    _ = hangup.recv() => true,
                    () = tokio::time::sleep(LOOK_AGAIN) => false,
                };
                let Some(watched) = watched.upgrade() else { return };
                if tokio::task::spawn_blocking(move || watched.look(anyway)).await.is_err() {
                    return;
                }
            }
        });
        Ok(())
    }
}

/// An error and its causes on one line.
fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The largest file that [`read_file`] reads, in bytes.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// Reads a file that an operator keeps, at start and while the server runs. Only a regular one of at most 16 MiB is read: a
/// pipe would wait for its writer, and a device may have no end.
///
/// # Errors
/// It can't be read, isn't a regular file, or is too large.
pub fn read_file(file: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait, too.
    if !std::fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut content = Vec::new();
    File::open(file)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("it is larger than {MAX_FILE_BYTES} bytes")));
    }
    Ok(content)
}

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |file: &PathBuf| {
        let metadata = std::fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.iter().map(stamp).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_some_size_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
        assert_eq!(read_file(&file).unwrap_err().to_string(), "it is no regular file");
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, "keys").unwrap();
        assert_eq!(read_file(&file).unwrap(), b"keys");
        File::options().write(true).open(&file).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
        assert_eq!(read_file(&file).unwrap_err().to_string(), "it is larger than 16777216 bytes");
    }

    #[test]
    fn a_change_is_followed_and_a_broken_file_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("number");
        std::fs::write(&file, "1").unwrap();
        let read = file.clone();
        let load = move || -> Result<u32, Box<dyn Error + Send + Sync>> {
            Ok(std::fs::read_to_string(&read)?.trim().parse()?)
        };
        let number = Watched::new("number", vec![file.clone()], load).unwrap();
        assert_eq!(*number.get(), 1);
        std::fs::write(&file, "22").unwrap();
        number.look(false);
        assert_eq!(*number.get(), 22);
        std::fs::write(&file, "many").unwrap();
        number.look(false);
        std::fs::remove_file(&file).unwrap();
        number.look(true);
        assert_eq!(*number.get(), 22);
        std::fs::write(&file, "333").unwrap();
        number.look(false);
        assert_eq!(*number.get(), 333);
    }
}
