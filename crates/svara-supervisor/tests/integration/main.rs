//! The supervisor's binary with a faulty child (`examples/fake_child.rs`): one test binary, real processes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod alerts;
mod attacks;
mod bed;
mod blocked;
mod config;
mod control;
mod exit;
mod extremes;
mod family;
mod faults;
mod files;
mod gone;
mod import;
mod import_odd;
mod import_plugins;
mod import_syslog;
mod import_wrong;
mod limits;
mod log_files;
mod log_kinds;
mod logs;
mod machine;
mod memory;
mod namespace;
mod on_behalf;
mod operations;
mod order;
mod probes;
mod restart;
mod shim;
mod shim_shell;
mod sink_commands;
mod sinks;
mod slips;
mod small;
mod starts;
mod syslog;
mod tails;
mod times;
mod wishes;
