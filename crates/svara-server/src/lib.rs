//! The HTTP server of svara-tts: dialects in front of [`svara_service::Service`].
//!
//! `main` reads the command line and the [`svara_config::Config`]; [`start::server`] loads the engine and everything else;
//! [`svara_http::serve`] serves its router until a stop signal. The routes are those of `svara-dialects`, each of which turns
//! its requests into a [`svara_service::Order`], and of modules `resources`, `operations` and `pages`; `app` puts them
//! behind `middleware`.

mod app;
mod commands;
mod cryptography;
#[doc(hidden)]
pub mod fuzzing;
mod middleware;
mod operations;
mod pages;
mod resources;
pub mod start;
pub mod telemetry;

pub use self::commands::{Failure, cli::Cli};

/// Fuzz tests check how much memory was allocated.
#[cfg(test)]
#[global_allocator]
static ALLOCATOR: svara_testkit::allocations::Counting = svara_testkit::allocations::Counting;
