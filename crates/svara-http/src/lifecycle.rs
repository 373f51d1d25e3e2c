//! The phases of a server: serving, draining, closing, stopping.

use tokio::sync::watch;

/// The phase of a server. It only advances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// All requests are served.
    Serving,
    /// Not ready any more: new requests are refused, open ones continue. The listener is still open, so that load
    /// balancers get an answer.
    Draining,
    /// The listener and idle connections are closed.
    Closing,
    /// Open requests are aborted.
    Stopping,
}

/// The phase, shared by all tasks that depend on it.
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

    /// Advances to a phase; a phase that has passed changes nothing.
    pub fn advance(&self, to: Phase) {
        self.phase.send_if_modified(|phase| {
            let later = to > *phase;
            *phase = to.max(*phase);
            later
        });
    }

    /// Handles a stop signal: the first begins the drain, the next ends it.
    pub fn stop(&self) {
        self.phase.send_modify(|phase| {
            *phase = if *phase == Phase::Serving { Phase::Draining } else { Phase::Stopping };
        });
    }

    /// Waits until a phase, or a later one, is reached.
    pub async fn reached(&self, phase: Phase) {
        // Can't fail: `self` is a sender.
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
