//! The thread that writes files and console, and the handle to its queue.

use std::{
    cell::Cell,
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::{mpsc, mpsc::error::SendTimeoutError, oneshot};

use super::{console::Console, file::RotatingFile, record::Source};
use crate::config::LogConfig;

/// Messages in the queue; at 16 KiB each, it holds at most 1 MiB.
const QUEUE: usize = 64;

/// How long to wait for a full queue; a healthy disk drains it much faster.
const PATIENCE: Duration = Duration::from_millis(100);

/// A problem with a log file that an operator should know about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogNotice {
    /// Writing has started to fail.
    Lost {
        /// The file.
        path: PathBuf,
        /// The system's error.
        reason: String,
    },
    /// Writing works again.
    Restored {
        /// The file.
        path: PathBuf,
        /// Bytes lost in the meantime.
        lost_bytes: u64,
    },
}

enum Message {
    Text { source: Arc<Source>, text: Vec<u8>, at: SystemTime },
    Reopen,
    Flush(oneshot::Sender<()>),
}

/// Handle to the log writer.
#[derive(Clone, Debug)]
pub struct Logs {
    queue: mpsc::Sender<Message>,
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
    /// When the thread can't be started.
    pub fn start(config: LogConfig, notices: mpsc::Sender<LogNotice>) -> io::Result<Self> {
        let (queue, receiver) = mpsc::channel(QUEUE);
        let dropped_bytes = Arc::<AtomicU64>::default();
        let writer = Writer {
            config,
            notices,
            files: HashMap::new(),
            console: Console::default(),
            dropped_bytes: Arc::clone(&dropped_bytes),
        };
        thread::Builder::new().name("log-writer".into()).spawn(move || writer.run(receiver))?;
        Ok(Self { queue, stuck: Cell::new(false), dropped_bytes })
    }

    /// Queues complete lines. Waits briefly for a busy writer but never for a stuck one: then the lines are dropped and
    /// counted.
    pub async fn write(&self, source: &Arc<Source>, text: Vec<u8>) {
        let length = text.len() as u64;
        let message = Message::Text { source: Arc::clone(source), text, at: SystemTime::now() };
        let patience = if self.stuck.get() { Duration::ZERO } else { PATIENCE };
        match self.queue.send_timeout(message, patience).await {
            Ok(()) => self.stuck.set(false),
            Err(SendTimeoutError::Timeout(_) | SendTimeoutError::Closed(_)) => {
                self.stuck.set(true);
                self.dropped_bytes.fetch_add(length, Ordering::Relaxed);
            }
        }
    }

    /// Queues a line of our own without waiting.
    pub fn write_now(&self, source: &Arc<Source>, line: String) {
        let text = line.into_bytes();
        let length = text.len() as u64;
        let message = Message::Text { source: Arc::clone(source), text, at: SystemTime::now() };
        if self.queue.try_send(message).is_err() {
            self.dropped_bytes.fetch_add(length, Ordering::Relaxed);
        }
    }

    /// Reopens all files after something else has moved them.
    pub async fn reopen(&self) {
        // A stuck writer will reopen moved files by itself once it continues.
        let _ = self.queue.send_timeout(Message::Reopen, PATIENCE).await;
    }

    /// Waits until everything queued so far is written, for at most about `limit`.
    pub async fn flush(&self, limit: Duration) {
        let (done, written) = oneshot::channel();
        if self.queue.send_timeout(Message::Flush(done), limit).await.is_ok() {
            let _ = tokio::time::timeout(limit, written).await;
        }
    }

    /// Bytes lost so far to a stuck writer, a failing file or a console that nobody reads.
    pub fn dropped_bytes(&self) -> u64 {
        self.dropped_bytes.load(Ordering::Relaxed)
    }
}

struct Writer {
    config: LogConfig,
    notices: mpsc::Sender<LogNotice>,
    files: HashMap<PathBuf, (RotatingFile, Option<u64>)>,
    console: Console,
    dropped_bytes: Arc<AtomicU64>,
}

impl Writer {
    fn run(mut self, mut queue: mpsc::Receiver<Message>) {
        while let Some(message) = queue.blocking_recv() {
            match message {
                Message::Text { source, text, at } => self.text(&source, &text, at),
                Message::Reopen => self.files.clear(),
                Message::Flush(done) => drop(done.send(())),
            }
        }
    }

    fn text(&mut self, source: &Source, text: &[u8], at: SystemTime) {
        let rendered = source.for_file(text, at, &self.config);
        self.file(source, rendered.as_deref().unwrap_or(text));
        if source.console && self.config.console {
            let dropped = self.console.write(&source.for_console(text, at, &self.config));
            self.dropped_bytes.fetch_add(dropped as u64, Ordering::Relaxed);
        }
    }

    /// Writes to the source's file. The second half of its entry counts the bytes lost while writing fails.
    fn file(&mut self, source: &Source, text: &[u8]) {
        let (file, losing) = self.files.entry(source.path.clone()).or_insert_with(|| {
            (RotatingFile::new(&source.path, self.config.max_size_bytes, self.config.backups), None)
        });
        let notice = match (file.write(text, Instant::now()), &losing) {
            (Ok(()), None) => return,
            (Ok(()), Some(lost_bytes)) => {
                let lost_bytes = *lost_bytes;
                *losing = None;
                LogNotice::Restored { path: source.path.clone(), lost_bytes }
            }
            (Err(error), _) => {
                let length = text.len() as u64;
                self.dropped_bytes.fetch_add(length, Ordering::Relaxed);
                if let Some(lost_bytes) = losing {
                    *lost_bytes += length;
                    return;
                }
                *losing = Some(length);
                LogNotice::Lost { path: source.path.clone(), reason: error.to_string() }
            }
        };
        // The queue of notices is full only if many files fail at the same moment.
        let _ = self.notices.try_send(notice);
    }
}
