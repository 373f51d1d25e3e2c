//! When and whether a program is started again: pure functions of time and outcomes.

mod backoff;
mod restart;

pub use backoff::{Backoff, InvalidBackoff};
pub use restart::{RestartHistory, RestartLimit, RestartPolicy};
