//! Bodies of requests. One has to arrive in time, and what nobody has read of it when the request is answered must not break
//! the next request on the connection.

use std::{
    future::{Future, poll_fn},
    mem,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{BoxError, body::Body};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Request, Response, StatusCode, Version,
    header::{CONNECTION, EXPECT},
};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use tokio::time::Sleep;

use crate::breaking::{Breaking, Turn};

/// The most of a body that is read for nothing, so that its connection can go on. Go's server has the same bound.
const SMALL_BYTES: u64 = 256 * 1024;
/// How long the end of a body in chunks is waited for, which comes with them where a reader needs no more than what they hold.
const END: Duration = Duration::from_millis(50);

/// A request's body that didn't arrive in time. A handler finds it among the sources of the error that reading the body
/// gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request body didn't arrive within {} s", .0.as_secs_f64())]
pub struct BodyTimeout(pub Duration);

/// A request's body that fails with [`BodyTimeout`] if it isn't complete within the bound.
pub(crate) struct Timed {
    /// None only while it is dropped.
    body: Option<Incoming>,
    version: Version,
    bound: Duration,
    over: Option<Pin<Box<Sleep>>>,
    /// Whether the client waits to be asked for the body.
    waits: bool,
    /// Whether it was read to its end, which a body in chunks doesn't tell afterwards.
    ended: bool,
    breaking: Arc<Breaking>,
    unread: Unread,
}

/// What a request leaves of its body until it is answered.
#[derive(Clone, Default)]
pub(crate) struct Unread(Arc<Mutex<Left>>);

#[derive(Default)]
enum Left {
    /// Nothing so far.
    #[default]
    Nothing,
    /// The body was dropped before its end.
    Rest { body: Incoming, over: Pin<Box<Sleep>>, waits: bool },
    /// The answer was given, so that nobody looks here any more.
    Answered,
}

impl Unread {
    fn replace(&self, left: Left) -> Left {
        mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), left)
    }

    /// Settles what becomes of the rest now that the request is answered. A small one is read and thrown away in the
    /// background, within the bound on bodies, and the connection goes on; else the answer says that it closes. Most clients
    /// send head and body apart, and would find it closed at their next request.
    pub(crate) async fn settle(
        &self,
        (asked, closes): (Version, bool),
        answer: &mut Response<Body>,
        breaking: &Breaking,
    ) {
        let Left::Rest { mut body, mut over, waits } = self.replace(Left::Answered) else { return };
        if asked >= Version::HTTP_2 {
            // Its frames say that nobody reads it.
            breaking.linger();
            return;
        }
        // A client that sent too much may still send more.
        let too_large = answer.status() == StatusCode::PAYLOAD_TOO_LARGE;
        let goes_on = !waits && !closes && !too_large && !says_close(answer.headers());
        let length = body.size_hint().exact();
        if goes_on && length.is_none() && tokio::time::timeout(END, ends(&mut body)).await == Ok(true) {
            return;
        }
        if !goes_on || length.is_none_or(|bytes| bytes > SMALL_BYTES) {
            // A reset would take the answer with it.
            breaking.linger();
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            return;
        }
        tokio::spawn(async move {
            // A client that sends it too slowly loses the connection.
            tokio::select! {
                _ = ends(&mut body) => {}
                () = &mut over => {}
            }
        });
    }
}

/// Reads a body for nothing. Whether it ends well before it is too large.
async fn ends(body: &mut Incoming) -> bool {
    let mut left = SMALL_BYTES;
    loop {
        let frame = match poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
            Some(Ok(frame)) => frame,
            Some(Err(_)) => return false,
            None => return true,
        };
        let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
        let Some(less) = left.checked_sub(bytes) else { return false };
        left = less;
    }
}

/// Whether the connection ends with a request or an answer that has these headers.
pub(crate) fn says_close(headers: &HeaderMap) -> bool {
    let values = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case("close"))
}

impl Timed {
    /// The request with its body so wrapped.
    pub(crate) fn wrap(
        request: Request<Incoming>,
        bound: Duration,
        breaking: &Arc<Breaking>,
        unread: &Unread,
    ) -> Request<Body> {
        let version = request.version();
        let waits = request.headers().contains_key(EXPECT);
        let (breaking, unread) = (Arc::clone(breaking), unread.clone());
        request.map(|body| {
            let over = Some(Box::pin(tokio::time::sleep(bound)));
            let timed =
                Self { body: Some(body), version, bound, over, waits, ended: false, breaking, unread };
            if version < Version::HTTP_2 {
                timed.breaking.set_turn(Turn::Asks);
            }
            if timed.is_end_stream() {
                timed.whole();
            }
            Body::new(timed)
        })
    }

    /// The request is whole: the rest is up to the server.
    fn whole(&self) {
        if self.version < Version::HTTP_2 && self.breaking.turn() == Turn::Asks {
            self.breaking.set_turn(Turn::Waits { interim: self.version == Version::HTTP_11 });
        }
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        // The request was refused while it was being sent.
        let (Some(body), Some(over)) =
            (self.body.take().filter(|body| !self.ended && !body.is_end_stream()), self.over.take())
        else {
            return;
        };
        if let Left::Answered = self.unread.replace(Left::Rest { body, over, waits: self.waits }) {
            // Too late to say so.
            self.breaking.linger();
            self.unread.replace(Left::Answered);
        }
    }
}

impl hyper::body::Body for Timed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let (Some(body), Some(over)) = (&mut this.body, &mut this.over) else { return Poll::Ready(None) };
        this.waits = false;
        if let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) {
            this.ended = frame.is_none();
            if this.ended || body.is_end_stream() {
                this.whole();
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)));
        }
        ready!(over.as_mut().poll(cx));
        Poll::Ready(Some(Err(BodyTimeout(this.bound).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::new, Incoming::size_hint)
    }
}
