//! The phases of a server's life, from serving to stopping.

use tokio::sync::watch;

/// A phase of a server's life. Phases only advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// All requests are served.
    Serving,
    /// The server is no longer ready: the router should refuse new requests, while open ones go on. The listener still
    /// accepts connections, so that load balancers see the refusal.
    Draining,
    /// The listener is closed, and so are idle connections.
    Closing,
    /// Connections that are still open are broken off.
    Stopping,
}

/// The current phase. Clones share it.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    phase: watch::Sender<Phase>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self { phase: watch::Sender::new(Phase::Serving) }
    }
}

impl Lifecycle {
    /// The current phase.
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Advances to a phase. Does nothing if the server is already past it.
    pub fn advance(&self, to: Phase) {
        self.phase.send_if_modified(|phase| {
            let later = to > *phase;
            *phase = to.max(*phase);
            later
        });
    }

    /// Acts on a stop signal: the first starts the drain, any later one cuts it short.
    pub fn stop(&self) {
        self.phase.send_modify(|phase| {
            *phase = if *phase == Phase::Serving { Phase::Draining } else { Phase::Stopping };
        });
    }

    /// Waits until this phase or a later one is reached.
    pub async fn reached(&self, phase: Phase) {
        // Fails only when all senders are gone, and `self` is one.
        let _ = self.phase.subscribe().wait_for(|now| *now >= phase).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_life_only_goes_forward() {
        let life = Lifecycle::default();
        life.advance(Phase::Closing);
        life.advance(Phase::Draining);
        assert_eq!(life.phase(), Phase::Closing);
        life.reached(Phase::Draining).await;
        life.stop();
        assert_eq!(life.phase(), Phase::Stopping);
    }

    #[test]
    fn the_second_signal_does_not_wait() {
        let life = Lifecycle::default();
        life.stop();
        assert_eq!(life.phase(), Phase::Draining);
        life.stop();
        assert_eq!(life.phase(), Phase::Stopping);
    }
}
