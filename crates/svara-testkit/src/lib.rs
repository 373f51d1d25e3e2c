//! For tests only: the models the tests decode with, a fake vLLM with faults, and a count of what is allocated.

pub mod allocations;
pub mod fake_vllm;
pub mod models;
