//! Tests the machine with tables of lifecycles and arbitrary sequences of inputs.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Action, Cause, Machine, Observation, State, Step, Then};
use crate::{
    config::{ProgramSpec, Variables, parse},
    process::Exit,
};

const GRACE: Duration = Duration::from_secs(10);

fn spec(keys: &str) -> ProgramSpec {
    let text = format!("[program.p]\ncommand = [\"p\"]\n{keys}\n");
    parse(&text, &Variables::default()).unwrap().programs.remove(0)
}

fn machine(keys: &str) -> Machine {
    Machine::new(&spec(keys), 1)
}

/// A machine whose first process is ready.
fn ready(keys: &str, now: Instant) -> Machine {
    let mut machine = machine(keys);
    machine.start();
    assert_eq!(machine.dependencies_ready(now).actions, [Action::Spawn(1)]);
    machine.observe(now, 1, Observation::Started);
    machine.observe(now, 1, Observation::Ready);
    assert_eq!(machine.state().name(), "ready");
    machine
}

fn names(machine: &mut Machine, now: Instant, observations: Vec<Observation>) -> Vec<&'static str> {
    let generation = machine.generation();
    let mut step = |observation| {
        machine.observe(now, generation, observation);
        machine.state().name()
    };
    observations.into_iter().map(&mut step).collect()
}

#[test]
fn an_exit_is_cleaned_up_before_the_policy_decides() {
    let now = Instant::now();
    let died = |code| vec![Observation::Exited(Exit::Code(code)), Observation::Gone];
    let table = [
        ("restart = \"always\"", 0, "backoff"),
        ("restart = \"always\"", 1, "backoff"),
        ("restart = \"on-failure\"", 0, "exited"),
        ("restart = \"on-failure\"", 7, "backoff"),
        ("restart = \"on-failure\"\nsuccess_codes = [7]", 7, "exited"),
        ("restart = \"never\"", 1, "exited"),
        ("max_restarts = 0", 1, "failed"),
    ];
    for (keys, code, end) in table {
        let mut machine = ready(keys, now);
        assert_eq!(names(&mut machine, now, died(code)), ["stopping", end], "{keys} {code}");
        assert_eq!(machine.last_exit(), Some(Exit::Code(code)));
    }
}

#[test]
fn an_unhealthy_process_is_terminated_and_counted_by_its_cause() {
    let now = Instant::now();
    let hung = || Cause::Hung("no token".into());
    let mut machine = ready("stop = { unhealthy_grace = \"2s\" }", now);
    let step = machine.observe(now, 1, Observation::Unhealthy(hung()));
    assert_eq!(step.actions, [Action::Terminate]);
    assert_eq!(machine.deadline(), Some(now + Duration::from_secs(2)));
    assert_eq!(machine.tick(now + Duration::from_secs(2)).actions, [Action::Kill]);
    machine.observe(now, 1, Observation::Exited(Exit::Signal(9)));
    let step = machine.observe(now, 1, Observation::Gone);
    assert_eq!((step.restart, machine.state().name()), (Some("hung"), "backoff"));
}

#[test]
fn losing_readiness_is_no_reason_to_restart() {
    let now = Instant::now();
    let mut machine = ready("", now);
    let observations = vec![Observation::Unready("503".into()), Observation::Ready];
    assert_eq!(names(&mut machine, now, observations), ["running", "ready"]);
}

#[test]
fn a_stable_run_starts_the_delays_anew() {
    let now = Instant::now();
    let attempt_after = |ran: Duration| {
        let mut machine = ready("backoff = { stable_after = \"60s\" }", now);
        let mut at = now;
        for _ in 0..3 {
            at += ran;
            let generation = machine.generation();
            machine.observe(at, generation, Observation::Exited(Exit::Code(1)));
            machine.observe(at, generation, Observation::Gone);
            let State::Backoff { until, attempt } = *machine.state() else { panic!("{:?}", machine.state()) };
            if attempt == 3 {
                return 3;
            }
            at = until;
            machine.tick(at);
            machine.observe(at, generation + 1, Observation::Started);
            machine.observe(at, generation + 1, Observation::Ready);
        }
        1
    };
    assert_eq!(attempt_after(Duration::from_secs(5)), 3);
    assert_eq!(attempt_after(Duration::from_secs(60)), 1);
}

#[test]
fn a_program_that_cannot_be_run_fails() {
    let now = Instant::now();
    let mut machine = machine("max_restarts = 1");
    machine.start();
    machine.dependencies_ready(now);
    machine.spawn_failed(now, "no such file".into());
    assert_eq!(machine.state().name(), "backoff");
    machine.tick(now + Duration::from_secs(61));
    machine.spawn_failed(now + Duration::from_secs(61), "no such file".into());
    let State::Failed(reason) = machine.state() else { panic!("{:?}", machine.state()) };
    assert_eq!(reason, "can't be run: no such file, after 1 restarts within 10m");
}

#[test]
fn a_restart_that_meets_a_stop_starts_again_afterwards() {
    let now = Instant::now();
    let mut machine = ready("", now);
    machine.stop(now);
    machine.restart(now);
    let State::Stopping(stopping) = machine.state() else { panic!("{:?}", machine.state()) };
    assert_eq!((&stopping.then, stopping.kill_at), (&Then::StartAgain, now + GRACE));
    machine.observe(now, 1, Observation::Exited(Exit::Code(0)));
    machine.observe(now, 1, Observation::Gone);
    assert_eq!(machine.dependencies_ready(now).actions, [Action::Spawn(2)]);
}

/// The operator has mended the cause while the process still ends.
#[test]
fn a_start_that_meets_a_stop_after_a_failure_resets_the_count() {
    let now = Instant::now();
    let mut machine = ready("max_restarts = 1", now);
    let unhealthy = || Observation::Unhealthy(Cause::Liveness("deaf".into()));
    let ended = |code| [Observation::Exited(Exit::Code(code)), Observation::Gone];
    names(&mut machine, now, [vec![unhealthy()], ended(0).to_vec()].concat());
    assert_eq!(machine.tick(now + Duration::from_secs(61)).actions, [Action::Spawn(2)]);
    machine.observe(now, 2, unhealthy());
    machine.start();
    names(&mut machine, now, ended(0).to_vec());
    assert_eq!(machine.dependencies_ready(now).actions, [Action::Spawn(3)]);
    assert_eq!(names(&mut machine, now, ended(1).to_vec()), ["stopping", "backoff"]);
}

#[derive(Clone, Debug)]
enum Input {
    Start,
    Stop,
    Restart,
    Kill,
    DependenciesReady,
    Observe(bool, Observation),
    Wait(u64),
}

fn any_input() -> impl Strategy<Value = Input> {
    let observation = prop_oneof![
        Just(Observation::Started),
        Just(Observation::Ready),
        Just(Observation::Unready("503".into())),
        Just(Observation::Unhealthy(Cause::Liveness("deaf".into()))),
        (0..3).prop_map(|code| Observation::Exited(Exit::Code(code))),
        Just(Observation::Gone),
    ];
    prop_oneof![
        Just(Input::Start),
        Just(Input::Stop),
        Just(Input::Restart),
        Just(Input::Kill),
        Just(Input::DependenciesReady),
        (prop::bool::weighted(0.9), observation).prop_map(|(current, what)| Input::Observe(current, what)),
        (0..20_000_u64).prop_map(Input::Wait),
    ]
}

/// A model of the system: a process exists from its spawn until its family is gone.
#[derive(Default)]
struct World {
    alive: Option<u64>,
    leader_gone: bool,
}

proptest! {
    #[test]
    fn there_is_never_a_second_process_and_a_stop_always_ends(inputs in proptest::collection::vec(any_input(), 0..200)) {
        let mut machine = machine("max_restarts = 3");
        let mut world = World::default();
        let mut now = Instant::now();
        for input in inputs {
            let before = machine.state().clone();
            let step = match input {
                Input::Start => machine.start(),
                Input::Stop => machine.stop(now),
                Input::Restart => machine.restart(now),
                Input::Kill => machine.kill(now),
                Input::DependenciesReady => machine.dependencies_ready(now),
                Input::Observe(false, what) => {
                    let step = machine.observe(now, machine.generation().wrapping_sub(1), what);
                    prop_assert_eq!(&step, &Step::default(), "an old generation");
                    step
                }
                Input::Observe(true, what) => {
                    // The shell never reports an exit without a process, nor a group gone before its leader.
                    match &what {
                        Observation::Exited(_) if world.alive.is_none() || world.leader_gone => continue,
                        Observation::Gone if !world.leader_gone || !matches!(before, State::Stopping(_)) => continue,
                        Observation::Exited(_) => world.leader_gone = true,
                        Observation::Gone => world = World::default(),
                        _ => {}
                    }
                    machine.observe(now, machine.generation(), what)
                }
                Input::Wait(millis) => {
                    now += Duration::from_millis(millis);
                    machine.tick(now)
                }
            };
            for action in step.actions {
                match action {
                    Action::Spawn(generation) => {
                        prop_assert!(world.alive.is_none(), "a second process beside {:?}", world.alive);
                        prop_assert_eq!(generation, machine.generation());
                        world = World { alive: Some(generation), leader_gone: false };
                    }
                    Action::Terminate | Action::Kill => prop_assert!(world.alive.is_some(), "nobody to signal"),
                }
            }
            prop_assert_eq!(machine.state().has_process(), world.alive.is_some());
            // Stopping ends in a kill at a set time, and backoff in a start.
            let timed = matches!(machine.state(), State::Stopping(_) | State::Backoff { .. });
            prop_assert_eq!(machine.deadline().is_some(), timed);
        }
        // From any state: stopped and gone, it stays down.
        machine.stop(now);
        if world.alive.is_some() {
            machine.observe(now, machine.generation(), Observation::Exited(Exit::Signal(9)));
            machine.observe(now, machine.generation(), Observation::Gone);
        }
        prop_assert!(machine.state().is_final(), "{:?}", machine.state());
        prop_assert_eq!(machine.tick(now + Duration::from_secs(3600)), Step::default());
    }
}
