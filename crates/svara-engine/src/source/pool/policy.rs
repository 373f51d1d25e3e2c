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
    /// the fewest requests in flight; among equals, the one with the highest `rank`. If none serves, one that doesn't:
    /// an engine said to be gone is better than not trying. Never `avoid`. `None` if there is no other engine.
    pub(super) fn take(&mut self, avoid: Option<usize>, rank: impl Fn(usize) -> u64) -> Option<usize> {
        let load = |(index, engine): &(usize, &Standing)| {
            (!engine.serves(), engine.in_flight, std::cmp::Reverse(rank(*index)))
        };
        let others = self.engines.iter().enumerate().filter(|(index, _)| Some(*index) != avoid);
        let (index, _) = others.min_by_key(load)?;
        if let Some(engine) = self.engines.get_mut(index) {
            engine.in_flight += 1;
        }
        Some(index)
    }

    /// The engine that failed most often since its last success, if any did and another one serves.
    pub(super) fn failing(&self) -> Option<usize> {
        let engines = self.engines.iter().enumerate();
        let (worst, engine) = engines.clone().max_by_key(|(_, engine)| engine.failures)?;
        let other_serves = engines.clone().any(|(index, engine)| index != worst && engine.serves());
        (engine.failures > 0 && other_serves).then_some(worst)
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

    fn judge(&mut self, index: usize, verdict: Verdict, now: Duration) -> bool {
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
        match self.condition {
            Condition::Serving => true,
            Condition::Ejected { .. } => false,
            Condition::Returning { successes } => self.in_flight <= successes as usize,
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULE: EjectionRule =
        EjectionRule { after_failures: 3, first: Duration::from_secs(1), longest: Duration::from_secs(8) };

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn ejected(policy: &Policy, index: usize) -> bool {
        matches!(policy.engines[index].condition, Condition::Ejected { .. })
    }

    /// One request to the first engine, from its start to its end.
    fn run(policy: &mut Policy, verdict: Verdict, now: Duration) {
        assert_eq!(policy.take(Some(1), |_| 0), Some(0));
        policy.finish(0, verdict, now);
    }

    #[test]
    fn the_least_busy_engine_gets_the_request() {
        let mut policy = Policy::new(RULE, 3);
        let rank = |index| [1, 9, 5][index];
        let taken: Vec<_> = (0..6).map(|_| policy.take(None, rank).unwrap()).collect();
        assert_eq!(taken, [1, 2, 0, 1, 2, 0]);
        policy.finish(0, Verdict::Success, secs(1));
        assert_eq!(policy.take(None, rank), Some(0));
        policy.finish(1, Verdict::Success, secs(1));
        assert_eq!(policy.take(Some(1), rank), Some(2), "not the one to be avoided");
        assert_eq!(Policy::new(RULE, 1).take(Some(0), rank), None);
    }

    #[test]
    fn only_failures_in_a_row_eject() {
        let mut policy = Policy::new(RULE, 2);
        for verdict in
            [Verdict::Failure, Verdict::Failure, Verdict::Success, Verdict::Failure, Verdict::Nothing]
        {
            run(&mut policy, verdict, secs(1));
        }
        run(&mut policy, Verdict::Failure, secs(1));
        assert!(!ejected(&policy, 0));
        run(&mut policy, Verdict::Failure, secs(1));
        assert!(ejected(&policy, 0));
        let mut policy = Policy::new(RULE, 2);
        policy.take(None, |_| 0);
        assert!(policy.finish(0, Verdict::Gone, secs(1)), "one that can't be reached is ejected at once");
        assert!(!policy.finish(0, Verdict::Gone, secs(1)), "and that is reported once");
        let mut policy = Policy::new(RULE, 1);
        policy.probed(0, Verdict::Gone, secs(1));
        assert!(!ejected(&policy, 0), "a lone engine is never ejected");
    }

    #[test]
    fn ejections_double_up_to_a_limit_until_the_engine_serves() {
        let mut policy = Policy::new(RULE, 2);
        let mut now = secs(0);
        let mut waits = Vec::new();
        policy.probed(0, Verdict::Gone, now);
        for _ in 0..5 {
            let Condition::Ejected { until } = policy.engines[0].condition else { panic!("{policy:?}") };
            waits.push((until - now).as_secs());
            assert!(!policy.wants_probe(0, until - Duration::from_nanos(1)) && policy.wants_probe(0, until));
            now = until;
            policy.probed(0, Verdict::Gone, now);
        }
        assert_eq!(waits, [1, 2, 4, 8, 8]);
        now += secs(8);
        policy.probed(0, Verdict::Success, now);
        for _ in 0..RETURN_SUCCESSES {
            run(&mut policy, Verdict::Success, now);
        }
        assert_eq!(policy.engines[0].condition, Condition::Serving);
        policy.probed(0, Verdict::Gone, now);
        assert_eq!(policy.engines[0].condition, Condition::Ejected { until: now + secs(1) });
    }

    #[test]
    fn an_engine_returns_with_one_request_and_then_more() {
        let mut policy = Policy::new(RULE, 2);
        policy.probed(0, Verdict::Gone, secs(0));
        policy.probed(0, Verdict::Success, secs(0));
        assert!(ejected(&policy, 0), "not before its time");
        policy.probed(0, Verdict::Success, secs(1));
        let mut of_first = 0;
        for _ in 0..20 {
            of_first += usize::from(policy.take(None, |_| 0) == Some(0));
        }
        assert_eq!(of_first, 1);
        policy.finish(0, Verdict::Success, secs(2));
        assert_eq!([policy.take(None, |_| 0), policy.take(None, |_| 0)], [Some(0), Some(0)]);
        assert_eq!(policy.take(None, |_| 0), Some(1));
        assert!(policy.finish(0, Verdict::Failure, secs(2)), "one failure is enough while it returns");
    }

    #[test]
    fn an_ejected_engine_is_tried_if_none_serves() {
        let mut policy = Policy::new(RULE, 2);
        policy.probed(0, Verdict::Gone, secs(0));
        policy.probed(1, Verdict::Gone, secs(0));
        assert_eq!(policy.take(None, |_| 0), Some(0));
        assert_eq!(policy.take(Some(0), |_| 0), Some(1));
    }

    #[derive(Clone, Debug)]
    enum Event {
        Take { avoid: Option<usize>, preferred: usize },
        Finish { nth: usize, verdict: Verdict },
        Probe { engine: usize, verdict: Verdict },
        Wait(u64),
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let verdict =
            prop::sample::select(vec![Verdict::Success, Verdict::Nothing, Verdict::Failure, Verdict::Gone]);
        let event = prop_oneof![
            4 => (prop::option::of(0usize..4), 0usize..4)
                .prop_map(|(avoid, preferred)| Event::Take { avoid, preferred }),
            4 => (0usize..8, verdict.clone()).prop_map(|(nth, verdict)| Event::Finish { nth, verdict }),
            2 => (0usize..4, verdict).prop_map(|(engine, verdict)| Event::Probe { engine, verdict }),
            1 => (0u64..5000).prop_map(Event::Wait),
        ];
        prop::collection::vec(event, 0..200)
    }

    proptest! {
        /// Whatever happens, the counts match the requests in flight; a request never waits, never goes to an ejected
        /// engine while another serves, and goes to one with the fewest in flight; no ejection is longer than the
        /// limit.
        #[test]
        fn requests_go_where_they_should(events in events(), count in 1usize..4) {
            let mut policy = Policy::new(RULE, count);
            let (mut flights, mut now) = (Vec::new(), Duration::ZERO);
            for event in events {
                match event {
                    Event::Take { avoid, preferred } => {
                        let before = policy.clone();
                        let rank = |index: usize| u64::from(index == preferred);
                        let Some(taken) = policy.take(avoid, rank) else {
                            prop_assert!(count == 1 && avoid == Some(0));
                            continue;
                        };
                        prop_assert!(Some(taken) != avoid);
                        let serving: Vec<_> = (0..count)
                            .filter(|index| Some(*index) != avoid && before.engines[*index].serves())
                            .collect();
                        let load = |index: usize| before.engines[index].in_flight;
                        if !serving.is_empty() {
                            prop_assert!(serving.contains(&taken));
                            prop_assert!(serving.iter().all(|index| load(*index) >= load(taken)));
                            if serving.contains(&preferred) && load(preferred) == load(taken) {
                                prop_assert_eq!(taken, preferred);
                            }
                        }
                        flights.push(taken);
                    }
                    Event::Finish { nth, verdict } if !flights.is_empty() => {
                        let engine = flights.swap_remove(nth % flights.len());
                        policy.finish(engine, verdict, now);
                    }
                    Event::Finish { .. } => {}
                    Event::Probe { engine, verdict } => {
                        policy.probed(engine, verdict, now);
                    }
                    Event::Wait(ms) => now += Duration::from_millis(ms),
                }
                for (index, engine) in policy.engines.iter().enumerate() {
                    prop_assert_eq!(engine.in_flight, flights.iter().filter(|flight| **flight == index).count());
                    if let Condition::Ejected { until } = engine.condition {
                        prop_assert!(until <= now + RULE.longest);
                        prop_assert!(policy.wants_probe(index, now + RULE.longest));
                    }
                }
            }
        }
    }
}
