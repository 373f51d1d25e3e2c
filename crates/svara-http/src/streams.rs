//! The streams of an HTTP/2 connection, and a bound on how long a client may leave one unread.
//!
//! [`crate::io`] closes a connection whose client reads nothing. This module ends a single stream while others go on.
//! hyper polls a body for its next frame once the client has given the stream room for it. So if a body has handed over a
//! frame and isn't polled for the next, the client doesn't read. Ending the stream's task drops the body, with everything
//! that it holds, and resets the stream.

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    pin::pin,
    task::{Poll, ready},
    time::Duration,
};

use hyper::rt::Executor;
use tokio::time::{Instant, sleep};

tokio::task_local! {
    /// Since when the client of this task's stream hasn't read what there is. None while there is nothing to read.
    static UNTAKEN: Cell<Option<Instant>>;
}

/// Notes what this task's stream waits for from now on: its client (`true`), or more of the body (`false`).
pub(crate) fn waits_for_client(waits: bool) {
    // Fails on HTTP/1, which has no such task: there the connection's own bound is enough.
    let _ = UNTAKEN.try_with(|since| since.set(waits.then(Instant::now)));
}

/// Runs each stream as a task, and ends it once its client has read nothing for the bound.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    pub(crate) stall: Duration,
}

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        tokio::spawn(UNTAKEN.scope(Cell::new(None), taken_in_time(stream, self.stall)));
    }
}

async fn taken_in_time(stream: impl Future<Output = ()>, bound: Duration) {
    let (mut stream, mut over) = (pin!(stream), pin!(sleep(bound)));
    poll_fn(|cx| {
        if stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let Some(since) = UNTAKEN.with(Cell::get) else { return Poll::Pending };
        over.as_mut().reset(since + bound);
        ready!(over.as_mut().poll(cx));
        let after_s = bound.as_secs_f64();
        tracing::debug!(after_s, "a client read nothing for too long; its stream is reset");
        Poll::Ready(())
    })
    .await;
}

#[cfg(test)]
mod tests {
    use tokio::{sync::oneshot, time::timeout};

    use super::*;

    const BOUND: Duration = Duration::from_secs(5);

    /// Runs a stream and returns how long it took; `None` if it did not end.
    async fn run(stream: impl Future<Output = ()> + Send + 'static) -> Option<Duration> {
        let (held, ended) = oneshot::channel::<()>();
        let start = Instant::now();
        Streams { stall: BOUND }.execute(async move {
            stream.await;
            drop(held);
        });
        timeout(BOUND * 100, ended).await.ok().map(|_| start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_is_not_read_ends() {
        let unread = run(async {
            sleep(BOUND * 3).await;
            waits_for_client(true);
            std::future::pending::<()>().await;
        });
        assert_eq!(unread.await, Some(BOUND * 4), "waiting for the body isn't the client's fault");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_read_now_and_then_goes_on() {
        let read = run(async {
            for _ in 0..10 {
                waits_for_client(true);
                sleep(BOUND - Duration::from_millis(1)).await;
            }
            waits_for_client(false);
            std::future::pending::<()>().await;
        });
        assert_eq!(read.await, None);
    }
}
