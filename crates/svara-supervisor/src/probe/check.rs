//! Runs one check.

use std::time::Duration;

use super::{
    Check, command,
    resolve::{Purpose, connect},
    status_of,
};
use crate::{config::ProgramSpec, process::Children};

/// Runs a check of a program once. A command runs as the program's user, in its directory and with its variables.
///
/// # Errors
/// The reason why it failed, for status and events.
pub async fn check(
    question: &Check,
    timeout: Duration,
    spec: &ProgramSpec,
    children: &Children,
) -> Result<(), String> {
    match question {
        Check::Http(uri) => {
            let status = status_of(uri, timeout).await.map_err(|error| error.to_string())?;
            let passes = status.is_success() || status.is_redirection();
            if passes { Ok(()) } else { Err(format!("status {}", status.as_u16())) }
        }
        Check::Tcp { host, port } => {
            match tokio::time::timeout(timeout, connect(host, *port, Purpose::Probe)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err(format!("no connection within {}", humantime::format_duration(timeout))),
            }
        }
        // Lines are read as they come; see `Watch`.
        Check::Log(text) => Err(format!("no line with `{text}` yet")),
        Check::Command(words) => command::run(words, timeout, spec, children).await,
    }
}
