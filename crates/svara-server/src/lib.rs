//! The HTTP server of svara-tts: dialects in front of [`svara_service::Service`].
//!
//! `main` reads the command line and the [`config::Config`]; [`start::server`] loads the engine and all else;
//! [`svara_http::serve`] serves its router until it is told to stop. Each dialect turns its requests into an
//! [`svara_service::Order`]; module `error` alone says which failure is which HTTP answer.

mod app;
pub mod cli;
mod commands;
pub mod config;
mod dialects;
mod error;
mod middleware;
mod operations;
mod pages;
mod reading;
mod resources;
mod respond;
mod routes;
pub mod start;
mod state;
pub mod telemetry;

pub use self::commands::Failure;

/// Fuzz tests ask what was allocated.
#[cfg(test)]
#[global_allocator]
static ALLOCATOR: svara_testkit::allocations::Counting = svara_testkit::allocations::Counting;
