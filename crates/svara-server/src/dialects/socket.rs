//! What WebSockets have in common that send sound as it is: their close codes, and their way out.

use std::{collections::VecDeque, future::poll_fn, pin::Pin, task::Poll, task::ready, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures::{
    Sink, SinkExt, Stream, StreamExt,
    stream::{self, SplitSink, SplitStream},
};
use svara_audio::SampleRate;
use svara_http::Linger;
use svara_service::{Order, Speaking};

use crate::{
    error::{ApiError, close_of},
    state::AppState,
};

/// Close codes of RFC 6455 and its registry: all is said.
pub(super) const NORMAL: u16 = 1000;
/// The server stops.
pub(super) const AWAY: u16 = 1001;
/// The client did what it may not.
pub(super) const POLICY: u16 = 1008;
/// The server couldn't go on.
pub(super) const INTERNAL: u16 = 1011;
/// The same may succeed a little later.
pub(super) const LATER: u16 = 1013;

/// Longest reason of a close: what a control frame holds besides the code.
const MAX_REASON_BYTES: usize = 123;
/// How long a client may take to answer a close.
const CLOSING: Duration = Duration::from_secs(5);

/// A close.
pub(super) fn close(code: u16, reason: &str) -> Message {
    let reason = reason.get(..reason.floor_char_boundary(MAX_REASON_BYTES)).unwrap_or_default();
    Message::Close(Some(CloseFrame { code, reason: reason.into() }))
}

/// Ends a socket from which nothing more can be read: all that waits gives way to the close that says why. Returns whether
/// there is anybody to tell.
pub(super) fn unreadable(error: axum::Error, outbox: &mut VecDeque<Message>, linger: &Linger) -> bool {
    let Some(frame) = close_of(error) else { return false };
    tracing::info!(code = frame.code, reason = frame.reason.as_str(), "a socket sent what isn't a message");
    outbox.clear();
    outbox.push_back(Message::Close(Some(frame)));
    // The rest of a message that is too large is still under way.
    linger.at_close();
    true
}

/// Waits until the client has seen a close, or is gone.
pub(super) async fn part(messages: &mut SplitStream<WebSocket>) {
    let gone = async { while let Some(Ok(_)) = messages.next().await {} };
    // Whether the client answers or not, nothing is left to do.
    let _ = tokio::time::timeout(CLOSING, gone).await;
}

/// Sends what is in the outbox. Cancel-safe: a message leaves the outbox when the socket has taken it.
///
/// # Errors
/// The client is gone.
pub(super) async fn send(
    sink: &mut SplitSink<WebSocket, Message>,
    outbox: &mut VecDeque<Message>,
) -> Result<(), axum::Error> {
    while !outbox.is_empty() {
        poll_fn(|cx| {
            let mut sink = Pin::new(&mut *sink);
            ready!(sink.as_mut().poll_ready(cx))?;
            Poll::Ready(outbox.pop_front().map_or(Ok(()), |message| sink.as_mut().start_send(message)))
        })
        .await?;
    }
    sink.flush().await
}

/// What a speech gives.
pub(super) enum Made {
    Samples(Vec<f32>, SampleRate),
    Over,
    Failed(ApiError),
}

/// What the speech of an order gives; its last item is that it is over, or that it failed. Dropping it ends the speech.
pub(super) fn speech(state: AppState, order: Order) -> impl Stream<Item = Made> + Send + 'static {
    enum Step {
        Start(Box<(AppState, Order)>),
        Speak(Box<Speaking>),
        Nothing,
    }
    stream::unfold(Step::Start(Box::new((state, order))), |step| async move {
        let mut speaking = match step {
            Step::Start(start) => {
                let (state, order) = *start;
                match state.service.open(order).await {
                    Ok(speaking) => Box::new(speaking),
                    Err(error) => return Some((Made::Failed(error.into()), Step::Nothing)),
                }
            }
            Step::Speak(speaking) => speaking,
            Step::Nothing => return None,
        };
        let rate = speaking.rate();
        Some(match speaking.next().await {
            Some(Ok(samples)) => (Made::Samples(samples, rate), Step::Speak(speaking)),
            Some(Err(error)) => (Made::Failed(error.into()), Step::Nothing),
            None => (Made::Over, Step::Nothing),
        })
    })
}
