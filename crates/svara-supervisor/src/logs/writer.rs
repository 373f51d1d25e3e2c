//! The thread that writes files and feeds the console, and the handle to its queues.

use std::{
    cell::Cell,
    collections::HashMap,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::{mpsc, mpsc::error::SendTimeoutError, oneshot};

use super::{
    file::{RotatingFile, is_special},
    inbox::{self, Outbox},
    loss::{LogNotice, Loss},
    outlet::{Destination, Outlet},
    record::{Form, Source, Stream},
};
use crate::config::LogConfig;

/// Messages in the queue; at 16 KiB each, it holds at most 1 MiB.
const QUEUE: usize = 64;

/// How long to wait for a full queue; a healthy disk drains it much faster.
const PATIENCE: Duration = Duration::from_millis(100);

/// The open files of a log with their lengths, the newest first.
pub(super) type Snapshot = Vec<(File, u64)>;

enum Message {
    Text { source: Arc<Source>, text: Vec<u8>, at: SystemTime },
    Reopen,
    Flush(oneshot::Sender<oneshot::Receiver<()>>),
    Look { path: PathBuf, found: oneshot::Sender<Snapshot> },
}

/// Handle to the log writer.
#[derive(Clone, Debug)]
pub struct Logs {
    queue: Outbox<Message>,
    stuck: Cell<bool>,
    dropped_bytes: Arc<AtomicU64>,
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
        let mut writer = Writer {
            config,
            notices,
            files: HashMap::new(),
            console,
            dropped_bytes: Arc::clone(&dropped_bytes),
        };
        let queue = inbox::start("log-writer", QUEUE, move |message| writer.handle(message))?;
        Ok(Self { queue, stuck: Cell::new(false), dropped_bytes })
    }

    /// Queues complete lines. Waits briefly for a busy writer but never for a stuck one: then the lines are dropped and
    /// counted.
    pub async fn write(&self, source: &Arc<Source>, text: Vec<u8>) {
        let length = text.len() as u64;
        let message = Message::Text { source: Arc::clone(source), text, at: SystemTime::now() };
        let patience = if self.stuck.get() { Duration::ZERO } else { PATIENCE };
        match self.queue.bulk.send_timeout(message, patience).await {
            Ok(()) => self.stuck.set(false),
            Err(SendTimeoutError::Timeout(_) | SendTimeoutError::Closed(_)) => {
                self.stuck.set(true);
                self.dropped_bytes.fetch_add(length, Ordering::Relaxed);
            }
        }
    }

    /// Queues a line of our own, which overtakes the output of programs.
    pub fn write_now(&self, source: &Arc<Source>, line: String) {
        let text = line.into_bytes();
        let length = text.len() as u64;
        let message = Message::Text { source: Arc::clone(source), text, at: SystemTime::now() };
        if self.queue.urgent.try_send(message).is_err() {
            self.dropped_bytes.fetch_add(length, Ordering::Relaxed);
        }
    }

    /// Reopens all files after something else has moved them.
    pub async fn reopen(&self) {
        // A stuck writer will reopen moved files by itself once it continues.
        let _ = self.queue.bulk.send_timeout(Message::Reopen, PATIENCE).await;
    }

    /// Waits until everything queued so far is written, for at most about `limit`.
    pub async fn flush(&self, limit: Duration) {
        let (done, written) = oneshot::channel();
        let flushed = async {
            // Fails only if the writer is gone.
            let _ = self.queue.bulk.send(Message::Flush(done)).await;
            if let Ok(console) = written.await {
                let _ = console.await;
            }
        };
        let _ = tokio::time::timeout(limit, flushed).await;
    }

    /// The files of a log as they are once everything queued before is written; `None` if that isn't soon.
    pub(super) async fn look(&self, path: &Path, limit: Duration) -> Option<Snapshot> {
        let (tell, found) = oneshot::channel();
        let message = Message::Look { path: path.to_owned(), found: tell };
        let looked = async {
            self.queue.bulk.send(message).await.ok()?;
            found.await.ok()
        };
        tokio::time::timeout(limit, looked).await.ok().flatten()
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
    dropped_bytes: Arc<AtomicU64>,
}

enum Target {
    File(RotatingFile, Loss),
    Outlet(Outlet),
}

impl Writer {
    fn handle(&mut self, message: Message) {
        match message {
            Message::Text { source, text, at } => self.text(&source, text, at),
            Message::Reopen => {
                // What isn't special any more becomes a file.
                self.files.retain(|path, target| matches!(target, Target::Outlet(_)) && is_special(path));
                for target in self.files.values() {
                    if let Target::Outlet(outlet) = target {
                        outlet.reopen();
                    }
                }
            }
            Message::Flush(done) => {
                let (tell, written) = oneshot::channel();
                if let Some(console) = &self.console {
                    console.flush(tell);
                }
                // Whoever asked may have given up.
                let _ = done.send(written);
            }
            Message::Look { path, found } => {
                let numbered = (1..=self.config.backups).map(|n| {
                    let mut name = path.clone().into_os_string();
                    name.push(format!(".{n}"));
                    PathBuf::from(name)
                });
                let paths = std::iter::once(path.clone()).chain(numbered);
                let open = |path: PathBuf| {
                    let file = File::open(path).ok()?;
                    let data = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
                    Some((file, data.len()))
                };
                let files = if is_special(&path) { Vec::new() } else { paths.map_while(open).collect() };
                let _ = found.send(files);
            }
        }
    }

    fn text(&mut self, source: &Source, text: Vec<u8>, at: SystemTime) {
        let urgent = source.form != Form::Program;
        if let Some(console) = self.console.as_mut().filter(|_| source.console) {
            let config = &self.config;
            let mark = |lines| mark_source().for_console(&words(lines), at, config);
            console.write(source.for_console(&text, at, config), urgent, mark);
        }
        if let Some(path) = &source.path {
            let rendered = source.for_file(&text, at, &self.config).unwrap_or(text);
            self.file(path, rendered, urgent, at);
        }
    }

    fn file(&mut self, path: &Path, text: Vec<u8>, urgent: bool, at: SystemTime) {
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
            Target::Outlet(outlet) => {
                let config = &self.config;
                let mark = |lines| {
                    let words = words(lines);
                    mark_source().for_file(&words, at, config).unwrap_or(words)
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
                .map(Target::Outlet);
        }
        let file = RotatingFile::new(path, self.config.max_size_bytes, self.config.backups);
        Ok(Target::File(file, Loss::default()))
    }
}

/// Whose line the mark of a loss is.
fn mark_source() -> Source {
    let program = "supervisor".to_owned();
    Source { program, stream: Stream::Stdout, path: None, console: true, form: Form::Program }
}

fn words(lines: u64) -> Vec<u8> {
    format!("{lines} lines left out: nobody reads fast enough\n").into_bytes()
}
