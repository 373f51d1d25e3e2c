//! Prometheus metrics, on an address that is off unless configured.

mod gpu;
mod page;
mod serve;

pub use gpu::{GpuReading, Gpus};
pub use page::render;
pub use serve::serve;
