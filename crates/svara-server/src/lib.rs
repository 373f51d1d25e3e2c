//! The HTTP server of svara-tts: dialects in front of [`svara_service::Service`].
//!
//! `main` reads the command line and the [`config::Config`]; [`start::parts`] loads the engine and all else; [`serve::run`]
//! serves [`app::router`] until it is told to stop. Each dialect turns its requests into an [`svara_service::Order`];
//! module `error` alone says which failure is which HTTP answer.

pub mod app;
pub mod cli;
mod commands;
pub mod config;
mod dialects;
mod error;
pub mod lifecycle;
mod middleware;
mod operations;
mod pages;
mod reading;
mod resources;
mod respond;
mod routes;
pub mod serve;
pub mod start;
mod state;
pub mod telemetry;
pub mod watched;

pub use self::commands::Failure;

/// Fuzz tests ask what was allocated.
#[cfg(test)]
#[global_allocator]
static ALLOCATOR: svara_testkit::allocations::Counting = svara_testkit::allocations::Counting;
