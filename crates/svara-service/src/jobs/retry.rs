//! When a failure is retried. Pure.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// Tries in all. They take about ten minutes, in which an engine can restart.
const TRIES: u32 = 14;

/// How long to wait after this many failures in a row; none if it is time to give up.
pub(super) fn pause_after(failures: u32) -> Option<Duration> {
    (failures < TRIES).then(|| FIRST.saturating_mul(1 << failures.saturating_sub(1).min(6)).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_end() {
        let pauses: Vec<u64> = (1..).map_while(pause_after).map(|pause| pause.as_secs()).collect();
        assert_eq!(pauses[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pauses.len(), 13);
    }
}
