//! Health probes of the engines. Concurrent checks share one probe.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use tokio::sync::Mutex;

use super::{Member, Shared, lock, policy::Verdict};
use crate::source::SourceError;

/// How long the result of a probe is valid. An engine is probed at most once in this time, however many clients ask.
const FRESH: Duration = Duration::from_secs(1);
/// How often engines are probed without being asked for.
const PROBE_EVERY: Duration = Duration::from_secs(2);

/// The result of the last probe, and its time.
#[derive(Default)]
pub(super) struct LastProbe(Mutex<Option<(Instant, Result<(), SourceError>)>>);

impl LastProbe {
    /// Records that a request found the engine gone, which is as good as a probe.
    pub(super) fn contradict(&self, error: &SourceError) {
        // The lock is held by a running probe, which will know better.
        if let Ok(mut last) = self.0.try_lock() {
            *last = Some((Instant::now(), Err(error.clone())));
        }
    }
}

/// How long a refusal counts that the next request would meet, too. Where nobody asks because of it, somebody has to try.
const REFUSED_FOR: Duration = Duration::from_secs(10);

/// The last refusal of a request for which no request is to blame: a wrong key, no such model, no such path.
#[derive(Default)]
pub(super) struct LastRefusal(std::sync::Mutex<Refusals>);

#[derive(Default)]
struct Refusals {
    of_request: Option<(Instant, SourceError)>,
    /// Whether the last probe was refused, too.
    of_probe: bool,
}

fn is_refusal(error: &SourceError) -> bool {
    matches!(error, SourceError::Rejected { status: 401 | 403 | 404 | 405 | 501, field: None, .. })
}

impl LastRefusal {
    /// Notes a request's failure, if it is such a refusal.
    pub(super) fn note(&self, error: &SourceError) {
        if is_refusal(error) {
            lock(&self.0).of_request = Some((Instant::now(), error.clone()));
        }
    }

    /// Notes how a probe ended. Where probes were refused as requests were, one that isn't says that requests won't be.
    pub(super) fn probed(&self, result: &Result<(), SourceError>) {
        let mut refusals = lock(&self.0);
        if result.is_ok() && std::mem::take(&mut refusals.of_probe) {
            refusals.of_request = None;
        }
        refusals.of_probe |= result.as_ref().is_err_and(is_refusal);
    }

    /// Notes that a request was spoken.
    pub(super) fn forget(&self) {
        lock(&self.0).of_request = None;
    }

    /// The refusal, if it is recent.
    pub(super) fn lately(&self) -> Option<SourceError> {
        let last = lock(&self.0).of_request.clone();
        last.filter(|(at, _)| at.elapsed() < REFUSED_FOR).map(|(_, error)| error)
    }
}

impl Member {
    /// Asks the engine how it is. A probe that isn't refused any more lifts the refusal of requests.
    async fn probe(&self) -> Result<(), SourceError> {
        let result = self.source.health().await;
        self.last_refusal.probed(&result);
        result
    }
}

impl Shared {
    /// Probes an engine, unless the last result is fresh. Concurrent calls wait for the same probe.
    pub(super) async fn check(&self, index: usize) -> Result<(), SourceError> {
        let Some(member) = self.members.get(index) else { return Ok(()) };
        let mut last = member.last_probe.0.lock().await;
        if let Some((at, result)) = &*last
            && at.elapsed() < FRESH
        {
            return result.clone();
        }
        let result = member.probe().await;
        *last = Some((Instant::now(), result.clone()));
        self.probed(index, &result);
        result
    }

    /// Checks all engines, in order.
    pub(super) async fn check_all(&self) -> Vec<Result<(), SourceError>> {
        join_all((0..self.members.len()).map(|index| self.check(index))).await
    }

    fn probed(&self, index: usize, result: &Result<(), SourceError>) {
        let verdict = match result {
            Ok(()) => Verdict::Success,
            // A probe asks for so little that a refusal doesn't mean a full engine.
            Err(SourceError::Rejected { .. }) => Verdict::Failure,
            Err(error) => Verdict::of(error),
        };
        if let (Err(error), Some(member)) = (result, self.members.get(index)) {
            self.tell_failure(member, error);
        }
        let now = self.now();
        let ejected = self.policy().probed(index, verdict, now);
        self.report_ejection(index, ejected);
    }
}

/// Keeps a connection to a lone engine open. Its answer says nothing that a request wouldn't find out: there is no other
/// engine to ask.
pub(super) async fn keep_warm(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(PROBE_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for member in &shared.members {
            if let Err(error) = member.probe().await {
                tracing::debug!(engine = member.name, %error, "no connection can be kept open");
                shared.tell_failure(member, &error);
            }
        }
    }
}

/// Probes the engines that are due, forever.
pub(super) async fn probe_forever(shared: Arc<Shared>) {
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
