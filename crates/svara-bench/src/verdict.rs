//! How a run ended, and the exit code for it.

use std::process::ExitCode;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All went as it should, or nothing was asked of it.
    Good,
    /// It was measured, and something that `--fail-on` names was seen: exit code 3.
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
