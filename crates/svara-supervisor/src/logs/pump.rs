//! Moves lines from a pipe to the writer and to memory.

use std::{
    cell::RefCell,
    fs::File,
    io::{self, Read},
    os::fd::OwnedFd,
    path::PathBuf,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::AsyncReadExt,
    net::unix::pipe,
    sync::Notify,
    task::{JoinHandle, spawn_local, yield_now},
    time::sleep,
};

use super::{
    lines::Lines,
    record::{Source, Stream},
    tail::Tail,
    writer::Logs,
};

/// Bytes per read; a pipe holds four times as many.
const CHUNK_BYTES: usize = 16 << 10;

/// How long the end of a line may be missing. A prompt or a bar of progress has none; what follows later is a line of its own.
const LONGEST_PART: Duration = Duration::from_secs(1);

/// What is read at most of a pipe that somebody still holds; a pipe may be made so large.
const LAST_CHUNKS: usize = (1 << 20) / CHUNK_BYTES;

/// The task that captures an output. It ends when every holder of the pipe's other end has closed it.
#[derive(Debug)]
pub struct Pump {
    task: JoinHandle<()>,
    enough: Rc<Notify>,
    source: Rc<RefCell<Arc<Source>>>,
}

impl Pump {
    /// Whether everything has been read.
    pub fn is_done(&self) -> bool {
        self.task.is_finished()
    }

    /// Reads what is there by now, and ends: who still holds the other end isn't waited for.
    pub fn end(&self) {
        self.enough.notify_one();
    }

    /// Waits until everything has been read.
    pub async fn done(&mut self) {
        // An error says that it was aborted: nothing more comes.
        let _ = (&mut self.task).await;
    }

    /// The output that it captures.
    pub fn stream(&self) -> Stream {
        self.source.borrow().stream
    }

    /// From the next line on, lines go to another file.
    pub fn move_to(&self, path: Option<PathBuf>) {
        let moved = Source { path, ..Source::clone(&self.source.borrow()) };
        self.source.replace(Arc::new(moved));
    }

    /// Ends at once; what hasn't been read is lost.
    pub fn abort(&self) {
        self.task.abort();
    }
}

/// Captures one output of a process.
///
/// # Errors
/// When the runtime can't register the pipe.
pub fn capture(
    output: impl Into<OwnedFd>,
    source: Source,
    logs: &Logs,
    tail: &Rc<RefCell<Tail>>,
) -> io::Result<Pump> {
    let pipe = pipe::Receiver::from_owned_fd(output.into())?;
    let source = Rc::new(RefCell::new(Arc::new(source)));
    let sinks = Sinks { source: Rc::clone(&source), logs: logs.clone(), tail: Rc::clone(tail) };
    let enough = Rc::new(Notify::new());
    Ok(Pump { task: spawn_local(pump(pipe, sinks, Rc::clone(&enough))), enough, source })
}

/// Where lines go.
struct Sinks {
    source: Rc<RefCell<Arc<Source>>>,
    logs: Logs,
    tail: Rc<RefCell<Tail>>,
}

impl Sinks {
    fn look(&self, read: &[u8]) {
        let stream = self.source.borrow().stream;
        self.tail.borrow_mut().look(stream, read);
    }

    async fn take(&self, text: Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let source = Arc::clone(&self.source.borrow());
        let text = source.marked(text);
        self.tail.borrow_mut().push(source.stream, &text);
        let followed = self.tail.borrow().is_followed();
        self.logs.write(&source, text).await;
        if followed {
            // Followers get their turn before more is read.
            yield_now().await;
        }
    }
}

async fn pump(mut pipe: pipe::Receiver, sinks: Sinks, enough: Rc<Notify>) {
    let mut lines = Lines::default();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = tokio::select! {
            biased;
            () = enough.notified() => {
                // It doesn't wait for more.
                if let Ok(rest) = pipe.into_nonblocking_fd() {
                    let mut rest = File::from(rest);
                    for _ in 0..LAST_CHUNKS {
                        let Ok(read @ 1..) = rest.read(&mut chunk) else { break };
                        let read = chunk.get(..read).unwrap_or_default();
                        sinks.look(read);
                        sinks.take(lines.push(read)).await;
                    }
                }
                break;
            }
            read = pipe.read(&mut chunk) => read,
            () = sleep(LONGEST_PART), if lines.has_part() => {
                sinks.take(lines.finish()).await;
                continue;
            }
        };
        let Ok(read @ 1..) = read else { break };
        let read = chunk.get(..read).unwrap_or_default();
        sinks.look(read);
        sinks.take(lines.push(read)).await;
    }
    sinks.take(lines.finish()).await;
}
