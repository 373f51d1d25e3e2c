//! Configuration: one TOML file, validated completely before anything starts.
//!
//! A value in the file takes precedence over its default; `${VAR}` in a value reads the environment. Unknown keys are
//! errors, and all other faults are reported at once.

mod account;
mod expand;
mod fault;
mod field;
mod file;
mod probe;
mod program;
mod resolve;
mod types;

pub use expand::{ExpandError, Variables};
pub use fault::{ConfigError, Fault};
pub use program::parse_signal;
pub use resolve::{load, parse};
pub use types::{Account, Config, HookAction, HookSpec, Limits, LogConfig, ProgramSpec, StopSpec};
