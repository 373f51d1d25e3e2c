//! Which engine gets the next request. Pure: events and times are values.
//!
//! An engine serves until it has failed too often in a row. Then it is ejected for a time that doubles with each
//! ejection in a row. After that time, it returns once a probe succeeds: with one request at first, and one more for
//! each success.

use std::time::Duration;

/// When an engine is ejected, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EjectionRule {
    /// Failures in a row before an engine is ejected, at least 1. One that can't be reached is ejected at once.
    pub after_failures: u32,
    /// The time of the first ejection.
    pub first: Duration,
    /// The longest time.
    pub longest: Duration,
}

impl Default for EjectionRule {
    /// Three failures; 2 s at first, a minute at most: an engine that restarts gets requests again within seconds of its
    /// return, and one that stays broken costs a probe a minute.
    fn default() -> Self {
        Self { after_failures: 3, first: Duration::from_secs(2), longest: Duration::from_secs(60) }
    }
}

/// Successes in a row after which a returning engine serves as before.
const RETURN_SUCCESSES: u32 = 8;

/// The standings of all engines.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    rule: EjectionRule,
    engines: Vec<Standing>,
}

/// The standing of one engine.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// Requests in flight.
    pub(super) in_flight: usize,
    /// Failures since the last success.
    pub(super) failures: u32,
    pub(super) condition: Condition,
    /// Ejections in a row.
    ejections: u32,
}

/// Whether an engine gets requests. Times have the same origin as those of the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Condition {
    /// It gets requests.
    #[default]
    Serving,
    /// It gets none, unless there is no other engine. From `until` on it is probed.
    Ejected { until: Duration },
    /// It gets at most one more at a time than it has had successes.
    Returning { successes: u32 },
}

/// Which engines get a request, the first first: one of the others only where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reserve {
    Serves,
    /// It returns, and has as many requests as it may have.
    Returns,
    Ejected,
}

/// What the end of a request or probe says about the engine's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The engine is healthy.
    Success,
    /// Nothing: a refusal for another reason, or a request dropped before its end.
    Nothing,
    /// The engine failed.
    Failure,
    /// The engine can't be reached.
    Gone,
}

impl Policy {
    pub(super) fn new(rule: EjectionRule, engines: usize) -> Self {
        Self { rule, engines: vec![Standing::default(); engines] }
    }

    /// The standings of the engines, in order.
    pub(super) fn engines(&self) -> &[Standing] {
        &self.engines
    }

    /// Chooses the engine of a request, and counts the request as in flight: among the engines that serve, the one with
    /// the fewest requests in flight; among equals, the one with the highest `rank`. If none serves, one that returns,
    /// though it has its share; if none does, one that is ejected: that is better than not trying. Never `avoid`. `None` if
    /// there is no other engine.
    pub(super) fn take(&mut self, avoid: Option<usize>, rank: impl Fn(usize) -> u64) -> Option<usize> {
        let load = |(index, engine): &(usize, &Standing)| {
            (engine.reserve(), engine.in_flight, std::cmp::Reverse(rank(*index)))
        };
        let others = self.engines.iter().enumerate().filter(|(index, _)| Some(*index) != avoid);
        let (index, _) = others.min_by_key(load)?;
        if let Some(engine) = self.engines.get_mut(index) {
            engine.in_flight += 1;
        }
        Some(index)
    }

    /// Whether any engine but this one serves.
    pub(super) fn another_serves(&self, index: usize) -> bool {
        let mut engines = self.engines.iter().enumerate();
        engines.any(|(other, engine)| other != index && engine.serves())
    }

    /// Records the end of a request. Returns whether this ejects the engine.
    pub(super) fn finish(&mut self, index: usize, verdict: Verdict, now: Duration) -> bool {
        if let Some(engine) = self.engines.get_mut(index) {
            engine.in_flight = engine.in_flight.saturating_sub(1);
        }
        self.judge(index, verdict, now)
    }

    /// Whether the engine should be probed now.
    pub(super) fn wants_probe(&self, index: usize, now: Duration) -> bool {
        match self.engines.get(index).map(|engine| engine.condition) {
            Some(Condition::Ejected { until }) => now >= until,
            Some(Condition::Serving | Condition::Returning { .. }) => true,
            None => false,
        }
    }

    /// Records the result of a probe. Returns whether this ejects the engine.
    pub(super) fn probed(&mut self, index: usize, verdict: Verdict, now: Duration) -> bool {
        let Some(engine) = self.engines.get_mut(index) else { return false };
        match (engine.condition, verdict) {
            (Condition::Ejected { until }, _) if now < until => false,
            (Condition::Ejected { .. }, Verdict::Success) => {
                engine.condition = Condition::Returning { successes: 0 };
                false
            }
            (Condition::Ejected { .. }, Verdict::Failure | Verdict::Gone) => {
                // Still gone: the ejection was reported before.
                engine.eject(&self.rule, now);
                false
            }
            // An engine can answer probes and still fail every request: this doesn't prove health.
            (_, Verdict::Success) => false,
            _ => self.judge(index, verdict, now),
        }
    }

    /// Records what a request says about the engine. Returns whether this ejects the engine.
    pub(super) fn judge(&mut self, index: usize, verdict: Verdict, now: Duration) -> bool {
        // A lone engine is never ejected: there is no other.
        let lone = self.engines.len() == 1;
        let Some(engine) = self.engines.get_mut(index) else { return false };
        match verdict {
            Verdict::Nothing => false,
            Verdict::Success => {
                engine.succeed();
                false
            }
            Verdict::Failure | Verdict::Gone => !lone && engine.fail(verdict, &self.rule, now),
        }
    }
}

impl Standing {
    /// Whether the engine may get a request.
    fn serves(&self) -> bool {
        self.reserve() == Reserve::Serves
    }

    /// When the engine gets a request.
    fn reserve(&self) -> Reserve {
        match self.condition {
            Condition::Returning { successes } if self.in_flight > successes as usize => Reserve::Returns,
            Condition::Serving | Condition::Returning { .. } => Reserve::Serves,
            Condition::Ejected { .. } => Reserve::Ejected,
        }
    }

    fn succeed(&mut self) {
        match self.condition {
            Condition::Serving => self.failures = 0,
            // A request from before the failures says little about the engine now.
            Condition::Ejected { .. } => {}
            Condition::Returning { successes } => {
                let successes = successes + 1;
                self.condition = Condition::Returning { successes };
                if successes >= RETURN_SUCCESSES {
                    *self = Self { in_flight: self.in_flight, ..Self::default() };
                }
            }
        }
    }

    /// Records a failure. Returns whether this ejects the engine.
    fn fail(&mut self, verdict: Verdict, rule: &EjectionRule, now: Duration) -> bool {
        self.failures = self.failures.saturating_add(1);
        let enough = verdict == Verdict::Gone || self.failures >= rule.after_failures;
        match self.condition {
            // All its requests in flight fail together: that is one failure, not many.
            Condition::Ejected { .. } => false,
            Condition::Serving if !enough => false,
            Condition::Serving | Condition::Returning { .. } => {
                self.eject(rule, now);
                true
            }
        }
    }

    fn eject(&mut self, rule: &EjectionRule, now: Duration) {
        let doubled = rule.first.saturating_mul(1 << self.ejections.min(16));
        self.ejections = self.ejections.saturating_add(1);
        self.condition = Condition::Ejected { until: now.saturating_add(doubled.min(rule.longest)) };
    }
}

#[cfg(test)]
mod tests;
