//! The accept loop, and the drain after a stop signal.
//!
//! We have our own accept loop because the limits on connections can't be set from outside [`axum::serve()`]; see
//! [`Limits`](crate::Limits).

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
    sync::Semaphore,
};

use crate::{
    connection,
    lifecycle::{Lifecycle, Phase},
    place::Connections,
    settings::Settings,
};

/// Why a server can't serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listener has no address.
    #[error("the listener has no address")]
    Address(#[source] io::Error),
    /// A signal can't be caught.
    #[error("can't catch {name}")]
    Signal {
        /// The signal's name, such as `SIGTERM`.
        name: &'static str,
        /// The cause.
        source: io::Error,
    },
}

/// How long accepting pauses when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// How long aborted connections may take to end.
const BREAK_OFF: Duration = Duration::from_secs(1);

/// Serves until `life` drains, then until all streams have ended or the deadline has passed and they are aborted.
/// Counts open connections in `connections`.
///
/// # Errors
/// The listener has no address.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    life: Lifecycle,
    connections: Connections,
    settings: Settings,
) -> Result<(), ServeError> {
    let address = listener.local_addr().map_err(ServeError::Address)?;
    tracing::info!(%address, tls = settings.tls.is_some(), "listening");
    let Settings { limits, tls, drain_delay, drain } = settings;
    let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    let permits = Arc::new(Semaphore::new(limits.connections));
    let shared = Arc::new(connection::Shared { app, life: life.clone(), limits, tls });
    let closing = async {
        life.reached(Phase::Draining).await;
        tracing::info!("stopping: no new requests, open streams may finish");
        tokio::select! {
            () = tokio::time::sleep(drain_delay) => {}
            () = life.reached(Phase::Closing) => {}
        }
    };
    tokio::pin!(closing);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut closing => break,
        };
        match accepted {
            Ok((stream, _)) => match Arc::clone(&permits).try_acquire_owned() {
                Ok(permit) => {
                    tokio::spawn(connection::serve(stream, connections.enter(permit), Arc::clone(&shared)));
                }
                Err(_) => turn_away(&stream, &shared),
            },
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "can't accept connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    life.advance(Phase::Closing);
    // Each connection holds one permit until its end, including after an upgrade.
    let all_ended = async || permits.acquire_many(all).await.is_ok();
    tokio::select! {
        _ = all_ended() => {}
        () = tokio::time::sleep(drain.saturating_sub(drain_delay)) => {
            tracing::warn!(after_s = drain.as_secs_f64(), "open streams are aborted");
            life.advance(Phase::Stopping);
        }
        () = life.reached(Phase::Stopping) => tracing::warn!("second stop signal: open streams are aborted"),
    }
    if life.phase() == Phase::Stopping && tokio::time::timeout(BREAK_OFF, all_ended()).await.is_err() {
        tracing::warn!("some connections didn't end");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Stops `life` at each SIGTERM or SIGINT: the first begins the drain, the second ends it.
///
/// # Errors
/// The signals can't be caught.
pub fn stop_at_signals(life: Lifecycle) -> Result<(), ServeError> {
    let catch = |kind, name| signal(kind).map_err(|source| ServeError::Signal { name, source });
    let mut terminate = catch(SignalKind::terminate(), "SIGTERM")?;
    let mut interrupt = catch(SignalKind::interrupt(), "SIGINT")?;
    tokio::spawn(async move {
        while life.phase() != Phase::Stopping {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            life.stop();
        }
    });
    Ok(())
}

/// Answers that there are too many connections, as far as that is possible without waiting.
fn turn_away(stream: &TcpStream, shared: &connection::Shared) {
    const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\
                            Content-Length: 0\r\n\r\n";
    let limit = shared.limits.connections;
    tracing::warn!(limit, "too many connections: one was refused");
    if shared.tls.is_none() {
        // A new connection has room for this answer; in any case it is closed.
        let _ = stream.try_write(ANSWER);
    }
}

/// Whether accepting failed because of that one connection, which is gone.
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
