//! Configuration: one TOML file, checked whole before anything is started.
//!
//! Precedence: a value in the file, then its default; `${VAR}` in a value takes it from the environment. Unknown keys
//! are errors, and everything else that is wrong is reported at once.

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
pub use resolve::{load, parse};
pub use types::{Account, Config, HookAction, HookSpec, Limits, LogConfig, ProgramSpec, StopSpec};
