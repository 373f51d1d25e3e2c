//! The client side of the control socket.

use std::{
    io::{self, BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Duration,
};

use super::protocol::{Request, Response, VERSION};

/// How much longer than its limit a command that waits may take: the supervisor says what it didn't carry out in time.
const GRACE: Duration = Duration::from_secs(2);

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No supervisor is listening.
    #[error(
        "no supervisor answers at {path}: {source}; set the socket with --socket or SVARA_SUPERVISOR_SOCKET"
    )]
    Connect {
        /// The socket.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The connection broke.
    #[error("lost the connection to the supervisor: {0}")]
    Io(#[from] io::Error),
    /// No answer in time.
    #[error("the supervisor doesn't answer within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
    /// The answer can't be parsed.
    #[error("can't parse the supervisor's answer: {0}")]
    Answer(#[from] serde_json::Error),
}

/// Sends a request and passes each line of the answer to `each`, until the answer ends or `each` returns false.
///
/// # Errors
/// See [`ClientError`].
pub fn ask(socket: &Path, request: &Request, each: impl FnMut(Response) -> bool) -> Result<(), ClientError> {
    ask_within(socket, request, None, each)
}

/// As [`ask`], but a command that waits for programs is answered within `limit`, and every other one is given up after
/// it. The former is given up a little later, where the supervisor itself hangs.
///
/// # Errors
/// See [`ClientError`].
pub fn ask_within(
    socket: &Path,
    request: &Request,
    limit: Option<Duration>,
    mut each: impl FnMut(Response) -> bool,
) -> Result<(), ClientError> {
    let connected = UnixStream::connect(socket);
    let mut stream = connected.map_err(|source| ClientError::Connect { path: socket.to_owned(), source })?;
    let mut message = serde_json::to_value(request)?;
    if let Some(fields) = message.as_object_mut() {
        fields.insert("version".to_owned(), VERSION.into());
        let limit = limit.filter(|_| request.waits());
        // Longer than anything runs, if it doesn't fit.
        let limit_ms = limit.map(|limit| u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
        fields.insert("timeout_ms".to_owned(), limit_ms.into());
    }
    // A zero is no limit to the system.
    let patience = limit.map(|limit| limit.max(Duration::from_millis(1)));
    stream.set_write_timeout(patience)?;
    // The supervisor keeps the limit of what waits; one that is stopped itself doesn't.
    let answer = patience.map(|limit| if request.waits() { limit.saturating_add(GRACE) } else { limit });
    stream.set_read_timeout(answer)?;
    stream.write_all(format!("{message}\n").as_bytes())?;
    for line in BufReader::new(stream).lines() {
        let line = match (line, limit) {
            (Err(error), Some(limit)) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(ClientError::Timeout(limit));
            }
            (line, _) => line?,
        };
        if !each(serde_json::from_str(&line)?) {
            break;
        }
    }
    Ok(())
}
