//! What can be wrong with the configuration.

use std::{io, path::PathBuf};

use crate::graph::GraphError;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The file is no TOML, or has a key that doesn't exist, or a value of the wrong kind.
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
    /// Everything else that is wrong.
    #[error("{}", list(.0))]
    Faults(Vec<Fault>),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A value.
    #[error("{key}: {message}")]
    Value {
        /// Its key, as in `program.vllm.stop.grace`.
        key: String,
        /// What is wrong and what is allowed.
        message: String,
    },
    /// The order of the programs.
    #[error(transparent)]
    Order(#[from] GraphError),
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
