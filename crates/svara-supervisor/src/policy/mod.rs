//! Whether and when a program restarts: pure functions of time and outcomes.

mod backoff;
mod restart;

pub use backoff::{Backoff, InvalidBackoff};
pub use restart::{RestartHistory, RestartLimit, RestartPolicy};
