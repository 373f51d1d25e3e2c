//! A byte stream that lets no ambiguous head of an HTTP/1 request through.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{breaking::Breaking, framing::Framing};

/// Ends whatever head it stands in: hyper reads heads once they are whole. In the extension of a chunk, where hyper takes
/// every byte else, the first one is what it refuses.
const END: &[u8] = b"\n\r\n\r\n";

/// Looks at what is read, until the connection speaks another protocol.
pub(crate) struct Heads<S> {
    stream: S,
    framing: Framing,
    breaking: Arc<Breaking>,
    /// What is still to be read in place of the rest of a spoiled head.
    rest: &'static [u8],
}

impl<S> Heads<S> {
    pub(crate) fn new(stream: S, breaking: Arc<Breaking>) -> Self {
        Self { stream, framing: Framing::default(), breaking, rest: &[] }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heads<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.rest.is_empty() {
            let (now, later) = this.rest.split_at(this.rest.len().min(buffer.remaining()));
            buffer.put_slice(now);
            this.rest = later;
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        if !this.breaking.is_upgraded()
            && let Some(end) = this.framing.check(buffer.filled_mut().get_mut(before..).unwrap_or_default())
        {
            buffer.set_filled(before + end);
            this.rest = END;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heads<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
