//! Whom the kernel kills first when memory is short.

use std::sync::OnceLock;

/// The score of what we start, unless a container's own is nearly as high.
const USUAL: i32 = 500;

/// The `oom_score_adj` of a program by default: above ours, so that the kernel kills it before the supervisor.
pub fn default_oom_score() -> i32 {
    static SCORE: OnceLock<i32> = OnceLock::new();
    *SCORE.get_or_init(|| {
        let own = std::fs::read_to_string("/proc/self/oom_score_adj");
        let own = own.ok().and_then(|score| score.trim().parse::<i32>().ok()).unwrap_or(0);
        USUAL.max((own + 100).min(1000))
    })
}
