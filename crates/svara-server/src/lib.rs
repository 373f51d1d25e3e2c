//! The HTTP server of svara-tts: dialects in front of [`svara_engine::Engine`].
//!
//! `main` reads the command line and the [`config::Config`]; [`start::parts`] loads the engine and all else; [`svara_http::serve`] serves
//! [`app::router`] until it is told to stop. Each dialect (module `routes`) turns its requests into one
//! [`svara_engine::SpeechRequest`] and hands the speech to module `respond`; [`error`] alone says which failure is which
//! HTTP answer.

mod admission;
pub mod app;
pub mod auth;
mod cache;
mod cached;
pub mod cli;
pub mod cloning;
mod commands;
pub mod config;
pub mod error;
mod jobs;
mod layers;
mod metrics;
mod openapi;
mod respond;
mod routes;
mod speaking;
mod speech_log;
pub mod start;
mod state;
pub mod store;
pub mod telemetry;
mod times;
mod upload;
pub mod voices;

/// Fuzz tests ask what was allocated.
#[cfg(test)]
#[global_allocator]
static ALLOCATOR: svara_testkit::allocations::Counting = svara_testkit::allocations::Counting;
