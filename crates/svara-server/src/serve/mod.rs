//! Serving until told to stop, and the drain after that.
//!
//! Our own accept loop, because the limits on connections can't be set from outside [`axum::serve()`]: how many there are
//! ([`Limits::connections`]), how long they may take to send a request, do nothing, or take nothing of what is sent.

mod connection;
mod exchange;
mod io;
mod place;
mod streams;
mod tls;

use std::{io as std_io, sync::Arc, time::Duration};

use anyhow::Context;
use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
    sync::Semaphore,
};

pub use self::{exchange::BodyTimeout, place::Connections, tls::Tls};
use crate::{
    config::Config,
    lifecycle::{Lifecycle, Phase},
};

/// How a server serves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bounds on connections.
    pub limits: Limits,
    /// TLS, where there is any.
    pub tls: Option<Arc<Tls>>,
    /// How long the listener stays after the stop signal.
    pub drain_delay: Duration,
    /// How long open streams may go on after the stop signal.
    pub drain: Duration,
}

/// Bounds on connections.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Largest head of a request.
    pub header_bytes: usize,
    /// From connecting (with TLS) to the first request's last header.
    pub header: Duration,
    /// From an answer to the last header of the next request.
    pub idle: Duration,
    /// From a request's headers to the end of its body.
    pub body: Duration,
    /// How long a client may take nothing of what is sent.
    pub write_stall: Duration,
}

impl Settings {
    /// The settings of a configuration.
    ///
    /// # Errors
    /// The certificate or its key can't be used.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let (server, limits) = (&config.server, &config.limits);
        let limits = Limits {
            connections: limits.connections,
            header_bytes: limits.header_bytes,
            header: limits.header_seconds.duration(),
            idle: limits.idle_seconds.duration(),
            body: limits.body_seconds.duration(),
            write_stall: limits.write_stall_seconds.duration(),
        };
        let tls = server.tls_files().map(|(cert, key)| Tls::load(cert, key)).transpose()?;
        Ok(Self {
            limits,
            tls: tls.map(Arc::new),
            drain_delay: server.drain_delay_seconds.duration(),
            drain: server.drain_seconds.duration(),
        })
    }
}

/// How long accepting pauses when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// How long connections that are broken off may take to notice.
const BREAK_OFF: Duration = Duration::from_secs(1);

/// Serves until `life` drains, and then until all streams have ended, or the deadline has come and they are broken off.
/// Counts what is open in `connections`.
///
/// # Errors
/// The listener has no address.
pub async fn run(
    listener: TcpListener,
    app: Router,
    life: Lifecycle,
    connections: Connections,
    settings: Settings,
) -> anyhow::Result<()> {
    let address = listener.local_addr().context("the listener has no address")?;
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
                Err(_) => turn_away(&stream, shared.tls.is_some()),
            },
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    life.advance(Phase::Closing);
    // Each connection, and what it was upgraded to, holds one permit until its end.
    let all_ended = async || permits.acquire_many(all).await.is_ok();
    tokio::select! {
        _ = all_ended() => {}
        () = tokio::time::sleep(drain.saturating_sub(drain_delay)) => {
            tracing::warn!(after_s = drain.as_secs_f64(), "open streams are broken off");
            life.advance(Phase::Stopping);
        }
        () = life.reached(Phase::Stopping) => tracing::warn!("told again to stop: open streams are broken off"),
    }
    if life.phase() == Phase::Stopping && tokio::time::timeout(BREAK_OFF, all_ended()).await.is_err() {
        tracing::warn!("some connections didn't end");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Stops `life` at each SIGTERM or SIGINT: the first drains, the second ends at once.
///
/// # Errors
/// The signals can't be caught.
pub fn stop_at_signals(life: Lifecycle) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("can't catch SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("can't catch SIGINT")?;
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

/// Says that there are too many connections, as far as that can be said without waiting.
fn turn_away(stream: &TcpStream, tls: bool) {
    const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\
                            Content-Length: 0\r\n\r\n";
    tracing::warn!("a connection is turned away: limits.connections are open");
    if !tls {
        // A new connection has room for this. One that hasn't is closed all the same.
        let _ = stream.try_write(ANSWER);
    }
}

/// Whether accepting failed for a reason of the one connection, which is gone already.
fn is_of_the_connection(error: &std_io::Error) -> bool {
    use std_io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
