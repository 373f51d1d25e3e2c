//! For tests and tools: a fake vLLM with a pace and faults, the models the tests decode with, and a count of what is
//! allocated.

pub mod allocations;
pub mod fake_vllm;
pub mod models;
