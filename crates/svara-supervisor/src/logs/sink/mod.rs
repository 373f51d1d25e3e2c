//! Sinks: lines go to syslog or to a command's standard input, by way of a bounded spool.
//!
//! Each sink has a thread. Its intake moves lines from the writer's queue to the spool and never waits for the sink; its
//! delivery takes them from there at the pace of the sink. While the sink is away, lines wait in memory and then on disk,
//! also over a restart of the supervisor. What doesn't fit is left out, counted, and marked by a line in its place.

mod delivery;
mod disk;
mod input;
mod line;
mod spool;
mod transport;
mod worker;

use std::{
    io,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

pub use input::SinkInput;
use tokio::sync::{mpsc, oneshot};

use super::{
    loss::LogNotice,
    record::{Form, Origin, Record, Stream},
};
use crate::config::{SinkSpec, SinkTarget};

/// Records in its queue; at 16 KiB each, they take 2 MiB at most.
const QUEUE: usize = 128;

/// Places in the queue that only our own lines may take.
const RESERVED: usize = 32;

enum Message {
    Record(Record),
    Finish(oneshot::Sender<()>),
}

/// The writer's end of a sink.
#[derive(Debug)]
pub(super) struct Sink {
    spec: SinkSpec,
    queue: mpsc::Sender<Message>,
    state: Arc<SinkState>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Message")
    }
}

/// How a sink is doing.
#[derive(Debug, Default)]
pub struct SinkState {
    sent: AtomicU64,
    lost: AtomicU64,
    waiting_bytes: AtomicU64,
    is_up: AtomicBool,
    reason: Mutex<Option<String>>,
}

impl SinkState {
    /// Lines handed over.
    pub fn sent_lines(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Lines left out.
    pub fn lost_lines(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Bytes that wait in memory and on disk.
    pub fn waiting_bytes(&self) -> u64 {
        self.waiting_bytes.load(Ordering::Relaxed)
    }

    /// Whether it took the last line that it was given.
    pub fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Relaxed)
    }

    /// Why it isn't up.
    pub fn reason(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_reason(&self, reason: Option<String>) {
        self.is_up.store(reason.is_none(), Ordering::Relaxed);
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    fn lose(&self, lines: u64) {
        self.lost.fetch_add(lines, Ordering::Relaxed);
    }
}

/// What the main thread has of a sink.
#[derive(Clone, Debug)]
pub struct SinkHandle {
    /// Its name.
    pub name: String,
    /// How it is doing.
    pub state: Arc<SinkState>,
    /// The command to run, and where the standard input of each of its processes goes.
    pub command: Option<(Vec<String>, Arc<SinkInput>)>,
}

impl Sink {
    /// Starts its thread. `directory` is that of the log files.
    ///
    /// # Errors
    /// When the thread can't be started.
    pub(super) fn start(
        spec: &SinkSpec,
        directory: &Path,
        notices: mpsc::Sender<LogNotice>,
    ) -> io::Result<(Self, SinkHandle)> {
        let state = Arc::new(SinkState::default());
        // Nothing was refused yet.
        state.set_reason(None);
        let (queue, inbox) = mpsc::channel(QUEUE);
        let input = Arc::new(SinkInput::default());
        let command = match &spec.target {
            SinkTarget::Command(command) => Some((command.clone(), Arc::clone(&input))),
            SinkTarget::Syslog { .. } => None,
        };
        worker::start(spec.clone(), directory, inbox, input, notices, Arc::clone(&state))?;
        let handle = SinkHandle { name: spec.name.clone(), state: Arc::clone(&state), command };
        Ok((Self { spec: spec.clone(), queue, state }, handle))
    }

    /// Queues the lines, if it is to have them.
    pub(super) fn write(&self, record: &Record) {
        if !self.wants(record) {
            return;
        }
        let is_full = record.source.form == Form::Program && self.queue.capacity() <= RESERVED;
        if is_full || self.queue.try_send(Message::Record(record.clone())).is_err() {
            self.state.lose(record.lines());
        }
    }

    /// Resolves once what waits is handed over or on disk.
    pub(super) fn finish(&self, done: oneshot::Sender<()>) {
        // A full queue leads to a disk that doesn't answer.
        let _ = self.queue.try_send(Message::Finish(done));
    }

    fn wants(&self, record: &Record) -> bool {
        let source = &record.source;
        let stream = match source.stream {
            Stream::Stdout => self.spec.stdout,
            Stream::Stderr => self.spec.stderr,
        };
        match &source.origin {
            // The same event comes as text.
            Origin::Supervisor => self.spec.events && source.form != Form::Json,
            Origin::Program(name) => {
                stream && (self.spec.programs.is_empty() || self.spec.programs.contains(name))
            }
            Origin::Schedule => stream && self.spec.programs.is_empty(),
            // What it says would come back to it.
            Origin::Sink => false,
        }
    }
}
