//! Where log lines are written. A line that can't be written is lost and counted, and nothing else comes of it: whoever
//! doesn't read the log, or whose disk is full, must not stop the server.

use std::{
    fmt,
    io::{self, ErrorKind, Write},
    sync::{
        OnceLock,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use prometheus_client::metrics::{counter::Counter, family::Family};
use tracing_subscriber::fmt::MakeWriter;

/// The most lines that wait to be written.
const QUEUE_LINES: usize = 2048;
/// How long the end of the process may wait for them.
const FLUSH: Duration = Duration::from_secs(1);
/// How often the log says what was lost.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Lines that were lost: where they were to go, and why they didn't.
type Lost = Family<[(&'static str, &'static str); 2], Counter>;

const LOST: [(Output, Why); 3] =
    [(Output::Log, Why::Full), (Output::Log, Why::Failed), (Output::Audit, Why::Failed)];

/// Where lines go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Output {
    /// Standard error.
    Log,
    /// `log.audit_file`.
    Audit,
}

#[derive(Clone, Copy)]
enum Why {
    /// Too many wait already: standard error isn't read.
    Full,
    /// The write failed.
    Failed,
}

/// The lines that were lost since the start.
pub(crate) fn lost() -> &'static Lost {
    static LINES: OnceLock<Lost> = OnceLock::new();
    LINES.get_or_init(|| {
        let lost = Lost::default();
        // Exported as zeros from the start, for alerts.
        for (output, why) in LOST {
            drop(lost.get_or_create(&labels(output, why)));
        }
        lost
    })
}

fn labels(output: Output, why: Why) -> [(&'static str, &'static str); 2] {
    let output = match output {
        Output::Log => "log",
        Output::Audit => "audit",
    };
    let why = match why {
        Why::Full => "queue_full",
        Why::Failed => "write_failed",
    };
    [("output", output), ("reason", why)]
}

fn count(output: Output, why: Why) -> Counter {
    lost().get_or_create(&labels(output, why)).clone()
}

/// Says every few seconds what was lost, where it can be said.
pub(super) async fn tell() {
    let mut told = LOST.map(|_| 0);
    loop {
        // A schedule, not a wait for something.
        tokio::time::sleep(TELL_EVERY).await;
        for ((output, why), told) in LOST.into_iter().zip(&mut told) {
            let all = count(output, why).get();
            let lines = all - *told;
            if lines > 0 {
                let [(_, output), (_, reason)] = labels(output, why);
                tracing::error!(output, reason, lines, "log lines lost");
            }
            *told = all;
        }
    }
}

/// Writes whole lines, and counts those that fail. It never fails itself.
pub(super) struct Counted<W> {
    to: W,
    failed: Counter,
    /// Whether a part of a line was written, whose rest failed.
    torn: bool,
}

impl<W: Write> Counted<W> {
    pub(super) fn new(output: Output, to: W) -> Self {
        Self { to, failed: count(output, Why::Failed), torn: false }
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        if self.torn {
            self.to.write_all(b"\n")?;
            self.torn = false;
        }
        let mut rest = line;
        while !rest.is_empty() {
            match self.to.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    self.torn = !rest.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.to.flush()
    }
}

/// Each write is a line.
impl<W: Write> Write for Counted<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.line(line).is_err() {
            self.failed.inc();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lines on their way to a thread that writes them: a pipe that nobody reads blocks that thread alone.
#[derive(Clone)]
pub(super) struct Queue {
    messages: SyncSender<Message>,
    full: Counter,
}

enum Message {
    Line(Box<[u8]>),
    /// Asks for an answer once all lines before it are written.
    Flush(SyncSender<()>),
}

impl Queue {
    /// A queue of the log, and its thread, which ends with the last clone.
    ///
    /// # Errors
    /// The thread can't be started.
    pub(super) fn new(to: impl Write + Send + 'static) -> io::Result<Self> {
        let (messages, waiting) = sync_channel(QUEUE_LINES);
        let to = Counted::new(Output::Log, to);
        thread::Builder::new().name("log".to_owned()).spawn(move || write_all(&waiting, to))?;
        Ok(Self { messages, full: count(Output::Log, Why::Full) })
    }

    /// Waits until all lines are written, for a second at most.
    pub(super) fn flush(&self) {
        let deadline = Instant::now() + FLUSH;
        let (written, answer) = sync_channel(1);
        let mut message = Message::Flush(written);
        // A full channel has no blocking send with a deadline.
        while let Err(TrySendError::Full(again)) = self.messages.try_send(message) {
            if Instant::now() >= deadline {
                return;
            }
            message = again;
            thread::sleep(Duration::from_millis(5));
        }
        // Too late is as good as done: the rest is lost with the process.
        let _ = answer.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Queue")
    }
}

fn write_all(waiting: &Receiver<Message>, mut to: Counted<impl Write>) {
    for message in waiting {
        match message {
            Message::Line(line) => {
                // It never fails.
                let _ = to.write_all(&line);
            }
            Message::Flush(written) => {
                // Nobody waits any longer.
                let _ = written.try_send(());
            }
        }
    }
}

/// Each write is a line.
impl Write for &Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.messages.try_send(Message::Line(line.into())).is_err() {
            self.full.inc();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, mpsc::sync_channel};

    use super::*;

    /// Takes some bytes, then fails until it is given more room, as a disk that is full.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(Vec<u8>, usize)>>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (written, room) = &mut *self.0.lock().unwrap();
            let fits = bytes.len().min(*room);
            if fits == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            *room -= fits;
            written.extend_from_slice(&bytes[..fits]);
            Ok(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_fail_are_counted_and_tear_no_other() {
        let disk = Disk::default();
        disk.0.lock().unwrap().1 = 10;
        let mut to = Counted::new(Output::Audit, disk.clone());
        let before = to.failed.get();
        for line in ["first\n", "second\n", "third\n"] {
            to.write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(to.failed.get() - before, 2);
        disk.0.lock().unwrap().1 = 100;
        to.write_all(b"fourth\n").unwrap();
        assert_eq!(disk.0.lock().unwrap().0, b"first\nseco\nfourth\n");
        assert_eq!(to.failed.get() - before, 2);
    }

    /// A pipe that nobody reads, until somebody does.
    struct Stuck(Receiver<()>, Disk);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Ends once the other end is gone.
            let _ = self.0.recv();
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_log_that_is_not_read_holds_nobody_up() {
        let (reads, stuck) = sync_channel(0);
        let disk = Disk::default();
        disk.0.lock().unwrap().1 = usize::MAX;
        let queue = Queue::new(Stuck(stuck, disk.clone())).unwrap();
        let lines = QUEUE_LINES + 100;
        let before = queue.full.get();
        for number in 0..lines {
            (&queue).write_all(format!("{number}\n").as_bytes()).unwrap();
        }
        // One is with the thread, perhaps.
        let lost = queue.full.get() - before;
        assert!([99, 100].contains(&lost), "{lost}");
        queue.flush();
        drop(reads);
        queue.flush();
        let written = disk.0.lock().unwrap().0.clone();
        assert_eq!(String::from_utf8(written).unwrap().lines().count() as u64, lines as u64 - lost);
    }
}
