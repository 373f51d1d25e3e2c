//! Takes lines from the spool to the sink, at its pace.

use std::{cell::RefCell, io, rc::Rc, sync::Arc, sync::atomic::Ordering, time::Duration};

use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, sleep},
};

use super::{
    SinkState,
    input::SinkInput,
    spool::Spool,
    transport::{Connection, connect},
};
use crate::{config::SinkSpec, logs::loss::LogNotice};

/// What is sent at once.
const BATCH_BYTES: usize = 32 << 10;

/// How long to wait before the next attempt, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A sink that nobody is sure of works again if it took everything for this long.
const CALM: Duration = Duration::from_secs(2);

/// What intake and delivery share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) spool: RefCell<Spool>,
    /// There is something new.
    pub(super) filled: Notify,
    /// Something has arrived, or can't.
    pub(super) moved: Notify,
    pub(super) state: Arc<SinkState>,
    pub(super) notices: mpsc::Sender<LogNotice>,
}

impl Shared {
    pub(super) fn count(&self) {
        self.state.waiting_bytes.store(self.spool.borrow().bytes(), Ordering::Relaxed);
    }

    pub(super) fn tell(&self, notice: LogNotice) {
        // The queue of notices is full only if many destinations fail at the same moment; the state has it as well.
        let _ = self.notices.try_send(notice);
    }
}

/// Delivers for ever.
pub(super) struct Delivery {
    pub(super) shared: Rc<Shared>,
    pub(super) spec: SinkSpec,
    pub(super) input: Arc<SinkInput>,
    pub(super) connection: Option<Connection>,
    pub(super) pause: Duration,
    pub(super) last_failure: Option<Instant>,
    pub(super) failures: usize,
}

impl Delivery {
    pub(super) fn new(shared: Rc<Shared>, spec: SinkSpec, input: Arc<SinkInput>) -> Self {
        Self { shared, spec, input, connection: None, pause: FIRST_PAUSE, last_failure: None, failures: 0 }
    }

    pub(super) async fn run(mut self) {
        loop {
            self.filled().await;
            if let Err(error) = self.round().await {
                self.away(&error);
                sleep(self.pause).await;
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    /// Waits for lines, and closes a connection that the other end has closed.
    async fn filled(&mut self) {
        while self.shared.spool.borrow().is_empty() {
            let closed = async {
                match &self.connection {
                    Some(connection) => connection.closed().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.shared.filled.notified() => {}
                () = closed => self.connection = None,
            }
        }
    }

    /// Sends the oldest lines.
    async fn round(&mut self) -> io::Result<()> {
        if self.connection.as_ref().is_some_and(|connection| connection.is_closed(&self.input)) {
            self.connection = None;
        }
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => {
                let new = connect(&self.spec.target, &self.input, self.failures, self.spec.timeout).await?;
                self.connection.insert(new)
            }
        };
        let lines = self.shared.spool.borrow_mut().oldest(BATCH_BYTES);
        let lines = match lines {
            Ok(lines) => lines,
            Err((_, error)) => {
                // How many lines they were, nobody knows any more.
                self.shared.state.lose(1);
                let sink = self.spec.name.clone();
                self.shared.tell(LogNotice::SinkLost { sink, reason: format!("its spool: {error}") });
                self.shared.count();
                return Ok(());
            }
        };
        let mut sent = 0;
        let mut done = connection.send(&lines, self.spec.timeout, &mut sent).await;
        let is_sure = connection.is_sure();
        let mut gone = sent;
        if done.as_ref().is_err_and(is_too_long) {
            // It never fits.
            self.shared.state.lose(1);
            gone += 1;
            done = Ok(());
        }
        self.shared.spool.borrow_mut().done(gone);
        self.shared.state.sent.fetch_add(sent as u64, Ordering::Relaxed);
        self.shared.count();
        if done.is_err() {
            self.connection = None;
        } else if sent > 0 {
            self.back(is_sure);
        }
        self.shared.moved.notify_one();
        done
    }

    fn away(&mut self, error: &io::Error) {
        self.last_failure = Some(Instant::now());
        self.failures = self.failures.wrapping_add(1);
        let is_news = self.shared.state.is_up();
        self.shared.state.set_reason(Some(error.to_string()));
        if is_news {
            let (sink, reason) = (self.spec.name.clone(), error.to_string());
            self.shared.tell(LogNotice::SinkAway { sink, reason });
        }
        self.shared.moved.notify_one();
    }

    fn back(&mut self, is_sure: bool) {
        self.pause = FIRST_PAUSE;
        let is_calm = self.last_failure.is_none_or(|last| last.elapsed() >= CALM);
        if !self.shared.state.is_up() && (is_sure || is_calm) {
            self.shared.state.set_reason(None);
            self.shared.tell(LogNotice::SinkBack { sink: self.spec.name.clone() });
        }
    }
}

fn is_too_long(error: &io::Error) -> bool {
    error.raw_os_error() == Some(nix::libc::EMSGSIZE)
}
