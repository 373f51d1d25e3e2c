//! The shell around the state machines: one thread, one loop.

mod claim;
mod commands;
mod core;
mod file;
mod hooks;
mod kill;
mod names;
mod reload;
mod reply;
mod report;
mod run;
mod services;
mod sinks;
mod start;
mod stopper;
mod tail;
mod timers;
mod unit;

pub use run::{RunError, run};
