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
    for verdict in [Verdict::Failure, Verdict::Failure, Verdict::Success, Verdict::Failure, Verdict::Nothing]
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

/// One that is back can do more than its share; one that is ejected hasn't answered a probe.
#[test]
fn a_returning_engine_goes_before_an_ejected_one() {
    let mut policy = Policy::new(RULE, 2);
    policy.probed(0, Verdict::Gone, secs(0));
    policy.probed(1, Verdict::Gone, secs(0));
    policy.probed(1, Verdict::Success, secs(1));
    let taken: Vec<_> = (0..3).map(|_| policy.take(None, |_| 0).unwrap()).collect();
    assert_eq!(taken, [1, 1, 1]);
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
    /// engine while another serves or returns, and goes to one with the fewest in flight; no ejection is longer than the
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
                    let is_up = |index: usize| !ejected(&before, index) && Some(index) != avoid;
                    prop_assert!(is_up(taken) || !(0..count).any(is_up));
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
