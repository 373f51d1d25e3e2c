//! Admission: how many speeches run at once, and how long further requests wait.
//!
//! The number of streams is bounded, and so are the queue in front of them and the wait in it: a request that can't be
//! served soon is refused at once. A [`Permit`] lives as long as its speech.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Caller, ServiceError, callers::KeyStream};

/// The bounds of [`Admission`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// Concurrent streams; 0: as many as the decoder has.
    pub streams: usize,
    /// Requests that may wait for a stream.
    pub queue: usize,
    /// The longest wait.
    pub patience: Duration,
}

/// Admits speeches: a number of streams, with a queue in front of them.
#[derive(Debug)]
pub struct Admission {
    streams: Arc<Semaphore>,
    max_streams: usize,
    queue: Semaphore,
    queue_places: usize,
    patience: Duration,
}

/// One stream, and the caller's quota for it; both are returned on drop.
#[derive(Debug)]
pub(crate) struct Permit {
    _stream: OwnedSemaphorePermit,
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
}

impl Admission {
    /// An admission with these limits and at most `decoder_streams` streams.
    pub fn new(limits: &QueueLimits, decoder_streams: usize) -> Self {
        let streams = if limits.streams == 0 { decoder_streams } else { limits.streams.min(decoder_streams) };
        Self {
            streams: Arc::new(Semaphore::new(streams)),
            max_streams: streams,
            queue: Semaphore::new(limits.queue),
            queue_places: limits.queue,
            patience: limits.patience,
        }
    }

    /// Admits a speech of `characters`, at once or after a wait in the queue.
    ///
    /// # Errors
    /// The caller's key has no streams or characters left, the queue is full, or the wait was too long.
    pub(crate) async fn admit(&self, caller: &Caller, characters: usize) -> Result<Permit, ServiceError> {
        let key = caller.start_stream(characters)?;
        let asked = Instant::now();
        let stream = match Arc::clone(&self.streams).try_acquire_owned() {
            Ok(stream) => stream,
            Err(_) => {
                let _place =
                    self.queue.try_acquire().map_err(|_| ServiceError::server_full(self.patience))?;
                let stream = Arc::clone(&self.streams).acquire_owned();
                // The semaphore is never closed; if it were, nothing could be admitted either.
                let stream = tokio::time::timeout(self.patience, stream).await.ok().and_then(Result::ok);
                stream.ok_or_else(|| ServiceError::server_full(self.patience))?
            }
        };
        Ok(Permit { _stream: stream, key, waited: asked.elapsed() })
    }

    /// The most streams at once.
    pub fn max_streams(&self) -> usize {
        self.max_streams
    }

    /// Requests that are waiting now.
    pub fn waiting(&self) -> usize {
        self.queue_places.saturating_sub(self.queue.available_permits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    const PATIENCE: Duration = Duration::from_secs(5);

    fn admission(streams: usize, queue: usize) -> Admission {
        Admission::new(&QueueLimits { streams, queue, patience: PATIENCE }, 100)
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
        let order = std::sync::Mutex::new(Vec::new());
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
            let limits = QueueLimits { streams, queue: 0, patience: PATIENCE };
            assert_eq!(Admission::new(&limits, decoder).streams.available_permits(), expected);
        }
    }
}
