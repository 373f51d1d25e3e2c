//! The failure of a command.

/// Why the program fails.
#[derive(Debug)]
pub enum Failure {
    /// The command line or the configuration is wrong: exit code 64.
    Usage(anyhow::Error),
    /// The program couldn't start, or failed while it ran: exit code 1.
    Start(anyhow::Error),
    /// The same, and the log has said so.
    Told,
}
