//! The control socket and what may be asked on it.

use std::{
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{FileTypeExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    time::Duration,
};

use nix::sys::{
    socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind as bind_to, listen, socket},
    stat::{Mode, fchmod},
};
use serde::Deserialize;
use tokio::sync::mpsc;

use super::protocol::{Request, Response, VERSION};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 128;

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

/// Creates the socket, accessible to its owner and, if there is one, a group.
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
    listen_at(path, group).map_err(failed)
}

/// Until it listens, nobody can connect, so that its file has its mode by then. Not by the umask, which is the process's: files
/// that other threads make at that moment would have the socket's mode.
fn listen_at(path: &Path, group: Option<u32>) -> io::Result<std::os::unix::net::UnixListener> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    // On Linux, the file gets no more than the socket has.
    fchmod(&socket, Mode::S_IRUSR | Mode::S_IWUSR)?;
    bind_to(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
    if let Some(group) = group {
        // First the group, then its right.
        std::os::unix::fs::chown(path, None, Some(group))?;
    }
    let mode = if group.is_some() { 0o660 } else { 0o600 };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    listen(&socket, Backlog::new(BACKLOG)?)?;
    Ok(socket.into())
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
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_socket_that_is_made_changes_no_mode_of_what_others_make() {
        let directory = tempfile::tempdir().unwrap();
        let (of_thread, stop) = (directory.path().join("thread"), AtomicBool::new(false));
        std::fs::create_dir(&of_thread).unwrap();
        let usual = mode(&of_thread);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let path = directory.path().join("socket");
                while !stop.load(Ordering::SeqCst) {
                    drop(bind(&path, None).unwrap());
                    assert_eq!(mode(&path), 0o600);
                    std::fs::remove_file(&path).unwrap();
                }
            });
            for number in 0..300 {
                let made = of_thread.join(number.to_string());
                std::fs::create_dir(&made).unwrap();
                let found = mode(&made);
                if found != usual {
                    stop.store(true, Ordering::SeqCst);
                }
                assert_eq!(found, usual, "directory {number}");
            }
            stop.store(true, Ordering::SeqCst);
        });
    }

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
