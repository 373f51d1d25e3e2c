//! Keeps account of what was lost on the way to one destination.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// A destination that lost nothing for this long works again.
const CALM: Duration = Duration::from_secs(5);

/// A problem with a destination that an operator should know about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogNotice {
    /// Writing has started to fail.
    Lost {
        /// The file.
        path: PathBuf,
        /// The system's error, or what else is the matter.
        reason: String,
    },
    /// Writing works again.
    Restored {
        /// The file.
        path: PathBuf,
        /// Bytes lost in the meantime.
        lost_bytes: u64,
    },
    /// A sink takes no lines; they wait.
    SinkAway {
        /// Its name.
        sink: String,
        /// The system's error, or what else is the matter.
        reason: String,
    },
    /// A sink takes lines again.
    SinkBack {
        /// Its name.
        sink: String,
    },
    /// Lines for a sink have begun to be left out.
    SinkLost {
        /// Its name.
        sink: String,
        /// Why.
        reason: String,
    },
    /// No more lines are left out.
    SinkRestored {
        /// Its name.
        sink: String,
        /// Lines left out in the meantime.
        lost_lines: u64,
    },
}

/// What one destination has lost since it last worked.
#[derive(Debug, Default)]
pub(super) struct Loss {
    lost_bytes: u64,
    last: Option<Instant>,
}

impl Loss {
    /// Some text was lost; true if that is news.
    pub(super) fn lose(&mut self, bytes: u64, now: Instant) -> bool {
        self.lost_bytes += bytes;
        self.last.replace(now).is_none()
    }

    /// Some text arrived; the bytes lost before, once it is clear that it works again. `at_once` where one success proves
    /// it.
    pub(super) fn arrive(&mut self, now: Instant, at_once: bool) -> Option<u64> {
        let calm = |last: &mut Instant| at_once || now.saturating_duration_since(*last) >= CALM;
        self.last.take_if(calm)?;
        Some(std::mem::take(&mut self.lost_bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_told_once_and_summed() {
        let now = Instant::now();
        let mut loss = Loss::default();
        assert_eq!(loss.arrive(now, true), None);
        assert!(loss.lose(5, now) && !loss.lose(7, now));
        assert_eq!(loss.arrive(now + CALM / 2, false), None);
        assert_eq!(loss.arrive(now + CALM, false), Some(12));
        assert!(loss.lose(1, now));
        assert_eq!(loss.arrive(now, true), Some(1));
    }
}
