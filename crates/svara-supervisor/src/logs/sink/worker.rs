//! A sink's thread: its intake, beside its delivery.

use std::{
    cell::RefCell,
    io::{self, Write},
    path::Path,
    rc::Rc,
    sync::Arc,
    thread,
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::LocalSet,
    time::{Instant, timeout_at},
};

use super::{
    Message, SinkState,
    delivery::{Delivery, Shared},
    input::SinkInput,
    line::Form,
    spool::{Refused, Spool},
};
use crate::{
    config::{SPOOL_DIRECTORY, SinkSpec},
    logs::{
        loss::LogNotice,
        record::{Record, own_record},
    },
};

/// How long the end waits for a sink that takes lines.
const LAST: Duration = Duration::from_millis(1500);

/// Starts the thread of a sink.
///
/// # Errors
/// When it can't be started.
pub(super) fn start(
    spec: SinkSpec,
    directory: &Path,
    inbox: mpsc::Receiver<Message>,
    input: Arc<SinkInput>,
    notices: mpsc::Sender<LogNotice>,
    state: Arc<SinkState>,
) -> io::Result<()> {
    let directory = directory.join(SPOOL_DIRECTORY).join(&spec.name);
    // A name that is resolved takes a thread.
    let runtime =
        tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).enable_all().build()?;
    let work = move || {
        // A disk may stall, so nobody else may wait for this.
        let (spool, fault) = match Spool::open(&directory, spec.spool_bytes) {
            Ok(spool) => (spool, None),
            Err(error) => (Spool::new(&directory, spec.spool_bytes), Some(error)),
        };
        let (filled, moved) = (Notify::new(), Notify::new());
        let shared = Rc::new(Shared { spool: RefCell::new(spool), filled, moved, state, notices });
        shared.count();
        let intake = Intake {
            form: Form::of(&spec),
            name: spec.name.clone(),
            input: Arc::clone(&input),
            marked: 0,
            losing: false,
            shared,
        };
        if let Some(error) = fault {
            let (sink, reason) = (spec.name.clone(), format!("what an earlier supervisor has left: {error}"));
            intake.shared.tell(LogNotice::SinkLost { sink, reason });
        }
        let delivery = Delivery::new(Rc::clone(&intake.shared), spec, input);
        LocalSet::new().block_on(&runtime, intake.run(inbox, delivery));
        // A name may still be looked up.
        runtime.shutdown_background();
    };
    thread::Builder::new().name("log-sink".into()).spawn(work)?;
    Ok(())
}

struct Intake {
    form: Form,
    name: String,
    input: Arc<SinkInput>,
    shared: Rc<Shared>,
    /// Lost lines that a line in their place tells of.
    marked: u64,
    losing: bool,
}

impl Intake {
    async fn run(mut self, mut inbox: mpsc::Receiver<Message>, delivery: Delivery) {
        let delivery = tokio::task::spawn_local(delivery.run());
        while let Some(message) = inbox.recv().await {
            match message {
                Message::Record(record) => self.take(&record),
                Message::Finish(done) => {
                    self.drained().await;
                    delivery.abort();
                    // Closes the connection: a command sees the end of its input.
                    let _ = delivery.await;
                    self.input.put(None);
                    return self.close(done);
                }
            }
        }
    }

    /// Moves lines to the spool, after a mark where some are missing.
    fn take(&mut self, record: &Record) {
        let state = Arc::clone(&self.shared.state);
        // Some may have been left out on their way here.
        let missing = state.lost_lines() - self.marked;
        let mut lines = Vec::new();
        if missing > 0 {
            let words = format!("{missing} lines left out: the sink was away, or too slow\n");
            lines = self.form.lines(&own_record(words, record.at));
        }
        lines.extend(self.form.lines(record));
        let pushed = self.shared.spool.borrow_mut().push(lines);
        match pushed {
            Ok(()) => {
                self.marked += missing;
                if missing > 0 {
                    if !self.losing {
                        self.lost("lines come faster than they can be spooled".to_owned());
                    }
                    self.losing = false;
                    let sink = self.name.clone();
                    self.shared.tell(LogNotice::SinkRestored { sink, lost_lines: missing });
                }
                self.shared.filled.notify_one();
            }
            Err(refused) => {
                state.lose(record.lines());
                if !self.losing {
                    self.lost(match refused {
                        Refused::Full => "its spool is full".to_owned(),
                        Refused::Disk(error) => format!("its spool: {error}"),
                    });
                }
                self.losing = true;
            }
        }
        self.shared.count();
    }

    fn lost(&self, reason: String) {
        self.shared.tell(LogNotice::SinkLost { sink: self.name.clone(), reason });
    }

    /// Waits until everything has arrived, if it does.
    async fn drained(&self) {
        let limit = Instant::now() + LAST;
        while !self.shared.spool.borrow().is_empty() && self.shared.state.is_up() {
            if timeout_at(limit, self.shared.moved.notified()).await.is_err() {
                return;
            }
        }
    }

    /// Leaves what waits on disk.
    fn close(&self, done: oneshot::Sender<()>) {
        if let Err((lines, error)) = self.shared.spool.borrow_mut().close() {
            self.shared.state.lose(lines);
            // Nothing reads events any more, and perhaps nobody this.
            let name = &self.name;
            let _ = writeln!(io::stderr(), "svara-supervisor: sink {name}: {lines} lines are lost: {error}");
        }
        // Whoever asked may have given up.
        let _ = done.send(());
    }
}
