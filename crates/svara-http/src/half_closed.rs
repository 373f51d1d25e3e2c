//! Clients that close their side of an HTTP/1 connection once they have asked, and still read the answer.
//!
//! TCP tells a client that only sends no more from one that is gone the same way: its bytes end. What is sent tells them apart,
//! as the kernel of a client that is gone answers with a reset. So the end is kept from hyper, which would drop the answer,
//! while it is the server's turn. Audio is sent soon, and then tells. Until an answer has begun, interim answers
//! (`100 Continue`) do, which clients of HTTP/1.1 skip; one that waits for more than [`QUIET`] in the middle of an answer
//! is taken for gone.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use crate::breaking::{Breaking, Turn};

/// From the client's end to the first interim answer: most answers have begun by then.
const FIRST: Duration = Duration::from_millis(200);
/// From the first to the second, which fails if a reset has answered the first.
const SECOND: Duration = Duration::from_millis(50);
/// From each further one to the next.
const NEXT: Duration = Duration::from_secs(1);
/// How long the end of a request's body may take to get to who reads it; then the client has left in the middle.
const BODY: Duration = Duration::from_secs(1);
/// From each look at that to the next.
const LOOK: Duration = Duration::from_millis(50);
/// How long an answer that has begun may give nothing to send.
const QUIET: Duration = Duration::from_secs(5);

const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A byte stream that tells of its client's end once no answer is due any more, or the client is gone.
pub(crate) struct HalfClosed<S> {
    stream: S,
    breaking: Arc<Breaking>,
    /// Once the client's bytes have ended.
    ended: Option<Ended>,
    /// Whether all that was written has been flushed: an interim answer must not get into another.
    flushed: bool,
    /// The rest of an interim answer that the stream didn't take whole.
    rest: &'static [u8],
}

struct Ended {
    /// When to ask again whether the client is there.
    due: Pin<Box<Sleep>>,
    /// How many interim answers there were.
    asked: u32,
    /// When something was written last.
    written: Instant,
    /// Since when a request's body isn't read to its end.
    asks: Option<Instant>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> HalfClosed<S> {
    pub(crate) fn new(stream: S, breaking: Arc<Breaking>) -> Self {
        Self { stream, breaking, ended: None, flushed: true, rest: &[] }
    }

    /// Whether to tell of the client's end. An error: it is gone.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let turn = self.breaking.turn();
            if turn == Turn::Client {
                return Poll::Ready(Ok(()));
            }
            let ended = self.ended.get_or_insert_with(|| Ended {
                due: Box::pin(sleep(FIRST)),
                asked: 0,
                written: Instant::now(),
                asks: None,
            });
            if turn == Turn::Asks {
                let since = *ended.asks.get_or_insert_with(Instant::now);
                if since.elapsed() >= BODY {
                    return Poll::Ready(Ok(()));
                }
                let look = Instant::now() + LOOK;
                if ended.due.deadline() > look {
                    ended.due.as_mut().reset(look);
                }
            } else if ended.asks.take().is_some() {
                ended.due.as_mut().reset(Instant::now() + FIRST);
            }
            ready!(ended.due.as_mut().poll(cx));
            let mut next = if turn == Turn::Asks { LOOK } else { NEXT };
            match turn {
                Turn::Answers if ended.written.elapsed() >= QUIET => return Poll::Ready(Ok(())),
                Turn::Waits { interim: true } if self.flushed && self.rest.is_empty() => {
                    if ended.asked == 0 {
                        next = SECOND;
                    }
                    ended.asked = ended.asked.saturating_add(1);
                    self.rest = INTERIM;
                }
                _ => {}
            }
            ended.due.as_mut().reset(Instant::now() + next);
            if let Poll::Ready(Err(error)) = self.poll_interim(cx) {
                return Poll::Ready(Err(error));
            }
        }
    }

    /// Writes what is left of an interim answer.
    fn poll_interim(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut wrote = false;
        while !self.rest.is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, self.rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.rest = self.rest.get(count..).unwrap_or_default();
            wrote = true;
        }
        if wrote {
            // Over TLS, a write alone may send nothing. What the client doesn't take now goes with the answer.
            if let Poll::Ready(Err(error)) = Pin::new(&mut self.stream).poll_flush(cx) {
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(()))
    }

    fn wrote(&mut self) {
        self.flushed = false;
        if let Some(ended) = &mut self.ended {
            ended.written = Instant::now();
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for HalfClosed<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ended.is_none() {
            let before = buffer.filled().len();
            ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
            if buffer.filled().len() > before || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        this.poll_end(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for HalfClosed<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_interim(cx))?;
        this.wrote();
        Pin::new(&mut this.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_interim(cx))?;
        this.wrote();
        Pin::new(&mut this.stream).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_interim(cx))?;
        let flushed = Pin::new(&mut this.stream).poll_flush(cx);
        this.flushed |= matches!(flushed, Poll::Ready(Ok(())));
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
