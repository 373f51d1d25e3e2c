//! Requests and responses as a connection sees them: how many are open, and the wrapper of a response's body, which reports
//! whether the client keeps reading.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http::Version;
use hyper::body::{Frame, SizeHint};
use tokio::sync::watch;

use crate::{
    breaking::{Breaking, Turn},
    streams,
};

/// Most bytes handed to hyper at once. Of a response that was complete before sending began, hyper then holds no more than
/// this beyond the client's window, and the rest can still be dropped.
const PORTION_BYTES: usize = 16 * 1024;

/// How many requests a connection has, and has had.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Exchanges {
    /// Requests whose responses haven't ended.
    pub(crate) open: usize,
    /// Whether there has been a request at all.
    pub(crate) any: bool,
}

/// Counts one request as open until its response is dropped.
pub(crate) struct Open(watch::Sender<Exchanges>);

impl Open {
    pub(crate) fn new(exchanges: &watch::Sender<Exchanges>) -> Self {
        exchanges.send_modify(|exchanges| *exchanges = Exchanges { open: exchanges.open + 1, any: true });
        Self(exchanges.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|exchanges| exchanges.open = exchanges.open.saturating_sub(1));
    }
}

/// Waits until a connection has been idle for too long: `first` before its first request, `idle` after a response.
pub(crate) async fn idle(exchanges: &watch::Sender<Exchanges>, first: Duration, idle: Duration) {
    let mut seen = exchanges.subscribe();
    loop {
        let Exchanges { open, any } = *seen.borrow_and_update();
        let patience = if any { idle } else { first };
        tokio::select! {
            // `exchanges` keeps the channel open, so this can't fail.
            _ = seen.changed() => {}
            () = tokio::time::sleep(patience), if open == 0 => return,
        }
    }
}

/// A response's body. It counts as open, is handed over in portions, and marks when its stream waits for the client. If
/// it fails, it does so once all before is sent: hyper drops what it hasn't sent, the head included.
pub(crate) struct Answer {
    body: Body,
    version: Version,
    /// The part of the body's last frame that hasn't been handed over.
    rest: Bytes,
    failed: Option<Failed>,
    breaking: Arc<Breaking>,
    _open: Open,
}

struct Failed {
    /// None once it was handed over.
    error: Option<axum::Error>,
    sent: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Answer {
    /// `version` is the request's.
    pub(crate) fn new(body: Body, version: Version, open: Open, breaking: Arc<Breaking>) -> Self {
        streams::waits_for_client(true);
        if version < Version::HTTP_11 && hyper::body::Body::size_hint(&body).exact().is_none() {
            breaking.ends_with_connection(true);
        }
        if version < Version::HTTP_2 {
            breaking.set_turn(Turn::Answers);
        }
        Self { body, version, rest: Bytes::new(), failed: None, breaking, _open: open }
    }

    fn poll_portion(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() && self.failed.is_none() {
            match ready!(hyper::body::Body::poll_frame(Pin::new(&mut self.body), cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                Some(Err(error)) => {
                    let sent = self.breaking.sent(self.version);
                    self.failed = Some(Failed { error: Some(error), sent });
                    // Others need not wait for what it holds.
                    self.body = Body::empty();
                }
                None => {
                    self.breaking.ends_with_connection(false);
                    return Poll::Ready(None);
                }
            }
        }
        if let Some(Failed { error, sent }) = &mut self.failed {
            if error.is_some() {
                ready!(sent.as_mut().poll(cx));
            }
            return Poll::Ready(error.take().map(Err));
        }
        let portion = self.rest.split_to(self.rest.len().min(PORTION_BYTES));
        Poll::Ready(Some(Ok(Frame::data(portion))))
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.breaking.answered();
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = self.get_mut().poll_portion(cx);
        streams::waits_for_client(polled.is_ready());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.failed.is_none() && self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, body) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower().saturating_add(rest));
        if let Some(upper) = body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
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
