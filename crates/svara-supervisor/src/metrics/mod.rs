//! Prometheus metrics, on an address that is off unless configured.

mod gpu;
mod serve;
mod text;

pub use gpu::{GpuReading, Gpus};
pub use serve::serve;
pub use text::render;
