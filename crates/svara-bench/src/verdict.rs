//! How a run ended, and the exit code for it.

use std::process::ExitCode;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It ended by itself, and no condition of `--fail-on` was met.
    Good,
    /// A condition of `--fail-on` was met, or the run was interrupted: exit code 3.
    Failed,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Good => Self::SUCCESS,
            Verdict::Failed => Self::from(3),
        }
    }
}
