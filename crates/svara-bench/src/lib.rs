//! Measures text-to-speech servers, and stands in for the engine behind them.
//!
//! * [`commands`]: the subcommands; `serve-fake` puts the fake vLLM of `svara-testkit` behind a port.
//! * [`load`]: sends requests and listens: first audio, pace, underruns, completeness, and the usage of the server's
//!   process.
//! * [`report`]: the results, as a table, as JSON and as a page with plots.

mod args;
pub mod cli;
pub mod commands;
pub mod load;
pub mod report;
pub mod verdict;
