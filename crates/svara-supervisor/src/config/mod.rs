//! Configuration: one TOML file and those that it includes, validated completely before anything starts.
//!
//! A value in the file takes precedence over its default; `${VAR}` in a value reads the environment. Unknown keys are
//! errors, and all faults are reported at once, each with its line.

mod account;
mod document;
mod environment;
mod expand;
mod expected;
mod fault;
mod field;
mod file;
mod hook;
mod log_files;
mod passed;
mod places;
mod probe;
mod program;
mod resolve;
mod shape;
mod sink;
mod slips;
mod source;
mod types;
mod variables_file;
mod words;

pub use expand::{ExpandError, Variables};
pub use fault::{ConfigError, Fault, Place};
pub use log_files::{HEALTH_FILE, SPOOL_DIRECTORY, schedule_file, sink_file};
pub(crate) use log_files::{JSON_FILE, TEXT_FILE};
pub use passed::Passed;
pub use places::Places;
pub use program::{FORWARDED, MAX_REPLICAS, is_word, parse_signal};
pub use resolve::{load, load_scaled, parse};
pub use types::{
    Account, Config, HookAction, HookSpec, Limits, LogConfig, ProgramSpec, SinkSpec, SinkTarget, StopSpec,
    SyslogAddress, Takeover,
};

/// The socket if neither the file nor the command line sets one, so that commands work without a file.
pub const DEFAULT_SOCKET: &str = "${SVARA_SUPERVISOR_SOCKET:-/run/svara-supervisor.sock}";
