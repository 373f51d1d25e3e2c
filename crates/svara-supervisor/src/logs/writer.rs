//! The thread that writes files and feeds the console, and the handle to its queues.

use std::{
    cell::Cell,
    collections::HashMap,
    fs::File,
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use nix::libc::O_NONBLOCK;
use tokio::sync::{mpsc, oneshot};

use super::{
    file::RotatingFile,
    inbox::{self, Outbox},
    loss::{LogNotice, Loss},
    outlet::{Destination, Outlet},
    record::{Form, Record, Severity, Source, own_record},
    sink::{Sink, SinkHandle},
};
use crate::{config::LogConfig, paths::is_special};

/// How long to wait for a full queue; a healthy disk drains it much faster, but the thread may have to wait for a processor.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long to wait for a busy disk before files are emptied.
const CLEAR_PATIENCE: Duration = Duration::from_secs(5);

/// Files that are held open for one who reads back.
const MAX_LOOKED_AT: usize = 64;

/// How often to look whether a path still leads to something that isn't a regular file.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The open files of a log with their lengths, the newest first.
pub(super) type Snapshot = Vec<(File, u64)>;

enum Message {
    Text(Record),
    Reopen,
    Flush(oneshot::Sender<Vec<oneshot::Receiver<()>>>),
    Clear { paths: Vec<PathBuf>, done: oneshot::Sender<Result<(), String>> },
    Look { path: PathBuf, found: oneshot::Sender<Snapshot> },
}

/// Handle to the log writer.
#[derive(Clone, Debug)]
pub struct Logs {
    queue: Outbox<Message>,
    stuck: Cell<bool>,
    dropped_bytes: Arc<AtomicU64>,
    sinks: Arc<[SinkHandle]>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Message")
    }
}

impl Logs {
    /// Starts the writer. Notices are dropped if their queue is full.
    ///
    /// # Errors
    /// When a thread can't be started.
    pub fn start(config: LogConfig, notices: mpsc::Sender<LogNotice>) -> io::Result<Self> {
        let dropped_bytes = Arc::<AtomicU64>::default();
        let outlet = |to| Outlet::start(to, notices.clone(), Arc::clone(&dropped_bytes));
        let console = if config.console { Some(outlet(Destination::Console)?) } else { None };
        let mut sinks = Vec::new();
        let mut handles = Vec::new();
        for spec in &config.sinks {
            let (sink, handle) = Sink::start(spec, &config.directory, notices.clone())?;
            sinks.push(sink);
            handles.push(handle);
        }
        let mut writer = Writer {
            config,
            sinks,
            notices,
            files: HashMap::new(),
            console,
            dropped_bytes: Arc::clone(&dropped_bytes),
        };
        let queue = inbox::start("log-writer", move |message| writer.handle(message))?;
        Ok(Self { queue, stuck: Cell::new(false), dropped_bytes, sinks: handles.into() })
    }

    /// Queues complete lines. Waits briefly for a busy writer but never for a stuck one: then the lines are dropped and
    /// counted.
    pub async fn write(&self, source: &Arc<Source>, text: Vec<u8>) {
        let length = text.len();
        let (source, at) = (Arc::clone(source), SystemTime::now());
        let message = Message::Text(Record { source, text, at, severity: Severity::Info });
        let patience = if self.stuck.get() { Duration::ZERO } else { PATIENCE };
        let queued = tokio::time::timeout(patience, self.queue.bulk(length, message)).await;
        let is_stuck = !matches!(queued, Ok(Some(())));
        self.stuck.set(is_stuck);
        if is_stuck {
            self.dropped_bytes.fetch_add(length as u64, Ordering::Relaxed);
        }
    }

    /// Queues a line of our own, which overtakes the output of programs.
    pub fn write_now(&self, source: &Arc<Source>, line: String, severity: Severity) {
        let text = line.into_bytes();
        let length = text.len() as u64;
        let (source, at) = (Arc::clone(source), SystemTime::now());
        let message = Message::Text(Record { source, text, at, severity });
        if !self.queue.try_urgent(message) {
            self.dropped_bytes.fetch_add(length, Ordering::Relaxed);
        }
    }

    /// Reopens all files after something else has moved them.
    pub async fn reopen(&self) {
        // A stuck writer will reopen moved files by itself once it continues.
        let _ = tokio::time::timeout(PATIENCE, self.queue.bulk(0, Message::Reopen)).await;
    }

    /// Waits until everything queued so far is written, for at most about `limit`.
    pub async fn flush(&self, limit: Duration) {
        let (done, written) = oneshot::channel();
        let flushed = async {
            // Fails only if the writer is gone.
            let _ = self.queue.bulk(0, Message::Flush(done)).await;
            for written in written.await.unwrap_or_default() {
                let _ = written.await;
            }
        };
        let _ = tokio::time::timeout(limit, flushed).await;
    }

    /// Empties log files, once everything queued before is written; leaves alone what isn't a regular file.
    ///
    /// # Errors
    /// What is the matter, in words.
    pub async fn clear(&self, paths: Vec<PathBuf>) -> Result<(), String> {
        let (done, cleared) = oneshot::channel();
        let clear = async {
            self.queue.bulk(0, Message::Clear { paths, done }).await?;
            cleared.await.ok()
        };
        let answer = tokio::time::timeout(CLEAR_PATIENCE, clear).await.ok().flatten();
        answer.unwrap_or_else(|| Err("the disk doesn't answer".to_owned()))
    }

    /// The files of a log as they are once everything queued before is written; `None` if that isn't soon.
    pub(super) async fn look(&self, path: &Path, limit: Duration) -> Option<Snapshot> {
        let (tell, found) = oneshot::channel();
        let message = Message::Look { path: path.to_owned(), found: tell };
        let looked = async {
            self.queue.bulk(0, message).await?;
            found.await.ok()
        };
        tokio::time::timeout(limit, looked).await.ok().flatten()
    }

    /// The sinks.
    pub fn sinks(&self) -> &[SinkHandle] {
        &self.sinks
    }

    /// Bytes lost so far to a stuck writer, a failing file or a console that nobody reads.
    pub fn dropped_bytes(&self) -> u64 {
        self.dropped_bytes.load(Ordering::Relaxed)
    }
}

struct Writer {
    config: LogConfig,
    notices: mpsc::Sender<LogNotice>,
    files: HashMap<PathBuf, Target>,
    console: Option<Outlet>,
    sinks: Vec<Sink>,
    dropped_bytes: Arc<AtomicU64>,
}

enum Target {
    File(RotatingFile, Loss),
    /// With the time when it was last looked at.
    Outlet(Outlet, Instant),
}

impl Writer {
    fn handle(&mut self, message: Message) {
        match message {
            Message::Text(record) => self.text(record),
            Message::Reopen => {
                // What isn't special any more becomes a file.
                self.files.retain(|path, target| matches!(target, Target::Outlet(..)) && is_special(path));
                for target in self.files.values() {
                    if let Target::Outlet(outlet, _) = target {
                        outlet.reopen();
                    }
                }
            }
            Message::Flush(done) => {
                let mut all = Vec::new();
                let mut ask = |flush: &dyn Fn(oneshot::Sender<()>)| {
                    let (tell, written) = oneshot::channel();
                    flush(tell);
                    all.push(written);
                };
                if let Some(console) = &self.console {
                    ask(&|tell| console.flush(tell));
                }
                self.sinks.iter().for_each(|sink| ask(&|tell| sink.finish(tell)));
                // Whoever asked may have given up.
                let _ = done.send(all);
            }
            // Whoever asked may have given up.
            Message::Clear { paths, done } => drop(done.send(self.clear(&paths))),
            Message::Look { path, found } => {
                let numbered = (1..=self.config.backups).map(|n| {
                    let mut name = path.clone().into_os_string();
                    name.push(format!(".{n}"));
                    PathBuf::from(name)
                });
                let paths = std::iter::once(path.clone()).chain(numbered);
                let open = |path: PathBuf| {
                    // Should it be a FIFO, it waits for nobody.
                    let file = File::options().read(true).custom_flags(O_NONBLOCK).open(path).ok()?;
                    let data = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
                    Some((file, data.len()))
                };
                let files = if is_special(&path) {
                    Vec::new()
                } else {
                    paths.filter_map(open).take(MAX_LOOKED_AT).collect()
                };
                let _ = found.send(files);
            }
        }
    }

    fn clear(&mut self, paths: &[PathBuf]) -> Result<(), String> {
        for path in paths.iter().filter(|path| !is_special(path)) {
            let mut unused = RotatingFile::new(path, self.config.max_size_bytes, self.config.backups);
            let file = match self.files.get_mut(path) {
                Some(Target::File(file, _)) => file,
                _ => &mut unused,
            };
            file.clear().map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }

    fn text(&mut self, record: Record) {
        self.sinks.iter().for_each(|sink| sink.write(&record));
        let Record { source, text, at, .. } = record;
        let urgent = source.form != Form::Program;
        if let Some(console) = self.console.as_mut().filter(|_| source.console) {
            let config = &self.config;
            let mark = |lines| {
                let Record { source, text, .. } = mark(lines, at);
                source.for_console(&text, at, config)
            };
            console.write(source.for_console(&text, at, config), urgent, mark);
        }
        if let Some(path) = &source.path {
            let rendered = source.for_file(&text, at, &self.config).unwrap_or(text);
            self.file(path, rendered, urgent, at);
        }
    }

    /// A destination whose path leads to another kind of thing by now makes room for it.
    fn look_again(&mut self, path: &Path, now: Instant) {
        let has_changed = match self.files.get_mut(path) {
            Some(Target::File(file, _)) => file.failed_at(now) && is_special(path),
            Some(Target::Outlet(_, looked)) if now >= *looked + LOOK_EVERY => {
                *looked = now;
                !is_special(path)
            }
            _ => false,
        };
        if has_changed {
            self.files.remove(path);
        }
    }

    fn file(&mut self, path: &Path, text: Vec<u8>, urgent: bool, at: SystemTime) {
        self.look_again(path, Instant::now());
        let target = match self.files.get_mut(path) {
            Some(target) => target,
            None => match self.target(path) {
                Ok(target) => self.files.entry(path.to_owned()).or_insert(target),
                Err(_) => {
                    self.dropped_bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
                    return;
                }
            },
        };
        let (file, loss) = match target {
            Target::File(file, loss) => (file, loss),
            Target::Outlet(outlet, _) => {
                let config = &self.config;
                let mark = |lines| {
                    let Record { source, text, .. } = mark(lines, at);
                    source.for_file(&text, at, config).unwrap_or(text)
                };
                return outlet.write(text, urgent, mark);
            }
        };
        let (now, bytes) = (Instant::now(), text.len() as u64);
        let notice = match file.write(&text, now) {
            Ok(()) => match loss.arrive(now, true) {
                None => return,
                Some(lost_bytes) => LogNotice::Restored { path: path.to_owned(), lost_bytes },
            },
            Err(error) => {
                self.dropped_bytes.fetch_add(bytes, Ordering::Relaxed);
                if !loss.lose(bytes, now) {
                    return;
                }
                LogNotice::Lost { path: path.to_owned(), reason: error.to_string() }
            }
        };
        // The queue of notices is full only if many files fail at the same moment.
        let _ = self.notices.try_send(notice);
    }

    fn target(&self, path: &Path) -> io::Result<Target> {
        if is_special(path) {
            let to = Destination::Path(path.to_owned());
            return Outlet::start(to, self.notices.clone(), Arc::clone(&self.dropped_bytes))
                .map(|outlet| Target::Outlet(outlet, Instant::now()));
        }
        let file = RotatingFile::new(path, self.config.max_size_bytes, self.config.backups);
        Ok(Target::File(file, Loss::default()))
    }
}

/// The mark of a loss.
fn mark(lines: u64, at: SystemTime) -> Record {
    own_record(format!("{lines} lines left out: nobody reads fast enough\n"), at)
}
