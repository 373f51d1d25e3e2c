//! Serving, draining, stopping: where in its life the server is.

use tokio::sync::watch;

/// Where in its life a server is. It only goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Everything is served.
    Serving,
    /// Not ready any more: new requests are refused, open ones go on. The listener is still there, so that load
    /// balancers see why.
    Draining,
    /// The listener is gone, and with it the connections that do nothing.
    Closing,
    /// What is still open is broken off.
    Stopping,
}

/// The phase, shared by all who go by it.
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
    /// The phase now.
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Goes forward to a phase; one that is over already changes nothing.
    pub fn advance(&self, to: Phase) {
        self.phase.send_if_modified(|phase| {
            let later = to > *phase;
            *phase = to.max(*phase);
            later
        });
    }

    /// What a stop signal does: the first begins the drain, the next ends it.
    pub fn stop(&self) {
        self.phase.send_modify(|phase| {
            *phase = if *phase == Phase::Serving { Phase::Draining } else { Phase::Stopping };
        });
    }

    /// Waits until a phase, or a later one, is reached.
    pub async fn reached(&self, phase: Phase) {
        // An error would mean that there is no sender; `self` is one.
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
