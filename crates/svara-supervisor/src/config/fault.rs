//! Errors in the configuration.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

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
    /// Everything that is wrong, all at once.
    #[error("{}", lines(.0, None))]
    Faults(Vec<Fault>),
}

impl ConfigError {
    /// The messages, one a line, each with its file; `path` is the file that was read first.
    pub fn describe(&self, path: &Path) -> String {
        match self {
            Self::Read { .. } => self.to_string(),
            Self::Faults(faults) => lines(faults, Some(path)),
        }
    }
}

/// One fault in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key, as in `program.vllm.stop.grace`; may be empty.
    pub key: String,
    /// What is wrong and what is allowed.
    pub message: String,
    /// Where it is.
    pub place: Option<Place>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The included file; `None` for the file that was read first.
    pub file: Option<PathBuf>,
    /// The line, from 1.
    pub line: usize,
}

impl Fault {
    pub(super) fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into(), place: None }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "line {}: ", place.line)?;
        }
        if self.key.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.key, self.message)
        }
    }
}

impl From<GraphError> for Fault {
    fn from(error: GraphError) -> Self {
        let words = error.to_string();
        match error {
            GraphError::Unknown { program, .. } => {
                let key = format!("program.{program}.after");
                let message = words.strip_prefix(&format!("{key}: ")).unwrap_or(&words).to_owned();
                Self::new(key, message)
            }
            GraphError::Cycle(names) => {
                let first = names.first().cloned().unwrap_or_default();
                Self::new(format!("program.{first}.after"), words)
            }
        }
    }
}

fn lines(faults: &[Fault], path: Option<&Path>) -> String {
    let line = |fault: &Fault| {
        let included = fault.place.as_ref().and_then(|place| place.file.as_deref());
        match included.or(path) {
            Some(path) => format!("{}: {fault}", path.display()),
            None => fault.to_string(),
        }
    };
    faults.iter().map(line).collect::<Vec<_>>().join("\n")
}
