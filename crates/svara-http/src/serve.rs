//! The accept loop, and the drain that ends it.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
    sync::Semaphore,
};

use crate::{
    accept::{Refusals, accept},
    connection,
    lifecycle::{Lifecycle, Phase},
    place::Connections,
    seats::{Bound, Seats},
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
        /// Why it can't be caught.
        source: io::Error,
    },
}

/// Connections beyond the bounds that may still be closing.
const CLOSING: usize = 64;
/// How long connections may take to end once they are broken off.
const BREAK_OFF: Duration = Duration::from_secs(1);

/// The most sockets of clients that are open at once with so many connections: twice as many, as those that give way are still
/// closing, and some that are turned away.
pub fn most_sockets(connections: usize) -> usize {
    connections.saturating_mul(2).saturating_add(CLOSING)
}

/// Serves `app` until `life` drains, then waits until all requests have ended or the drain's time is over, and breaks off
/// the rest. Refusing new requests during the drain is up to `app`. `connections` counts the open connections.
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
    // The last line of a start: what to open in a browser.
    let url = url(address, settings.tls.is_some());
    tracing::info!(%address, tls = settings.tls.is_some(), url, "listening");
    let Settings { limits, tls, drain_delay, drain } = settings;
    let all = u32::try_from(most_sockets(limits.connections)).unwrap_or(u32::MAX);
    let permits = Arc::new(Semaphore::new(all as usize));
    let seats = Seats::new(limits.connections, limits.connections_per_address);
    let (most, probes) = (Bound::All(limits.connections), limits.probes);
    let mut turned_away = Refusals::new("connections are turned away: too many are open");
    let mut without_seat = Refusals::new("no seat for connections: only probes are answered");
    let shared = Arc::new(connection::Shared { app, life: life.clone(), limits, tls });
    let closing = async {
        life.reached(Phase::Draining).await;
        tracing::info!("stopping: no new requests, open ones may finish");
        tokio::select! {
            () = tokio::time::sleep(drain_delay) => {}
            () = life.reached(Phase::Closing) => {}
        }
    };
    tokio::pin!(closing);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener, "a connection") => accepted,
            () = &mut closing => break,
        };
        let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else {
            turned_away.note(peer, most.name(), most.limit());
            turn_away(&stream, &shared);
            continue;
        };
        let seat = Arc::new(seats.take(peer.ip()));
        if let Some(bound) = seat.only_probes() {
            if probes.is_empty() {
                turned_away.note(peer, bound.name(), bound.limit());
                turn_away(&stream, &shared);
                continue;
            }
            without_seat.note(peer, bound.name(), bound.limit());
        }
        let place = connections.enter(permit, Some(Arc::clone(&seat)));
        tokio::spawn(connection::serve(stream, place, seat, Arc::clone(&shared)));
    }
    drop(listener);
    life.advance(Phase::Closing);
    // Each connection holds one permit until it ends, WebSockets included.
    let all_ended = async || permits.acquire_many(all).await.is_ok();
    tokio::select! {
        _ = all_ended() => {}
        () = tokio::time::sleep(drain.saturating_sub(drain_delay)) => {
            tracing::warn!(after_s = drain.as_secs_f64(), "open requests are broken off");
            life.advance(Phase::Stopping);
        }
        () = life.reached(Phase::Stopping) => tracing::warn!("stopped a second time: open requests are broken off"),
    }
    if life.phase() == Phase::Stopping && tokio::time::timeout(BREAK_OFF, all_ended()).await.is_err() {
        tracing::warn!("some connections are still open");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Calls [`Lifecycle::stop`] at each SIGTERM or SIGINT: the first starts the drain, the second ends it at once. Needs a
/// tokio runtime.
///
/// # Errors
/// A signal can't be caught.
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

/// The URL of a page on this machine. Who listens everywhere listens on localhost, too.
fn url(address: SocketAddr, tls: bool) -> String {
    let scheme = if tls { "https" } else { "http" };
    if address.ip().is_unspecified() {
        format!("{scheme}://localhost:{}/", address.port())
    } else {
        format!("{scheme}://{address}/")
    }
}

/// Answers with status 503, if that can be written without waiting, as too many connections are open.
fn turn_away(stream: &TcpStream, shared: &connection::Shared) {
    const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\
                            Content-Length: 0\r\n\r\n";
    if shared.tls.is_none() {
        // A new connection's buffer has room for this. If not, closing is answer enough.
        let _ = stream.try_write(ANSWER);
    }
}
