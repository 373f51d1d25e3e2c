//! Requests and their answers as a connection sees them: how many are open, and bodies that have to come in time.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{BoxError, body::Body};
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::{sync::watch, time::Sleep};

/// The requests of a connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Exchanges {
    /// Requests whose answers aren't at their end.
    pub(super) open: usize,
    /// Whether there has been any.
    pub(super) any: bool,
}

/// Counts one request for as long as its answer lives.
pub(super) struct Open(watch::Sender<Exchanges>);

impl Open {
    pub(super) fn new(exchanges: &watch::Sender<Exchanges>) -> Self {
        exchanges.send_modify(|exchanges| *exchanges = Exchanges { open: exchanges.open + 1, any: true });
        Self(exchanges.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|exchanges| exchanges.open = exchanges.open.saturating_sub(1));
    }
}

/// Waits until a connection has had nothing to do for too long: `first` without any request, `idle` after an answer.
pub(super) async fn idle(exchanges: &watch::Sender<Exchanges>, first: Duration, idle: Duration) {
    let mut seen = exchanges.subscribe();
    loop {
        let Exchanges { open, any } = *seen.borrow_and_update();
        let patience = if any { idle } else { first };
        tokio::select! {
            // The sender is borrowed: it is there.
            _ = seen.changed() => {}
            () = tokio::time::sleep(patience), if open == 0 => return,
        }
    }
}

/// An answer's body that counts.
pub(super) struct Answer {
    body: Body,
    _open: Open,
}

impl Answer {
    pub(super) fn new(body: Body, open: Open) -> Self {
        Self { body, _open: open }
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A request's body took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request body didn't come within {} s", .0.as_secs_f64())]
pub struct BodyTimeout(pub Duration);

/// A request's body that has to be there in time.
pub(super) struct Timed {
    body: Incoming,
    bound: Duration,
    over: Pin<Box<Sleep>>,
}

impl Timed {
    pub(super) fn new(body: Incoming, bound: Duration) -> Self {
        Self { body, bound, over: Box::pin(tokio::time::sleep(bound)) }
    }
}

impl hyper::body::Body for Timed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)));
        }
        ready!(self.over.as_mut().poll(cx));
        Poll::Ready(Some(Err(BodyTimeout(self.bound).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const FIRST: Duration = Duration::from_secs(10);
    const IDLE: Duration = Duration::from_secs(75);

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_a_request_is_soon_idle() {
        let start = Instant::now();
        idle(&watch::Sender::default(), FIRST, IDLE).await;
        assert_eq!(start.elapsed(), FIRST);
    }

    #[tokio::test(start_paused = true)]
    async fn one_with_an_open_answer_is_never_idle() {
        let exchanges = watch::Sender::default();
        let start = Instant::now();
        let answering = async {
            tokio::time::sleep(FIRST / 2).await;
            let (one, other) = (Open::new(&exchanges), Open::new(&exchanges));
            tokio::time::sleep(IDLE * 10).await;
            drop(one);
            tokio::time::sleep(IDLE * 10).await;
            drop(other);
        };
        tokio::join!(idle(&exchanges, FIRST, IDLE), answering);
        assert_eq!(start.elapsed(), FIRST / 2 + IDLE * 21);
    }
}
