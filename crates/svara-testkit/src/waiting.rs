//! Waiting for what no event tells.

use std::time::{Duration, Instant};

/// How long [`eventually`] asks: longer than anything in a test takes, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again and again until there is an answer, and returns it. `what` says what is waited for.
///
/// Only where no event can be waited for: a fixed sleep is too short on a busy machine and too long on a fast one.
///
/// # Panics
/// There is no answer within [`PATIENCE`].
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_asks_until_there_is_an_answer() {
        let mut left = 3;
        let answer = eventually("an answer", async || {
            left -= 1;
            (left == 0).then_some(7)
        });
        assert_eq!(answer.await, 7);
    }
}
