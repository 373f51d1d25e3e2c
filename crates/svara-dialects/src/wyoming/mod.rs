//! The Wyoming protocol, which Home Assistant's voice assistants speak: a listener of its own, without keys.

mod half_closed;
mod info;
mod talk;
mod turned_away;
mod wire;

use std::{sync::Arc, time::Duration};

use svara_api::state::AppState;
use svara_config::Config;
use svara_http::{Phase, Refusals, Seats, accept};
use tokio::{net::TcpListener, sync::Semaphore, time::sleep};
use tracing::Instrument;

use self::talk::{Talk, Times};

/// Connections at once; Home Assistant opens one for each text.
const CONNECTIONS: u32 = 64;
/// Those of one address among them.
const OF_AN_ADDRESS: u32 = CONNECTIONS / 4;
/// With those that give way or are turned away, and still close.
const SOCKETS: u32 = 2 * CONNECTIONS;

/// A server of the Wyoming protocol.
#[derive(Clone)]
pub struct Wyoming {
    state: AppState,
    times: Times,
    drain: Duration,
}

impl Wyoming {
    /// The protocol in front of the service of `state`, with the times of `config`.
    pub fn new(state: AppState, config: &Config) -> Self {
        let limits = &config.limits;
        let times = Times {
            first: limits.header_seconds.duration(),
            idle: limits.socket_idle_seconds.duration(),
            event: limits.body_seconds.duration(),
            write: limits.write_stall_seconds.duration(),
        };
        Self { state, times, drain: config.server.drain_seconds.duration() }
    }

    /// Serves until the server drains; then what has begun may finish within the time of the drain.
    pub async fn serve(self, listener: TcpListener) {
        let life = self.state.life.clone();
        let permits = Arc::new(Semaphore::new(SOCKETS as usize));
        let seats = Seats::new(CONNECTIONS as usize, OF_AN_ADDRESS as usize);
        let mut turned_away = Refusals::new("Wyoming connections are turned away: too many are open");
        loop {
            let (stream, peer) = tokio::select! {
                accepted = accept(&listener, "a Wyoming connection") => accepted,
                () = life.reached(Phase::Draining) => break,
            };
            let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else {
                turned_away.note(peer, "sockets", SOCKETS as usize);
                continue;
            };
            let seat = seats.take(peer.ip());
            if let Some(bound) = seat.only_probes() {
                turned_away.note(peer, bound.name(), bound.limit());
                tokio::spawn(turned_away::tell(stream, permit));
                continue;
            }
            let talk = Talk::new(stream, seat, self.state.clone(), self.times);
            let span = tracing::info_span!("wyoming", %peer);
            tokio::spawn(
                async move {
                    talk.serve().await;
                    drop(permit);
                }
                .instrument(span),
            );
        }
        drop(listener);
        tokio::select! {
            _ = permits.acquire_many(SOCKETS) => {}
            () = sleep(self.drain) => tracing::warn!("open Wyoming connections are broken off"),
            () = life.reached(Phase::Stopping) => {}
        }
    }
}
