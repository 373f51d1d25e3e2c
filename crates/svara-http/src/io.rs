//! The byte stream of a connection, with the bounds that hold for every protocol on it: HTTP, TLS and WebSockets.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep},
};

use crate::{
    breaking::Breaking,
    lifecycle::{Lifecycle, Phase},
    place::Place,
};

/// A byte stream that fails once its client has read nothing for too long, or the server stops. It keeps its place among
/// the connections until it is dropped, which for a WebSocket is after the upgrade.
pub(crate) struct Guarded<S: Ending> {
    /// None only while it is dropped.
    stream: Option<S>,
    breaking: Arc<Breaking>,
    stall: Stall,
    stopping: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
    place: Option<Place>,
}

/// How long, and how much, a closing connection reads what its client still sends.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: u64 = 64 << 20;

/// A byte stream with more than one way to end.
pub(crate) trait Ending: AsyncRead + AsyncWrite + Unpin + Send + Sized + 'static {
    /// Makes closing a reset, which discards what hasn't been sent.
    fn reset_at_close(&self) -> io::Result<()>;

    /// Closes after reading what its client still sends, in the background.
    fn linger(mut self, place: Option<Place>) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            let closing = async {
                self.shutdown().await?;
                tokio::io::copy(&mut self.take(LINGER_BYTES), &mut tokio::io::sink()).await
            };
            // However it ends, the connection is closed now.
            let _ = tokio::time::timeout(LINGER, closing).await;
            drop(place);
        });
    }
}

impl Ending for TcpStream {
    fn reset_at_close(&self) -> io::Result<()> {
        self.set_zero_linger()
    }
}

impl<S: Ending> Guarded<S> {
    pub(crate) fn new(
        stream: S,
        (write_stall, write_bytes_per_s): (Duration, u32),
        life: Lifecycle,
        place: Place,
        breaking: Arc<Breaking>,
    ) -> Self {
        Self {
            stream: Some(stream),
            breaking,
            stall: Stall::new(write_stall, write_bytes_per_s),
            stopping: Box::pin(async move { life.reached(Phase::Stopping).await }),
            place: Some(place),
        }
    }

    fn stream(&mut self) -> Pin<&mut S> {
        Pin::new(self.stream.as_mut().expect("only drop takes it"))
    }

    fn check_stopping(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.stopping.as_mut().poll(cx) {
            Poll::Ready(()) => {
                // A completed future must not be polled again, but this may be.
                self.stopping = Box::pin(std::future::ready(()));
                Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the server is stopping"))
            }
            Poll::Pending => Ok(()),
        }
    }
}

impl<S: Ending> Drop for Guarded<S> {
    fn drop(&mut self) {
        let Some(stream) = self.stream.take() else { return };
        if self.breaking.resets() {
            if let Err(error) = stream.reset_at_close() {
                tracing::warn!(%error, "a connection can't be reset; a cut answer may look whole to its client");
            }
        } else if self.breaking.lingers() {
            stream.linger(self.place.take());
        }
    }
}

/// Times how long the client keeps writes waiting, and how much it reads meanwhile.
struct Stall {
    bound: Duration,
    bytes_per_s: u32,
    /// Since when a write waits. None while writes make progress.
    since: Option<Instant>,
    /// Ends when the wait has been too long.
    over: Option<Pin<Box<Sleep>>>,
    /// What earlier writes waited and what was written, since it was last judged.
    waited: Duration,
    written: usize,
}

impl Stall {
    fn new(bound: Duration, bytes_per_s: u32) -> Self {
        Self { bound, bytes_per_s, since: None, over: None, waited: Duration::ZERO, written: 0 }
    }

    /// Passes on the result of a write of some bytes, or an error once no write has made progress for the bound, or too little
    /// was written while writes waited for as long as that.
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        let bound = self.bound;
        match written {
            Poll::Ready(Ok(done)) => {
                self.over = None;
                self.waited += self.since.take().map_or(Duration::ZERO, |since| since.elapsed());
                self.written = self.written.saturating_add(bytes(&done));
                if self.waited >= bound {
                    if self.is_slow() {
                        return Poll::Ready(Err(too_slow(bound)));
                    }
                    (self.waited, self.written) = (Duration::ZERO, 0);
                }
                Poll::Ready(Ok(done))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                if self.since.is_none() && self.waited.is_zero() {
                    // What was written without waiting says nothing.
                    self.written = 0;
                }
                let since = *self.since.get_or_insert_with(Instant::now);
                // One that reads enough otherwise may pause for the bound.
                let slow = self.is_slow();
                let left = if slow { bound.saturating_sub(self.waited) } else { bound };
                let sleep = self.over.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(since + left)));
                ready!(sleep.as_mut().poll(cx));
                Poll::Ready(Err(too_slow(bound)))
            }
        }
    }

    /// Whether less was written than is to be read in the bound.
    fn is_slow(&self) -> bool {
        (self.written as f64) < self.bound.as_secs_f64() * f64::from(self.bytes_per_s)
    }
}

fn too_slow(bound: Duration) -> io::Error {
    let after_s = bound.as_secs_f64();
    tracing::debug!(after_s, "a client read too little for too long; its connection is closed");
    io::Error::new(io::ErrorKind::TimedOut, "the client reads too slowly")
}

impl<S: Ending> AsyncRead for Guarded<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check_stopping(cx)?;
        this.stream().poll_read(cx, buffer)
    }
}

impl<S: Ending> AsyncWrite for Guarded<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_stopping(cx)?;
        let written = this.stream().poll_write(cx, bytes);
        this.breaking.blocked(written.is_pending());
        this.stall.watch(cx, written, |bytes| *bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_stopping(cx)?;
        let written = this.stream().poll_write_vectored(cx, buffers);
        this.breaking.blocked(written.is_pending());
        this.stall.watch(cx, written, |bytes| *bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(S::is_write_vectored)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = this.stream().poll_flush(cx);
        this.stall.watch(cx, flushed, |()| 0)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = this.stream().poll_shutdown(cx);
        this.stall.watch(cx, shut, |()| 0)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::DuplexStream, sync::Semaphore};

    use super::*;
    use crate::place::Connections;

    impl Ending for DuplexStream {
        fn reset_at_close(&self) -> io::Result<()> {
            Ok(())
        }
    }

    const BOUND: Duration = Duration::from_secs(5);

    fn guarded() -> (Guarded<DuplexStream>, DuplexStream, (Arc<Semaphore>, Connections), Lifecycle) {
        guarded_at(0)
    }

    fn guarded_at(
        bytes_per_s: u32,
    ) -> (Guarded<DuplexStream>, DuplexStream, (Arc<Semaphore>, Connections), Lifecycle) {
        let (near, far) = tokio::io::duplex(10);
        let permits = Arc::new(Semaphore::new(1));
        let permit = Arc::clone(&permits).try_acquire_owned().unwrap();
        let (life, connections) = (Lifecycle::default(), Connections::default());
        let place = connections.enter(permit, None);
        let near = Guarded::new(near, (BOUND, bytes_per_s), life.clone(), place, Arc::default());
        (near, far, (permits, connections), life)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_nothing_is_dropped() {
        let (mut near, _far, (permits, connections), _) = guarded();
        let start = Instant::now();
        let error = near.write_all(&[0; 100]).await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed()), (io::ErrorKind::TimedOut, BOUND));
        assert_eq!((permits.available_permits(), connections.open()), (0, 1));
        drop(near);
        assert_eq!((permits.available_permits(), connections.open()), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_is_served() {
        let (mut near, mut far, ..) = guarded();
        let reading = async {
            let mut byte = [0];
            for _ in 0..100 {
                // The clock is paused.
                tokio::time::sleep(BOUND - Duration::from_millis(1)).await;
                far.read_exact(&mut byte).await.unwrap();
            }
        };
        let (written, ()) = tokio::join!(near.write_all(&[0; 100]), reading);
        written.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_below_the_least_rate_is_dropped() {
        for (pause, ends) in [(Duration::from_millis(1500), true), (Duration::from_millis(400), false)] {
            // A byte a second is asked for.
            let (mut near, mut far, ..) = guarded_at(1);
            let start = Instant::now();
            let reading = async {
                let mut byte = [0];
                while far.read_exact(&mut byte).await.is_ok() {
                    // The clock is paused.
                    tokio::time::sleep(pause).await;
                }
            };
            let writing = async move {
                let written = near.write_all(&[0; 100]).await;
                (written.is_err(), start.elapsed())
            };
            let ((failed, after), ()) = tokio::join!(writing, reading);
            assert_eq!(failed, ends, "a byte each {pause:?}");
            assert!(!ends || after < BOUND * 5, "{after:?}");
        }
    }

    #[tokio::test]
    async fn a_stop_ends_reads_and_writes() {
        let (mut near, _far, _, life) = guarded();
        let reading = near.read_u8();
        let stopping = async { life.advance(Phase::Stopping) };
        let (read, ()) = tokio::join!(reading, stopping);
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
        assert_eq!(near.write_u8(0).await.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    }
}
