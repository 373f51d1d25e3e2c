//! Clients that close their sending side once they have asked, and still listen.
//!
//! TCP tells one that only sends no more from one that is gone the same way: its bytes end. What is sent tells them apart, as
//! the kernel of a client that is gone answers with a reset, and then sending fails. Sound is sent soon; while there is
//! none, a `ping` is sent, which clients pass over.

use std::{future::pending, io, time::Duration};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt},
    time::{Instant, sleep_until},
};

/// From the client's end to the first `ping`: most speech has begun by then.
const FIRST: Duration = Duration::from_millis(200);
/// From the first to the second, which fails if a reset has answered the first.
const SECOND: Duration = Duration::from_millis(50);
/// From each further one, and from each piece of sound, to the next.
const NEXT: Duration = Duration::from_secs(1);

/// When to ask a client whose bytes have ended whether it is there.
#[derive(Debug, Default)]
pub(super) struct HalfClosed {
    due: Option<Instant>,
    asked: bool,
}

impl HalfClosed {
    /// Waits until the client is to be asked: for ever, while its bytes don't end. What it sends meanwhile waits.
    ///
    /// # Errors
    /// The connection is broken.
    pub(super) async fn asks(&mut self, reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<()> {
        let due = match self.due {
            Some(due) => due,
            None => {
                if !reader.fill_buf().await?.is_empty() {
                    pending::<()>().await;
                }
                *self.due.insert(Instant::now() + FIRST)
            }
        };
        sleep_until(due).await;
        let next = if std::mem::replace(&mut self.asked, true) { NEXT } else { SECOND };
        self.due = Some(Instant::now() + next);
        Ok(())
    }

    /// Something was sent, which asks as well.
    pub(super) fn sent(&mut self) {
        if let Some(due) = &mut self.due {
            *due = Instant::now() + NEXT;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{sleep, timeout};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_sends_no_more_is_asked_while_nothing_is_sent() {
        let mut half = HalfClosed::default();
        let minute = Duration::from_secs(60);
        assert!(timeout(minute, half.asks(&mut &b"more"[..])).await.is_err(), "there is more to read");
        let mut begun = Instant::now();
        for wait in [FIRST, SECOND, NEXT, NEXT] {
            timeout(minute, half.asks(&mut &b""[..])).await.expect("it is asked").unwrap();
            let late = begun.elapsed().checked_sub(wait).expect("no sooner");
            assert!(late < Duration::from_millis(5), "{late:?} after {wait:?}");
            begun = Instant::now();
        }
        sleep(NEXT * 9 / 10).await;
        half.sent();
        assert!(timeout(NEXT * 9 / 10, half.asks(&mut &b""[..])).await.is_err(), "sound asks as well");
    }
}
