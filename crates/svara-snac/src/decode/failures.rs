//! Whether a decoder still works.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// So many failed calls in a row, and the decoder is broken: after some errors of CUDA, all calls of the process fail.
const MOST: usize = 5;

/// Counts calls that failed since the last good one.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    in_a_row: AtomicUsize,
    /// Once true, it stays so.
    lasting: watch::Sender<bool>,
}

impl Failures {
    /// A call has ended.
    pub(crate) fn note(&self, good: bool) {
        if good {
            self.in_a_row.store(0, Ordering::Relaxed);
        } else if self.in_a_row.fetch_add(1, Ordering::Relaxed) + 1 == MOST {
            tracing::error!(calls = MOST, "the decoder is broken: its calls fail one after the other");
            self.last();
        }
    }

    /// Nothing is decoded from now on.
    pub(crate) fn last(&self) {
        self.lasting.send_replace(true);
    }

    /// Whether only a new process helps.
    pub(crate) fn are_lasting(&self) -> bool {
        *self.lasting.borrow()
    }

    /// Waits until only a new process helps; forever if that never happens.
    pub(crate) fn until_lasting(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut lasting = self.lasting.subscribe();
        async move {
            if lasting.wait_for(|lasting| *lasting).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn only_failures_in_a_row_are_lasting() {
        let failures = Failures::default();
        for _ in 0..3 {
            (1..MOST).for_each(|_| failures.note(false));
            assert!(!failures.are_lasting() && failures.until_lasting().now_or_never().is_none());
            failures.note(true);
        }
        let waiting = failures.until_lasting();
        (0..MOST).for_each(|_| failures.note(false));
        assert!(failures.are_lasting());
        assert!(waiting.now_or_never().is_some() && failures.until_lasting().now_or_never().is_some());
    }

    #[test]
    fn a_decoder_that_is_gone_never_breaks() {
        let waiting = Failures::default().until_lasting();
        assert!(waiting.now_or_never().is_none());
    }
}
