//! For tests only: the models the tests decode with, and a fake vLLM with faults.

pub mod allocations;
pub mod fake_vllm;
pub mod models;
