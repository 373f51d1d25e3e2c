//! Admission: which speeches run at once, and how long further requests wait.
//!
//! Live streams are let in while the decoder carries all of them in real time, with a margin; whole answers and jobs take
//! what they leave (`admission/room.rs`). The queue in front of them is bounded, and so is the wait in it: a request that
//! can't be served soon is refused, and told when there will be room. Keys take turns in it. A [`Permit`] lives as long as its speech.

mod held;
mod room;

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use svara_snac::MARGIN;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

pub(crate) use self::room::Class;
pub use self::room::Running;
use self::{
    held::Held,
    room::{Answer, Asks, Capacity, Name, Places, QueueFull, Room, Ticket},
};
use crate::{Caller, ServiceError, callers::KeyStream, lock::lock};

/// How often those who wait look whether the decoder has become faster.
const LOOKS_AGAIN: Duration = Duration::from_millis(250);
/// The limits of an announced wait. Clients give up on long ones, and listeners that leave make room earlier.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The bounds of [`Admission`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// Concurrent streams; 0: as many as the decoder has.
    pub streams: usize,
    /// Whether live streams are bounded by what the decoder carries in real time, too.
    pub measured: bool,
    /// Requests that may wait for a stream.
    pub queue: usize,
    /// Requests of one key that may wait for a stream.
    pub queue_per_key: usize,
    /// The longest wait.
    pub patience: Duration,
}

/// Admits speeches: as many as are carried, with a queue in front of them.
pub struct Admission {
    carries: Box<Carries>,
    bound: usize,
    places: Places,
    patience: Duration,
    start: Instant,
    state: Mutex<State>,
    refused: [AtomicU64; 2],
}

/// Streams that the decoder carries now, all in real time; `None` if they cost nothing.
type Carries = dyn Fn() -> Option<f64> + Send + Sync;

#[derive(Default)]
struct State {
    room: Room,
    held: Held,
    /// Those who wait.
    waiting: HashMap<Ticket, oneshot::Sender<()>>,
}

/// How full the server is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// What runs.
    pub running: Running,
    /// Requests that wait for a stream.
    pub waiting: usize,
    /// Live streams that may run at once now.
    pub streams: usize,
    /// Whether a live stream would have to wait.
    pub full: bool,
    /// Whether it would be refused: it can't wait either.
    pub refuses: bool,
}

impl Load {
    /// The part of the capacity that is in use, from 0 to 1.
    pub fn used(&self) -> f64 {
        (self.running.all() as f64 / self.streams.max(1) as f64).min(1.0)
    }
}

/// Why requests were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// Every place in the queue was taken.
    QueueFull,
    /// The wait was too long.
    WaitedInVain,
}

/// One stream, and the caller's quota for it; both are returned on drop.
#[derive(Debug)]
pub(crate) struct Permit {
    seat: Seat,
    key: KeyStream,
    waited: Duration,
}

/// A place among those who run or wait, until it is dropped.
#[derive(Debug)]
struct Seat {
    admission: Arc<Admission>,
    ticket: Ticket,
    characters: usize,
    /// Whether its speech came to its end: only then its time says how long speech takes.
    complete: bool,
}

impl Permit {
    /// How long the request waited for its stream.
    pub(crate) fn waited(&self) -> Duration {
        self.waited
    }

    /// The name of the caller's key, for logs.
    pub(crate) fn key_name(&self) -> Option<&str> {
        self.key.key_name()
    }

    /// Charges the characters for good: there is audio.
    pub(crate) fn spoken(&mut self) {
        self.key.spoken();
    }

    /// Says that the speech came to its end. One that failed, or whose client left, says nothing of how long others take.
    pub(crate) fn complete(&mut self) {
        self.seat.complete = true;
    }

    /// Charges sound that was made.
    pub(crate) fn heard(&self, audio: Duration) {
        self.key.heard(audio);
    }
}

impl Admission {
    /// An admission with these limits and at most `decoder_streams` streams, of which `carries` keep real time.
    pub fn new(
        limits: &QueueLimits,
        decoder_streams: usize,
        carries: impl Fn() -> Option<f64> + Send + Sync + 'static,
    ) -> Self {
        let bound = if limits.streams == 0 { decoder_streams } else { limits.streams.min(decoder_streams) };
        Self {
            carries: if limits.measured { Box::new(carries) } else { Box::new(|| None) },
            bound,
            places: Places { all: limits.queue, per_key: limits.queue_per_key },
            patience: limits.patience,
            start: Instant::now(),
            state: Mutex::default(),
            refused: [const { AtomicU64::new(0) }; 2],
        }
    }

    /// Admits a speech of `characters`, at once or after a wait in the queue.
    ///
    /// # Errors
    /// The caller's key has no streams, places in the queue or characters left, the queue is full, or the wait was too long.
    pub(crate) async fn admit(
        self: &Arc<Self>,
        caller: &Caller,
        characters: usize,
        class: Class,
    ) -> Result<Permit, ServiceError> {
        let key = caller.start_stream(characters)?;
        let asked = Instant::now();
        let seat = self.enter(class, caller.key_name().map(str::to_owned), characters).await?;
        Ok(Permit { seat, key, waited: asked.elapsed() })
    }

    async fn enter(
        self: &Arc<Self>,
        class: Class,
        name: Name,
        characters: usize,
    ) -> Result<Seat, ServiceError> {
        let seat = |ticket| Seat { admission: Arc::clone(self), ticket, characters, complete: false };
        let (seat, mut granted) = {
            let (capacity, now) = (self.capacity(), self.now());
            let mut state = self.lock();
            let held = state.held.expected(characters);
            match state.room.ask(Asks { class, name, held }, now, capacity, self.places) {
                Answer::Runs(ticket) => return Ok(seat(ticket)),
                Answer::Waits(ticket) => {
                    let (grant, granted) = oneshot::channel();
                    state.waiting.insert(ticket, grant);
                    (seat(ticket), granted)
                }
                Answer::Full(QueueFull::Key(count)) => return Err(ServiceError::queue_of_key_full(count)),
                Answer::Full(QueueFull::Server) => {
                    let wait = state.room.expected_wait(class, now, capacity);
                    drop(state);
                    return Err(self.refuse(Refusal::QueueFull, wait));
                }
            }
        };
        // A job has all the time it needs.
        let deadline = (class != Class::Job).then(|| Instant::now() + self.patience);
        loop {
            let look = Instant::now() + LOOKS_AGAIN;
            if let Ok(Ok(())) =
                timeout_at(deadline.map_or(look, |deadline| look.min(deadline)), &mut granted).await
            {
                return Ok(seat);
            }
            self.let_in();
            if granted.try_recv().is_ok() {
                return Ok(seat);
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                drop(seat);
                let wait = self.lock().room.expected_wait(class, self.now(), self.capacity());
                return Err(self.refuse(Refusal::WaitedInVain, wait));
            }
        }
    }

    /// Lets in those who wait, as far as there is room.
    fn let_in(&self) {
        let (capacity, now) = (self.capacity(), self.now());
        let mut state = self.lock();
        while let Some(ticket) = state.room.next(now, capacity) {
            // One that gives up at this moment returns its place.
            let _ = state.waiting.remove(&ticket).map(|grant| grant.send(()));
        }
    }

    fn refuse(&self, reason: Refusal, wait: Duration) -> ServiceError {
        let [queue_full, waited_in_vain] = &self.refused;
        let counter = match reason {
            Refusal::QueueFull => queue_full,
            Refusal::WaitedInVain => waited_in_vain,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        ServiceError::server_full(wait.clamp(SHORTEST_WAIT, LONGEST_WAIT))
    }

    /// The most streams at once.
    pub fn max_streams(&self) -> usize {
        self.bound
    }

    /// Requests that are waiting now.
    pub fn waiting(&self) -> usize {
        self.lock().room.waiting()
    }

    /// How full the server is now.
    pub fn load(&self) -> Load {
        let capacity = self.capacity();
        let state = self.lock();
        let (running, waiting) = (state.room.running(), state.room.waiting());
        let full = state.room.is_full(capacity);
        Load {
            running,
            waiting,
            streams: capacity.streams(),
            full,
            refuses: full && waiting >= self.places.all,
        }
    }

    /// Requests that were refused since the start, by reason.
    pub fn refused(&self) -> [(&'static str, u64); 2] {
        let [queue_full, waited_in_vain] = &self.refused;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [("queue_full", read(queue_full)), ("waited_in_vain", read(waited_in_vain))]
    }

    fn capacity(&self) -> Capacity {
        let live = (self.carries)().map_or(f64::INFINITY, |streams| streams / (1.0 + MARGIN));
        Capacity { live, bound: self.bound }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission").field("load", &self.load()).finish_non_exhaustive()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let now = self.admission.now();
        let mut state = self.admission.lock();
        state.waiting.remove(&self.ticket);
        let ran = state.room.leave(self.ticket, now);
        if let Some(ran) = ran.filter(|_| self.complete) {
            state.held.add(self.characters, ran);
        }
        drop(state);
        self.admission.let_in();
    }
}

#[cfg(test)]
mod tests;
