//! Taking connections from a listener, and telling of those for which there is no room.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::net::{TcpListener, TcpStream};

/// How long accepting pauses after it failed, usually for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(200);
/// How often the log says that there is no room: a flood of connections must not wash out the rest.
const TELL_AGAIN: Duration = Duration::from_secs(1);

/// The next connection, whose chunks leave at once, however small. What fails meanwhile is logged as a failure to accept
/// `what`, such as "a connection", and waited out. Dropping the future loses no connection.
pub async fn accept(listener: &TcpListener, what: &str) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // If the connection is already gone, the next read fails.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "can't accept {what}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whether accepting failed because the one connection is gone already, and not because of the server.
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Tells in the log, once a second at most, that there is no room for connections.
#[derive(Debug)]
pub struct Refusals {
    /// What the log says.
    what: &'static str,
    /// Connections since it was said.
    untold: u64,
    told: Option<Instant>,
}

impl Refusals {
    /// None so far. `what` is what the log says of them.
    pub fn new(what: &'static str) -> Self {
        Self { what, untold: 0, told: None }
    }

    /// Notes a connection for which there is no room, as `limit` of the setting `bound` are open.
    pub fn note(&mut self, peer: SocketAddr, bound: &str, limit: usize) {
        self.untold += 1;
        if self.told.is_none_or(|told| told.elapsed() >= TELL_AGAIN) {
            let (what, count) = (self.what, self.untold);
            tracing::warn!(%peer, count, bound, limit, "{what}");
            (self.untold, self.told) = (0, Some(Instant::now()));
        }
    }
}
