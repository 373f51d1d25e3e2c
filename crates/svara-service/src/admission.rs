//! Admission: how many speeches run at once, and how long further requests wait.
//!
//! The number of streams is bounded, and so are the queue in front of them and the wait in it: a request that can't be
//! served soon is refused at once. [`crate::queue`] says whose turn it is. A [`Permit`] lives as long as its speech.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use crate::{
    Caller, ServiceError,
    callers::KeyStream,
    lock::lock,
    queue::{Name, Queue, QueueFull},
};

/// The bounds of [`Admission`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// Concurrent streams; 0: as many as the decoder has.
    pub streams: usize,
    /// Requests that may wait for a stream.
    pub queue: usize,
    /// Requests of one key that may wait for a stream.
    pub queue_per_key: usize,
    /// The longest wait.
    pub patience: Duration,
}

/// Admits speeches: a number of streams, with a queue in front of them.
#[derive(Debug)]
pub struct Admission {
    state: Arc<Mutex<State>>,
    patience: Duration,
}

#[derive(Debug)]
struct State {
    /// Streams that nobody holds.
    free: usize,
    queue: Queue,
    /// How those that wait hear that they have a stream.
    told: HashMap<u64, oneshot::Sender<()>>,
}

impl State {
    /// Takes a key's stream back, for the next that waits.
    fn give_back(&mut self, name: &Name) {
        self.free += 1;
        self.queue.gave_back(name);
        self.hand_out();
    }

    /// Gives free streams to those that wait.
    fn hand_out(&mut self) {
        while self.free > 0
            && let Some(ticket) = self.queue.next()
        {
            self.free -= 1;
            if let Some(told) = self.told.remove(&ticket) {
                // Who has left meanwhile gives the stream back.
                let _ = told.send(());
            }
        }
    }
}

/// A stream that a key holds; given back on drop.
#[derive(Debug)]
struct Slot {
    state: Arc<Mutex<State>>,
    name: Name,
}

impl Drop for Slot {
    fn drop(&mut self) {
        lock(&self.state).give_back(&self.name);
    }
}

/// A place in the queue. Dropped unclaimed, it is left, and a stream that was handed out for it is given back.
struct Waiting {
    state: Arc<Mutex<State>>,
    name: Name,
    ticket: u64,
    claimed: bool,
}

impl Waiting {
    /// The stream that was handed out for it.
    fn claim(mut self) -> Slot {
        self.claimed = true;
        Slot { state: Arc::clone(&self.state), name: self.name.clone() }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.claimed {
            return;
        }
        let mut state = lock(&self.state);
        if state.queue.leave(&self.name, self.ticket) {
            state.told.remove(&self.ticket);
        } else {
            state.give_back(&self.name);
        }
    }
}

/// One stream, and the caller's quota for it; both are returned on drop.
#[derive(Debug)]
pub(crate) struct Permit {
    _stream: Slot,
    key: KeyStream,
    waited: Duration,
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

    /// Charges sound that was made.
    pub(crate) fn heard(&self, audio: Duration) {
        self.key.heard(audio);
    }
}

impl Admission {
    /// An admission with these limits and at most `decoder_streams` streams.
    pub fn new(limits: &QueueLimits, decoder_streams: usize) -> Self {
        let streams = if limits.streams == 0 { decoder_streams } else { limits.streams.min(decoder_streams) };
        let queue = Queue::new(limits.queue, limits.queue_per_key);
        let state = State { free: streams, queue, told: HashMap::new() };
        Self { state: Arc::new(Mutex::new(state)), patience: limits.patience }
    }

    /// Admits a speech of `characters`, at once or after a wait in the queue.
    ///
    /// # Errors
    /// The caller's key has no streams, places in the queue or characters left, the queue is full, or the wait was too long.
    pub(crate) async fn admit(&self, caller: &Caller, characters: usize) -> Result<Permit, ServiceError> {
        let key = caller.start_stream(characters)?;
        let name = caller.key_name().map(str::to_owned);
        let asked = Instant::now();
        let (waiting, told) = {
            let mut state = lock(&self.state);
            if state.free > 0 {
                state.free -= 1;
                state.queue.took(&name);
                let slot = Slot { state: Arc::clone(&self.state), name };
                return Ok(Permit { _stream: slot, key, waited: asked.elapsed() });
            }
            let ticket = state.queue.join(&name).map_err(|full| match full {
                QueueFull::Server => ServiceError::server_full(self.patience),
                QueueFull::Key(count) => ServiceError::queue_of_key_full(count),
            })?;
            let (tell, told) = oneshot::channel();
            state.told.insert(ticket, tell);
            (Waiting { state: Arc::clone(&self.state), name, ticket, claimed: false }, told)
        };
        // The sender is never dropped before it was used.
        if !matches!(tokio::time::timeout(self.patience, told).await, Ok(Ok(()))) {
            return Err(ServiceError::server_full(self.patience));
        }
        Ok(Permit { _stream: waiting.claim(), key, waited: asked.elapsed() })
    }

    /// Requests that are waiting now.
    pub fn waiting(&self) -> usize {
        lock(&self.state).queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    const PATIENCE: Duration = Duration::from_secs(5);

    fn admission(streams: usize, queue: usize) -> Admission {
        Admission::new(&QueueLimits { streams, queue, queue_per_key: queue, patience: PATIENCE }, 100)
    }

    async fn admit(admission: &Admission) -> Result<Permit, ServiceError> {
        admission.admit(&Caller::Anybody, 1).await
    }

    #[tokio::test(start_paused = true)]
    async fn full_queue_and_long_wait_are_refused() {
        let admission = admission(1, 1);
        let first = admit(&admission).await.unwrap();
        let start = tokio::time::Instant::now();
        let waiting = async {
            let error = admit(&admission).await.unwrap_err();
            (error.kind, start.elapsed())
        };
        let late = async {
            tokio::task::yield_now().await;
            assert_eq!(admission.waiting(), 1);
            let error = admit(&admission).await.unwrap_err();
            (error.retry_after, start.elapsed())
        };
        let (waited, refused) = tokio::join!(waiting, late);
        assert_eq!(waited, (ErrorKind::ServerFull, PATIENCE));
        assert_eq!(refused, (Some(PATIENCE), Duration::ZERO));
        assert_eq!(admission.waiting(), 0);
        drop(first);
        admit(&admission).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn queue_is_served_in_order() {
        let admission = admission(1, 2);
        let first = admit(&admission).await.unwrap();
        let order = Mutex::new(Vec::new());
        let wait = async |name: &'static str| {
            let permit = admit(&admission).await.unwrap();
            order.lock().unwrap().push(name);
            drop(permit);
        };
        // A request that leaves frees its place.
        tokio::select! {
            biased;
            () = wait("gone") => {}
            () = tokio::task::yield_now() => {}
        }
        let open = async {
            tokio::task::yield_now().await;
            drop(first);
        };
        tokio::join!(wait("a"), wait("b"), open);
        assert_eq!(*order.lock().unwrap(), ["a", "b"]);
    }

    #[test]
    fn the_decoder_caps_the_streams() {
        for (streams, decoder, expected) in [(0, 64, 64), (8, 64, 8), (100, 64, 64)] {
            let limits = QueueLimits { streams, queue: 0, queue_per_key: 0, patience: PATIENCE };
            assert_eq!(Admission::new(&limits, decoder).state.lock().unwrap().free, expected);
        }
    }
}
