//! Probes of engines' health, shared by all who ask.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use tokio::sync::Mutex;

use super::{Shared, policy::Verdict};
use crate::source::SourceError;

/// How long what a probe told is good for: an engine is asked at most once in this time, however many ask us.
const FRESH: Duration = Duration::from_secs(1);
/// How often engines are probed that nobody asks about.
const PROBE_EVERY: Duration = Duration::from_secs(2);

/// What the last probe told, and when.
#[derive(Default)]
pub(super) struct LastProbe(Mutex<Option<(Instant, Result<(), SourceError>)>>);

impl LastProbe {
    /// A request has just seen that the engine isn't there, which is as good as a probe.
    pub(super) fn contradict(&self, error: &SourceError) {
        // A probe that is under way knows better.
        if let Ok(mut last) = self.0.try_lock() {
            *last = Some((Instant::now(), Err(error.clone())));
        }
    }
}

impl Shared {
    /// Whether the engine is well: asked now, or a moment ago. Who asks meanwhile waits for the same answer.
    pub(super) async fn check(&self, index: usize) -> Result<(), SourceError> {
        let Some(member) = self.members.get(index) else { return Ok(()) };
        let mut last = member.last_probe.0.lock().await;
        if let Some((at, result)) = &*last
            && at.elapsed() < FRESH
        {
            return result.clone();
        }
        let result = member.source.health().await;
        *last = Some((Instant::now(), result.clone()));
        self.probed(index, &result);
        result
    }

    /// Of all engines.
    pub(super) async fn check_all(&self) -> Vec<Result<(), SourceError>> {
        join_all((0..self.members.len()).map(|index| self.check(index))).await
    }

    fn probed(&self, index: usize, result: &Result<(), SourceError>) {
        let verdict = match result {
            Ok(()) => Verdict::Success,
            // A probe asks for so little that a refusal is no sign of a full engine.
            Err(SourceError::Rejected { .. }) => Verdict::Failure,
            Err(error) => Verdict::of(error),
        };
        if let Err(error) = result {
            self.note_failure(index, error);
        }
        let now = self.now();
        let ejected = self.policy().probed(index, verdict, now);
        self.told_ejected(index, ejected);
    }
}

/// Probes the engines that are due, for ever.
pub(super) async fn probe_for_ever(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(PROBE_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let due = (0..shared.members.len()).filter(|index| {
            let now = shared.now();
            shared.policy().wants_probe(*index, now)
        });
        join_all(due.map(|index| shared.check(index))).await;
    }
}
