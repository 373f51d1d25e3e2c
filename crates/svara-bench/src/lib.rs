//! Measures text-to-speech servers, and stands in for the engine behind them.
//!
//! * [`commands`]: the subcommands; `serve-fake` puts the fake vLLM of `svara-testkit` behind a port.
//! * [`load`]: sends requests and listens: first audio, pace, underruns, completeness, and the usage of the server's
//!   process.
//! * [`report`]: the results, as a table, as JSON and as a page with plots.
//!
//! ```
//! use svara_bench::load::Distribution;
//!
//! // Seconds to the first audio of four streams, one of which failed: it ranks behind all others.
//! let mut first_audio = Distribution::default();
//! [Some(0.2), Some(0.3), Some(0.4), None].into_iter().for_each(|seconds| first_audio.record(seconds));
//! assert_eq!(first_audio.quantile(0.5), Some(0.3));
//! assert_eq!(first_audio.quantile(0.99), None);
//! assert_eq!(first_audio.share_within(0.35), Some(0.5));
//! ```

mod args;
pub mod cli;
pub mod commands;
pub mod load;
pub mod report;
pub mod verdict;
