//! One file for each section of `config/server.toml`: its keys, their defaults and their checks.

mod decoder;
mod demo;
mod engine;
mod limits;
mod log;
mod model;
mod server;
mod telemetry;
mod text;

pub use decoder::DecoderConfig;
pub use demo::DemoConfig;
pub use engine::EngineConfig;
pub use limits::LimitsConfig;
pub use log::LogConfig;
pub use model::ModelConfig;
pub use server::MIN_KEY_BYTES;
pub use server::ServerConfig;
pub use telemetry::TelemetryConfig;
pub use text::{Clean, TextConfig};
