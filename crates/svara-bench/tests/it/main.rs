//! The bench against what it measures, and the fake engine against our own client of engines.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests are test code too"
)]

mod fake;
mod load;
mod stub;
mod table;
