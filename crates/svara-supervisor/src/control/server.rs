//! The control socket and what may be asked on it.

use std::{
    io,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use nix::sys::stat::{Mode, umask};
use serde::Deserialize;
use tokio::sync::mpsc;

use super::protocol::{Request, Response, VERSION};

/// A request and the channel for its answer, which ends when the sender is dropped.
#[derive(Debug)]
pub struct Call {
    /// The request.
    pub request: Request,
    /// Receives the lines of the answer.
    pub reply: mpsc::Sender<Response>,
    /// How long the client waits.
    pub timeout: Option<Duration>,
}

/// Why the socket can't be created.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another supervisor is listening on it.
    #[error("another supervisor is running at {0}")]
    Running(PathBuf),
    /// Another kind of file is in the way.
    #[error("{0} exists and is not a socket")]
    NoSocket(PathBuf),
    /// It can't be created.
    #[error("control socket {path}: {source}")]
    Io {
        /// Its path.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

/// Creates the socket, accessible to its owner and, if there is one, a group. Call it before starting other threads: the
/// umask is process-wide.
///
/// # Errors
/// See [`BindError`].
pub fn bind(path: &Path, group: Option<u32>) -> Result<std::os::unix::net::UnixListener, BindError> {
    let failed = |source| BindError::Io { path: path.to_owned(), source };
    if let Ok(data) = std::fs::symlink_metadata(path) {
        if !data.file_type().is_socket() {
            return Err(BindError::NoSocket(path.to_owned()));
        }
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(BindError::Running(path.to_owned()));
        }
        // Left behind by a killed supervisor.
        std::fs::remove_file(path).map_err(failed)?;
    }
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(failed)?;
    }
    let before = umask(Mode::from_bits_truncate(0o177));
    let listener = std::os::unix::net::UnixListener::bind(path);
    umask(before);
    let listener = listener.map_err(failed)?;
    if let Some(group) = group {
        // First the group, then its right.
        std::os::unix::fs::chown(path, None, Some(group)).map_err(failed)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660)).map_err(failed)?;
    }
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    version: u32,
    pub(super) timeout_ms: Option<u64>,
    #[serde(flatten)]
    pub(super) request: Request,
}

/// Reads a request.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(line: &str) -> Result<Envelope, String> {
    let envelope: Envelope =
        serde_json::from_str(line).map_err(|error| format!("invalid request: {error}"))?;
    if envelope.version == VERSION {
        Ok(envelope)
    } else {
        Err(format!("this supervisor speaks protocol version {VERSION}, not {}", envelope.version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_or_refused_with_a_reason() {
        let request = |line: &str| parse(line).map(|envelope| envelope.request);
        assert_eq!(request(r#"{"version":1,"command":"reload"}"#), Ok(Request::Reload { dry_run: false }));
        let stop = Request::Stop { programs: vec!["vllm".into()] };
        assert_eq!(request(r#"{"version":1,"command":"stop","programs":["vllm"]}"#), Ok(stop));
        let slow = parse(r#"{"version":1,"command":"reload","timeout_ms":50}"#).unwrap();
        assert_eq!(slow.timeout_ms, Some(50));
        assert!(parse(r#"{"version":9,"command":"reload"}"#).unwrap_err().contains("version 1, not 9"));
        assert!(parse("GET / HTTP/1.1").unwrap_err().starts_with("invalid request"));
    }
}
