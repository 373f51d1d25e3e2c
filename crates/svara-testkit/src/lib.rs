//! For tests and tools: a fake vLLM with a pace and faults, the models the tests decode with, a count of what is
//! allocated, a process of a test's own, and a way to wait.

pub mod allocations;
pub mod fake_vllm;
pub mod models;
pub mod process;
mod waiting;

pub use waiting::{PATIENCE, eventually};
