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
    seen: Mutex<Seen>,
    value: watch::Sender<Arc<T>>,
}

/// What is known of the files.
#[derive(Default)]
struct Seen {
    /// As they were when the value in force was read.
    stamps: Vec<Stamp>,
    /// Why they can't be read, if so.
    failure: Option<String>,
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
        let seen = Mutex::new(Seen { stamps: stamps(&files), failure: None });
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

    /// Reloads the value if its files have changed since they were read, or if `anyway` is set. Files that can't be read are
    /// tried again by the next call: what failed may have been the process, not the files. The log says the same reason
    /// once. Blocks on files, so it must not run on an async thread.
    pub fn look(&self, anyway: bool) {
        let now = stamps(&self.files);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !anyway && seen.stamps == now {
            return;
        }
        match (self.load)() {
            Ok(value) => {
                *seen = Seen { stamps: now, failure: None };
                self.value.send_replace(Arc::new(value));
                tracing::info!(what = self.name, "reloaded");
            }
            Err(reason) => {
                if anyway || seen.failure.as_ref() != Some(&reason) {
                    tracing::error!(
                        what = self.name,
                        reason,
                        "can't be reloaded; the old value stays in force"
                    );
                }
                seen.failure = Some(reason);
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
                let name = watched.name;
                match tokio::task::spawn_blocking(move || watched.look(anyway)).await {
                    Ok(()) => {}
                    // One fault must not end the watch: a key that is revoked later would stay in force.
                    Err(error) if error.is_panic() => {
                        tracing::error!(what = name, %error, "reloading failed; the old value stays in force");
                    }
                    // The runtime stops.
                    Err(_) => return,
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

    /// A number, and how its next loads end: well, badly or in a panic.
    fn loaded(ends: &Arc<Mutex<Vec<&'static str>>>, file: &Path) -> Watched<u32> {
        let (ends, read) = (Arc::clone(ends), file.to_owned());
        let load = move || -> Result<u32, Box<dyn Error + Send + Sync>> {
            let end = ends.lock().unwrap().pop();
            match end {
                Some("panic") => panic!("a fault of the loader"),
                Some(reason) => Err(reason.into()),
                None => Ok(std::fs::read_to_string(&read)?.trim().parse()?),
            }
        };
        Watched::new("number", vec![file.to_owned()], load).unwrap()
    }

    /// A key that is taken out of the file while the process has no descriptors must not stay in force for ever.
    #[test]
    fn a_change_that_could_not_be_read_is_read_later() {
        let directory = tempfile::tempdir().unwrap();
        let (file, ends) = (directory.path().join("number"), Arc::default());
        std::fs::write(&file, "1").unwrap();
        let number = loaded(&ends, &file);
        std::fs::write(&file, "22").unwrap();
        *ends.lock().unwrap() = vec!["too many open files"; 2];
        number.look(false);
        number.look(false);
        assert_eq!(*number.get(), 1);
        number.look(false);
        assert_eq!(*number.get(), 22);
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_does_not_end_the_watch() {
        let directory = tempfile::tempdir().unwrap();
        let (file, ends) = (directory.path().join("number"), Arc::default());
        std::fs::write(&file, "1").unwrap();
        let number = Arc::new(loaded(&ends, &file));
        let mut values = number.subscribe();
        *ends.lock().unwrap() = vec!["panic"];
        std::fs::write(&file, "22").unwrap();
        number.follow().unwrap();
        tokio::time::timeout(LOOK_AGAIN * 10, values.changed()).await.unwrap().unwrap();
        assert_eq!(**values.borrow(), 22);
    }
}
