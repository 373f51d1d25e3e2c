//! The supervisor's binary with a faulty child (`examples/fake_child.rs`): one test binary, real processes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod alerts;
mod bed;
mod blocked;
mod config;
mod control;
mod exit;
mod extremes;
mod family;
mod files;
mod import;
mod logs;
mod machine;
mod memory;
mod namespace;
mod operations;
mod order;
mod probes;
mod restart;
mod shim;
mod sinks;
mod small;
mod starts;
mod tails;
mod times;
mod wishes;
