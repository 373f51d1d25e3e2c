//! The client side of the control socket.

use std::{
    io::{self, BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use super::protocol::{Request, Response, VERSION};

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
    /// The answer can't be parsed.
    #[error("can't parse the supervisor's answer: {0}")]
    Answer(#[from] serde_json::Error),
}

/// Sends a request and passes each line of the answer to `each`, until the answer ends or `each` returns false.
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
