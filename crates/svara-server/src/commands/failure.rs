//! How a command fails.

/// Why the program ends badly.
#[derive(Debug)]
pub enum Failure {
    /// The command line or the configuration is wrong: exit code 64.
    Usage(anyhow::Error),
    /// It couldn't start, or failed while it ran: exit code 1.
    Start(anyhow::Error),
}
