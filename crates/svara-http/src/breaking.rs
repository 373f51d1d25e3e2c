//! How an answer that fails breaks its connection off: after what was made before, and never like an answer that ends.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use http::Version;
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};

/// How long a client may take to read what was sent before a reset discards it: that of a connection empties the kernel's
/// buffers, and that of an HTTP/2 stream makes clients such as curl drop what they haven't handed on.
const TAKEN: Duration = Duration::from_millis(500);

/// What the answers of a connection and its byte stream tell each other.
#[derive(Debug, Default)]
pub(crate) struct Breaking {
    polls: Polls,
    /// Whether the connection's end would look like the end of an answer that isn't whole.
    resets: AtomicBool,
    /// Whether the client may be in the middle of sending something that nobody reads.
    lingers: AtomicBool,
    /// A [`Turn`], as a number.
    turn: AtomicU8,
    /// Whether the connection speaks another protocol now, such as WebSocket.
    upgraded: AtomicBool,
}

/// Whose turn it is on an HTTP/1 connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The client's: there is no request, or the connection speaks another protocol.
    #[default]
    Client,
    /// The client's: a request's body isn't read to its end.
    Asks,
    /// The server's, which has said nothing yet. Clients of HTTP/1.0 know no interim answers.
    Waits { interim: bool },
    /// The server's, which has begun its answer.
    Answers,
}

/// The polls of a connection. Each sends whatever was given before it began, if the byte stream takes it. Over HTTP/2, answers
/// are tasks of their own, so that a poll may be under way when one of them gives its last.
#[derive(Debug, Default)]
struct Polls {
    begun: AtomicU64,
    /// Whether the byte stream took less than it was given last.
    blocked: AtomicBool,
    /// The last poll that left nothing unsent; kept up to date while somebody asks.
    sent: watch::Sender<u64>,
    /// Asks for one more poll.
    wanted: Notify,
}

/// A connection that can be told to read on while it closes, in the extensions of its requests.
#[derive(Clone, Debug)]
pub struct Linger(pub(crate) Arc<Breaking>);

impl Linger {
    /// What the client still sends is read and thrown away, for two seconds at most, before the connection closes. A close
    /// with unread bytes resets the connection, and the last that was sent on it, which says why it ends, is lost with it.
    pub fn at_close(&self) {
        self.0.linger();
    }
}

impl Breaking {
    /// Polls a connection to its end.
    pub(crate) async fn polled<C: Future>(&self, mut connection: Pin<&mut C>) -> C::Output {
        let Polls { begun, blocked, sent, wanted } = &self.polls;
        let mut ended = poll_fn(|cx| {
            let poll = begun.fetch_add(1, Ordering::SeqCst) + 1;
            let polled = connection.as_mut().poll(cx);
            if sent.receiver_count() > 0 && !blocked.load(Ordering::SeqCst) {
                sent.send_replace(poll);
            }
            polled
        });
        loop {
            tokio::select! {
                ended = &mut ended => return ended,
                () = wanted.notified() => {}
            }
        }
    }

    /// The byte stream took all that it was given, or it didn't.
    pub(crate) fn blocked(&self, blocked: bool) {
        self.polls.blocked.store(blocked, Ordering::SeqCst);
    }

    /// Whether closing has to reset the connection.
    pub(crate) fn resets(&self) -> bool {
        self.resets.load(Ordering::Relaxed)
    }

    /// As [`Linger::at_close`].
    pub(crate) fn linger(&self) {
        self.lingers.store(true, Ordering::Relaxed);
    }

    /// Whether closing has to read what the client still sends.
    pub(crate) fn lingers(&self) -> bool {
        self.lingers.load(Ordering::Relaxed)
    }

    /// An answer has begun (`true`) whose end is the connection's end, or has ended well (`false`).
    pub(crate) fn ends_with_connection(&self, unfinished: bool) {
        self.resets.store(unfinished, Ordering::Relaxed);
    }

    /// The connection is about to speak another protocol.
    pub(crate) fn upgrade(&self) {
        self.upgraded.store(true, Ordering::SeqCst);
    }

    /// Whether it does.
    pub(crate) fn is_upgraded(&self) -> bool {
        self.upgraded.load(Ordering::SeqCst)
    }

    /// Whose turn it is now.
    pub(crate) fn set_turn(&self, turn: Turn) {
        let number = match turn {
            Turn::Client => 0,
            Turn::Answers => 1,
            Turn::Waits { interim: false } => 2,
            Turn::Waits { interim: true } => 3,
            Turn::Asks => 4,
        };
        self.turn.store(number, Ordering::SeqCst);
    }

    /// An answer is over. If the next request is there already, it is its turn.
    pub(crate) fn answered(&self) {
        if self.turn() == Turn::Answers {
            self.set_turn(Turn::Client);
        }
    }

    /// Whose turn it is.
    pub(crate) fn turn(&self) -> Turn {
        match self.turn.load(Ordering::SeqCst) {
            1 => Turn::Answers,
            2 => Turn::Waits { interim: false },
            3 => Turn::Waits { interim: true },
            4 => Turn::Asks,
            _ => Turn::Client,
        }
    }

    /// Waits until what an answer has given so far is sent. If the client doesn't read, the bound on writes ends the
    /// connection and this with it.
    pub(crate) fn sent(&self, version: Version) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut sent = self.polls.sent.subscribe();
        let begun = self.polls.begun.load(Ordering::SeqCst);
        self.polls.wanted.notify_one();
        Box::pin(async move {
            // Fails only when the connection is gone.
            let _ = sent.wait_for(|poll| *poll > begun).await;
            if version != Version::HTTP_11 {
                sleep(TAKEN).await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, task::Poll};

    use futures::FutureExt;

    use super::*;

    /// A poll that had begun before doesn't count, nor does one whose bytes weren't taken.
    #[tokio::test]
    async fn all_is_sent_once_a_later_poll_has_left_nothing() {
        let breaking = Breaking::default();
        let (mut count, mut waiting) = (0, None);
        let connection = poll_fn(|cx| {
            count += 1;
            let waiting = waiting.get_or_insert_with(|| breaking.sent(Version::HTTP_11));
            if waiting.as_mut().now_or_never().is_some() {
                return Poll::Ready(count);
            }
            breaking.blocked(count == 2);
            if count > 1 {
                // After the first, the answer itself asks for the next.
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        });
        assert_eq!(breaking.polled(pin!(connection)).await, 4);
    }
}
