//! Something that takes text at its own pace: our standard output, a device, a FIFO. A thread of its own waits for it.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::fd::AsFd,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, oneshot};

use super::{
    inbox::{self, Outbox},
    loss::{LogNotice, Loss},
};

/// A queue without room for this much is as good as full.
const PIECE_BYTES: usize = 16 << 10;

/// How long to wait after a failure before trying again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

enum Message {
    Text(Vec<u8>),
    Reopen,
    Flush(oneshot::Sender<()>),
}

/// Where it leads.
#[derive(Clone, Debug)]
pub(super) enum Destination {
    Console,
    Path(PathBuf),
}

/// The writer's end.
#[derive(Debug)]
pub(super) struct Outlet {
    queue: Outbox<Message>,
    destination: Destination,
    left_out_lines: u64,
    loss: Loss,
    notices: mpsc::Sender<LogNotice>,
    dropped_bytes: Arc<AtomicU64>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Message")
    }
}

impl Outlet {
    /// Starts its thread.
    ///
    /// # Errors
    /// When the thread can't be started.
    pub(super) fn start(
        destination: Destination,
        notices: mpsc::Sender<LogNotice>,
        dropped_bytes: Arc<AtomicU64>,
    ) -> io::Result<Self> {
        let mut sink = Sink {
            destination: destination.clone(),
            open: None,
            retry_at: None,
            loss: Loss::default(),
            notices: notices.clone(),
            dropped_bytes: Arc::clone(&dropped_bytes),
        };
        let queue = inbox::start("log-outlet", move |message| match message {
            Message::Text(text) => sink.write(&text),
            Message::Reopen => sink.open = None,
            Message::Flush(done) => drop(done.send(())),
        })?;
        let loss = Loss::default();
        Ok(Self { queue, destination, left_out_lines: 0, loss, notices, dropped_bytes })
    }

    /// Queues complete lines. What doesn't fit is left out, and a line made by `mark` from the number of lines says so
    /// as soon as there is room.
    pub(super) fn write(&mut self, text: Vec<u8>, urgent: bool, mark: impl FnOnce(u64) -> Vec<u8>) {
        let queue = &self.queue;
        let send = |text: Vec<u8>| match urgent {
            true => queue.try_urgent(Message::Text(text)),
            false => queue.try_bulk(text.len(), Message::Text(text)),
        };
        let bytes = text.len() as u64;
        let mut fits = true;
        if self.left_out_lines > 0 {
            fits = send(mark(self.left_out_lines));
            if fits {
                self.left_out_lines = 0;
            }
        }
        let now = Instant::now();
        let lines = text.iter().filter(|byte| **byte == b'\n').count() as u64;
        if fits && send(text) {
            if let Some(lost_bytes) = self.loss.arrive(now, false) {
                let _ =
                    self.notices.try_send(LogNotice::Restored { path: self.destination.path(), lost_bytes });
            }
            return;
        }
        self.left_out_lines += lines;
        self.dropped_bytes.fetch_add(bytes, Ordering::Relaxed);
        if self.loss.lose(bytes, now) {
            let reason = "lines are left out: it is read too slowly, or not at all".to_owned();
            let _ = self.notices.try_send(LogNotice::Lost { path: self.destination.path(), reason });
        }
    }

    /// Opens its file anew.
    pub(super) fn reopen(&self) {
        // A queue that is full leads to something that is stuck; it stays as it is.
        let _ = self.queue.try_bulk(PIECE_BYTES, Message::Reopen);
    }

    /// Resolves once everything queued so far is written.
    pub(super) fn flush(&self, done: oneshot::Sender<()>) {
        let _ = self.queue.try_bulk(PIECE_BYTES, Message::Flush(done));
    }
}

impl Destination {
    fn path(&self) -> PathBuf {
        match self {
            Self::Console => PathBuf::from("console"),
            Self::Path(path) => path.clone(),
        }
    }

    /// A FIFO without a reader may keep this waiting for one.
    fn open(&self) -> io::Result<File> {
        match self {
            Self::Console => io::stdout().as_fd().try_clone_to_owned().map(File::from),
            Self::Path(path) => OpenOptions::new().append(true).open(path),
        }
    }
}

/// The thread's end.
struct Sink {
    destination: Destination,
    open: Option<File>,
    retry_at: Option<Instant>,
    loss: Loss,
    notices: mpsc::Sender<LogNotice>,
    dropped_bytes: Arc<AtomicU64>,
}

impl Sink {
    fn write(&mut self, text: &[u8]) {
        let now = Instant::now();
        let waits = self.retry_at.is_some_and(|at| now < at);
        let done = if waits { Err(io::Error::other("still failing")) } else { self.try_write(text) };
        match done {
            Ok(()) => {
                self.retry_at = None;
                if let Some(lost_bytes) = self.loss.arrive(now, true) {
                    let path = self.destination.path();
                    let _ = self.notices.try_send(LogNotice::Restored { path, lost_bytes });
                }
            }
            Err(error) => {
                if !waits {
                    self.open = None;
                    self.retry_at = Some(now + RETRY_AFTER);
                }
                self.dropped_bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
                if self.loss.lose(text.len() as u64, now) {
                    let (path, reason) = (self.destination.path(), error.to_string());
                    let _ = self.notices.try_send(LogNotice::Lost { path, reason });
                }
            }
        }
    }

    fn try_write(&mut self, text: &[u8]) -> io::Result<()> {
        if self.open.is_none() {
            self.open = Some(self.destination.open()?);
        }
        match &mut self.open {
            Some(file) => file.write_all(text),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use nix::{sys::stat::Mode, unistd::mkfifo};

    use super::*;

    #[test]
    fn many_short_lines_wait_for_a_reader() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fifo");
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        let (notices, mut told) = mpsc::channel(8);
        let dropped = Arc::<AtomicU64>::default();
        let mut outlet =
            Outlet::start(Destination::Path(path.clone()), notices, Arc::clone(&dropped)).unwrap();
        let lines: Vec<String> = (0..5000).map(|n| format!("{n}\n")).collect();
        for line in &lines {
            outlet.write(line.clone().into_bytes(), false, |_| panic!("{line} doesn't fit"));
        }
        assert!(told.try_recv().is_err() && dropped.load(Ordering::Relaxed) == 0);
        // What is too much is left out.
        while dropped.load(Ordering::Relaxed) == 0 {
            outlet.write(vec![b'x'; PIECE_BYTES], false, |_| Vec::new());
        }
        assert!(matches!(told.try_recv(), Ok(LogNotice::Lost { .. })));
        let mut read = vec![0; lines.concat().len()];
        File::open(path).unwrap().read_exact(&mut read).unwrap();
        assert_eq!(read, lines.concat().into_bytes());
    }
}
