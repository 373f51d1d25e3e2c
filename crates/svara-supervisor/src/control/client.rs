//! The operator's end of the control socket.

use std::{
    io::{self, BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use super::protocol::{Request, Response, VERSION};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error(
        "no supervisor answers at {path}: {source}; name the socket with --socket or SVARA_SUPERVISOR_SOCKET"
    )]
    Connect {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The connection broke.
    #[error("the supervisor's answer broke off: {0}")]
    Io(#[from] io::Error),
    /// What came is no answer.
    #[error("the supervisor's answer can't be read: {0}")]
    Answer(#[from] serde_json::Error),
}

/// Sends a request and hands every line of the answer to `each`, until the answer ends or `each` says no.
///
/// # Errors
/// See [`ClientError`].
pub fn ask(
    socket: &Path,
    request: &Request,
    mut each: impl FnMut(Response) -> bool,
) -> Result<(), ClientError> {
    let connected = UnixStream::connect(socket);
    let mut stream = connected.map_err(|source| ClientError::Connect { path: socket.to_owned(), source })?;
    let mut message = serde_json::to_value(request)?;
    if let Some(fields) = message.as_object_mut() {
        fields.insert("version".to_owned(), VERSION.into());
    }
    stream.write_all(format!("{message}\n").as_bytes())?;
    for line in BufReader::new(stream).lines() {
        if !each(serde_json::from_str(&line?)?) {
            break;
        }
    }
    Ok(())
}
