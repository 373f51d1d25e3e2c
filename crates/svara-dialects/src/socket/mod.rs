//! The life of a WebSocket that sends sound as it is made: one loop for all dialects, which only say what its events mean.

mod encoding;
mod outbox;
mod speech;

use std::{
    future::{Future, pending},
    time::{Duration, Instant},
};

use axum::extract::ws::{Message, WebSocket};
use futures::{
    StreamExt,
    stream::{SplitSink, SplitStream},
};
use svara_api::error::ApiError;
use svara_http::{Lifecycle, Linger, Phase};

pub(super) use self::{
    encoding::Encoding,
    outbox::{AWAY, NORMAL, Outbox, close, code_of},
    speech::{Made, give_own_id, next_of, opened, speech},
};

/// Largest message of a client: more than the longest text needs, with every character escaped.
pub(super) const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// How long a client may take to answer a close.
const CLOSING: Duration = Duration::from_secs(5);

/// How many times the longest text of a message may wait to be said before no more is read. A client that breaks off is
/// heard only while messages are read: this is more than language models say in a turn.
pub(super) const READ_AHEAD: usize = 4;

/// Checks that a text isn't longer than one message may bring; `what` is the dialect's word for such a message.
///
/// # Errors
/// It is longer.
pub(super) fn check_length(text: &str, limit: usize, what: &str) -> Result<(), ApiError> {
    let length = text.chars().count();
    if length > limit {
        let reason = format!("has {length} characters, at most {limit} are allowed in a {what}");
        return Err(ApiError::invalid("text", reason));
    }
    Ok(())
}

/// What happens on a socket.
pub(super) enum Event<M> {
    /// A message came. The socket itself answers pings and closes.
    Received(Message),
    /// A speech gave something.
    Made(M),
    /// The server stops. This comes once.
    Draining,
    /// The deadline is reached.
    Due(Instant),
}

/// What a dialect says over a socket.
pub(super) trait Talk: Send {
    /// What its speeches give.
    type Made: Send;

    /// When [`Event::Due`] comes, unless something else comes first.
    fn deadline(&self) -> Option<Instant>;

    /// Whether messages are to be read. While they aren't, the client's text waits in its socket.
    fn takes_more(&self) -> bool;

    /// What the speeches give next; pending while there are none. Cancel-safe.
    fn made(&mut self) -> impl Future<Output = Self::Made> + Send;

    /// Something happened. What is to be sent goes into the outbox.
    fn on(&mut self, event: Event<Self::Made>, out: &mut Outbox) -> impl Future<Output = ()> + Send;

    /// Ends all that is being said.
    fn hush(&mut self);
}

/// Serves a socket to its end, `first` being a message that has been read already. Dropping the future ends what is being
/// said.
pub(super) async fn serve(
    socket: WebSocket,
    first: Option<Message>,
    mut talk: impl Talk,
    life: &Lifecycle,
    linger: &Linger,
) {
    let (mut sink, mut messages) = socket.split();
    let mut out = Outbox::default();
    if let Some(first) = first {
        talk.on(Event::Received(first), &mut out).await;
    }
    let is_open = exchange(&mut sink, &mut messages, &mut talk, &mut out, (life, linger)).await;
    // What is being said ends here, before the client's answer to the close.
    drop(talk);
    if is_open {
        part(&mut messages).await;
    }
}

/// Sends and receives until one side closes (true: the other side is still to see that) or the client is gone.
async fn exchange(
    sink: &mut SplitSink<WebSocket, Message>,
    messages: &mut SplitStream<WebSocket>,
    talk: &mut impl Talk,
    out: &mut Outbox,
    (life, linger): (&Lifecycle, &Linger),
) -> bool {
    let draining = life.reached(Phase::Draining);
    tokio::pin!(draining);
    let mut told = false;
    loop {
        if out.closes() {
            talk.hush();
        }
        let sending = !out.is_empty();
        if !sending && out.closes() {
            return true;
        }
        let reading = !out.closes() && !out.is_full() && talk.takes_more();
        let deadline = talk.deadline().map(tokio::time::Instant::from_std);
        let due = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => pending().await,
            }
        };
        tokio::select! {
            message = messages.next(), if reading => match message {
                Some(Ok(Message::Close(_))) => return true,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => talk.on(Event::Received(message), out).await,
                Some(Err(error)) => {
                    if !out.end_unreadable(error, linger) {
                        return false;
                    }
                }
                None => return false,
            },
            // A client that takes nothing for too long is broken off below this.
            sent = out.send(sink), if sending => if sent.is_err() {
                return false;
            },
            // Nothing is made while anything waits to be sent, so that a slow client slows the engine.
            made = talk.made(), if !sending => talk.on(Event::Made(made), out).await,
            () = &mut draining, if !told => {
                told = true;
                talk.on(Event::Draining, out).await;
            }
            () = due => talk.on(Event::Due(Instant::now()), out).await,
        }
    }
}

/// Waits until the client has seen a close, or is gone.
pub(super) async fn part(messages: &mut SplitStream<WebSocket>) {
    let gone = async { while let Some(Ok(_)) = messages.next().await {} };
    // Whether the client answers or not, nothing is left to do.
    let _ = tokio::time::timeout(CLOSING, gone).await;
}
