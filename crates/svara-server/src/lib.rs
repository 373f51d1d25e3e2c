//! The HTTP server of svara-tts: dialects in front of [`svara_service::Service`].
//!
//! `main` reads the command line and the [`config::Config`]; [`start::server`] loads the engine and everything else;
//! [`svara_http::serve`] serves its router until a stop signal. Each dialect turns its requests into an
//! [`svara_service::Order`]; module `error` alone maps failures to HTTP responses.

mod app;
mod audit;
pub mod cli;
mod commands;
pub mod config;
mod dialects;
mod door;
mod error;
#[doc(hidden)]
pub mod fuzzing;
pub mod memory;
mod middleware;
mod operations;
mod pages;
mod reading;
mod recordings;
mod resources;
mod respond;
mod routes;
pub mod start;
mod state;
pub mod telemetry;

pub use self::{commands::Failure, recordings::Uploads};

/// Fuzz tests check how much memory was allocated.
#[cfg(test)]
#[global_allocator]
static ALLOCATOR: svara_testkit::allocations::Counting = svara_testkit::allocations::Counting;
