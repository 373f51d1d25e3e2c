//! The supervisor's binary against a child with faults (`examples/fake_child.rs`). One test binary, real processes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod bed;
mod config;
mod control;
mod exit;
mod family;
mod logs;
mod namespace;
mod operations;
mod order;
mod probes;
mod restart;
