//! Ends streams of an HTTP/2 connection that their client doesn't read.
//!
//! [`crate::io`] aborts a connection whose client reads nothing; this module ends one stream while others continue.
//! hyper polls a body for its next frame once the client has given the stream room for it. So if a body has returned a
//! frame and isn't polled for the next one, its client doesn't read. Ending the stream's task drops the body, with
//! everything that a speech holds, and resets the stream.

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
    /// Since when the client of this task's stream has not read what is ready.
    static UNTAKEN: Cell<Option<Instant>>;
}

/// Sets what this task's stream waits for: its client (`true`), or data to send (`false`).
pub(crate) fn waits_for_client(waits: bool) {
    // Outside such a task it is HTTP/1, whose single response is subject to the connection's bound.
    let _ = UNTAKEN.try_with(|since| since.set(waits.then(Instant::now)));
}

/// Runs streams as tasks, each for as long as its client reads within the bound.
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
        tracing::debug!(after_s, "a client read nothing for too long: its stream is reset");
        Poll::Ready(())
    })
    .await;
}

#[cfg(test)]
mod tests {
    use tokio::{sync::oneshot, time::timeout};

    use super::*;

    const BOUND: Duration = Duration::from_secs(5);

    /// Runs a stream, and returns after how long it ended.
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
        assert_eq!(unread.await, Some(BOUND * 4), "waiting for data is not the client's fault");
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
