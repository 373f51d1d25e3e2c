//! The server side of the control socket.

use std::{
    io,
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use nix::{
    sys::stat::{Mode, umask},
    unistd::Uid,
};
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::{Semaphore, mpsc},
    time::timeout,
};

use super::protocol::{Failure, Request, Response, VERSION};

/// Longest request.
const MAX_REQUEST_BYTES: u64 = 64 << 10;

/// Connections served at once; further ones wait.
const MAX_CONNECTIONS: u32 = 16;

/// Time limit for a client to send its request, and to accept each line of the answer.
const PATIENCE: Duration = Duration::from_secs(5);

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

/// Creates the socket, accessible to its owner only. Call it before starting other threads: the umask is process-wide.
///
/// # Errors
/// See [`BindError`].
pub fn bind(path: &Path) -> Result<std::os::unix::net::UnixListener, BindError> {
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
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

/// Limits the number of connections.
#[derive(Clone, Debug)]
pub struct Places(Arc<Semaphore>);

impl Default for Places {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_CONNECTIONS as usize)))
    }
}

impl Places {
    /// Waits until every connection has its answer, for at most `limit`.
    pub async fn all_free(&self, limit: Duration) {
        // Whether in time or not, the supervisor exits.
        let _ = timeout(limit, self.0.acquire_many(MAX_CONNECTIONS)).await;
    }
}

/// Accepts connections forever.
pub async fn serve(listener: UnixListener, calls: mpsc::Sender<Call>, places: Places) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let Ok(place) = Arc::clone(&places.0).acquire_owned().await else { return };
                let calls = calls.clone();
                tokio::task::spawn_local(async move {
                    // An error means that the client is gone.
                    let _ = converse(stream, calls).await;
                    drop(place);
                });
            }
            // Probably out of file descriptors; retry once some are closed.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn converse(stream: UnixStream, calls: mpsc::Sender<Call>) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    if peer != Uid::effective().as_raw() && peer != 0 {
        return Ok(());
    }
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader.take(MAX_REQUEST_BYTES));
    let mut line = String::new();
    timeout(PATIENCE, reader.read_line(&mut line)).await??;
    let (reply, mut answers) = mpsc::channel(16);
    match parse(&line) {
        Ok(Envelope { request, timeout_ms, .. }) => {
            let timeout = timeout_ms.map(Duration::from_millis);
            // Fails only if the supervisor is about to exit; the empty answer says so.
            let _ = calls.send(Call { request, reply, timeout }).await;
        }
        Err(message) => {
            let failure = Failure::BadRequest;
            let _ = reply.send(Response::Error { failure, message }).await;
            drop(reply);
        }
    }
    let mut rest = [0; 64];
    loop {
        tokio::select! {
            answer = answers.recv() => {
                let Some(answer) = answer else { return Ok(()) };
                let mut line = serde_json::to_vec(&answer)?;
                line.push(b'\n');
                timeout(PATIENCE, writer.write_all(&line)).await??;
            }
            // The client disconnected while following.
            read = reader.read(&mut rest) => if read? == 0 { return Ok(()) },
        }
    }
}

#[derive(Debug, Deserialize)]
struct Envelope {
    version: u32,
    timeout_ms: Option<u64>,
    #[serde(flatten)]
    request: Request,
}

fn parse(line: &str) -> Result<Envelope, String> {
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
        assert_eq!(request(r#"{"version":1,"command":"reload"}"#), Ok(Request::Reload));
        let stop = Request::Stop { programs: vec!["vllm".into()] };
        assert_eq!(request(r#"{"version":1,"command":"stop","programs":["vllm"]}"#), Ok(stop));
        let slow = parse(r#"{"version":1,"command":"reload","timeout_ms":50}"#).unwrap();
        assert_eq!(slow.timeout_ms, Some(50));
        assert!(parse(r#"{"version":9,"command":"reload"}"#).unwrap_err().contains("version 1, not 9"));
        assert!(parse("GET / HTTP/1.1").unwrap_err().starts_with("invalid request"));
    }
}
