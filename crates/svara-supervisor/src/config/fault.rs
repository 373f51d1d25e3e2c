//! Errors in the configuration.

use std::{io, path::PathBuf};

use crate::graph::GraphError;

/// Why the configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file isn't valid TOML, or has an unknown key or a value of the wrong type.
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
    /// Everything else that is wrong, all at once.
    #[error("{}", list(.0))]
    Faults(Vec<Fault>),
}

/// One fault in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An invalid value.
    #[error("{key}: {message}")]
    Value {
        /// Its key, as in `program.vllm.stop.grace`.
        key: String,
        /// What is wrong and what is allowed.
        message: String,
    },
    /// An invalid start order.
    #[error(transparent)]
    Order(#[from] GraphError),
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
