//! Prometheus metrics, served only if an address is configured.

mod gpu;
mod page;
mod serve;

pub use gpu::{GpuReading, GpuState, Gpus};
pub use page::render;
pub use serve::serve;
