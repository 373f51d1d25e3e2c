//! The time of day.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds of a day.
pub(crate) const DAY_SECONDS: u64 = 86_400;

/// The time since 1970, UTC; zero on a machine whose clock stands before that.
pub(crate) fn unix_now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
