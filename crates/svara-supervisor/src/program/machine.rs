//! The state machine of one program: time and observations in, actions out.
//!
//! It knows no process ids, only *generations*: every process it requests gets the next number, and observations of
//! older ones are ignored. It requests a new process only after the old one's whole family is gone.

use std::time::{Duration, Instant};

use super::state::{Cause, Observation, State, Stopping, Then};
use crate::{
    config::ProgramSpec,
    policy::{Backoff, RestartHistory, RestartLimit, RestartPolicy},
    process::Exit,
};

/// What the shell must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start a process and watch it, under this generation.
    Spawn(u64),
    /// Send the stop signal to the group.
    Terminate,
    /// Send KILL to the whole family.
    Kill,
}

/// The outcome of one input: a change of state, if any, and actions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// The previous state and the cause of the change, in words.
    pub changed: Option<(State, Option<String>)>,
    /// Actions to carry out in this order.
    pub actions: Vec<Action>,
    /// The label of the cause, if this step counts as a restart.
    pub restart: Option<&'static str>,
}

/// One program's state, and the policies that change it.
#[derive(Clone, Debug)]
pub struct Machine {
    state: State,
    generation: u64,
    last_exit: Option<Exit>,
    history: RestartHistory,
    policies: Policies,
    random: u64,
}

#[derive(Clone, Debug)]
struct Policies {
    restart: RestartPolicy,
    success_codes: Vec<i32>,
    backoff: Backoff,
    stable_after: Duration,
    limit: RestartLimit,
    grace: Duration,
    unhealthy_grace: Duration,
}

impl Policies {
    fn of(spec: &ProgramSpec) -> Self {
        Self {
            restart: spec.restart,
            success_codes: spec.success_codes.clone(),
            backoff: spec.backoff.clone(),
            stable_after: spec.stable_after,
            limit: spec.limit,
            grace: spec.stop.grace,
            unhealthy_grace: spec.stop.unhealthy_grace,
        }
    }
}

/// Time until KILL is sent again: a member that forked at the same moment may have been missed.
const KILL_AGAIN: Duration = Duration::from_secs(1);

impl Machine {
    /// A stopped program. `seed` seeds the jitter of its backoff.
    pub fn new(spec: &ProgramSpec, seed: u64) -> Self {
        let policies = Policies::of(spec);
        let history = RestartHistory::default();
        Self { state: State::Stopped, generation: 0, last_exit: None, history, policies, random: seed }
    }

    /// Numbers its processes from here, so that none has the number of another machine's.
    #[must_use]
    pub fn numbered_from(self, generation: u64) -> Self {
        Self { generation, ..self }
    }

    /// From now on, other policies count; what has begun goes on as it began.
    pub fn follow(&mut self, spec: &ProgramSpec) {
        self.policies = Policies::of(spec);
    }

    /// The current state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The generation of the latest process.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// How the last process ended.
    pub fn last_exit(&self) -> Option<Exit> {
        self.last_exit
    }

    /// Whether `exit` counts as success.
    pub fn is_success(&self, exit: Exit) -> bool {
        matches!(exit, Exit::Code(code) if self.policies.success_codes.contains(&code))
    }

    /// The operator (or autostart) starts it, which resets its failures.
    pub fn start(&mut self) -> Step {
        match &mut self.state {
            State::Stopped | State::Exited(_) | State::Failed(_) | State::Backoff { .. } => {
                self.history.clear();
                self.change(State::Waiting, None)
            }
            State::Stopping(stopping) => {
                stopping.then = Then::StartAgain;
                self.history.clear();
                Step::default()
            }
            State::Waiting | State::Starting { .. } | State::Running { .. } | State::Ready { .. } => {
                Step::default()
            }
        }
    }

    /// The operator (or a shutdown) stops it.
    pub fn stop(&mut self, now: Instant) -> Step {
        match &mut self.state {
            State::Stopping(stopping) => {
                stopping.then = Then::Stay;
                Step::default()
            }
            state if state.has_process() => self.terminate(now, Then::Stay, self.policies.grace, None),
            State::Stopped => Step::default(),
            _ => self.change(State::Stopped, None),
        }
    }

    /// The operator restarts it with a new process.
    pub fn restart(&mut self, now: Instant) -> Step {
        if !self.state.has_process() {
            return self.start();
        }
        self.history.clear();
        if let State::Stopping(stopping) = &mut self.state {
            stopping.then = Then::StartAgain;
            return Step::default();
        }
        let mut step = self.terminate(now, Then::StartAgain, self.policies.grace, None);
        step.restart = Some("operator");
        step
    }

    /// Kills it at once.
    pub fn kill(&mut self, now: Instant) -> Step {
        if !self.state.has_process() {
            return self.stop(now);
        }
        let killed = match &self.state {
            State::Stopping(stopping) => stopping.killed.unwrap_or(now),
            _ => now,
        };
        let (since, kill_at) = (now, now + KILL_AGAIN);
        let stopping = Stopping { since, kill_at, killed: Some(killed), then: Then::Stay };
        let mut step = self.change(State::Stopping(stopping), Some("forced".to_owned()));
        step.actions.push(Action::Kill);
        step
    }

    /// All its dependencies are ready, so it may start.
    pub fn dependencies_ready(&mut self, now: Instant) -> Step {
        if self.state == State::Waiting { self.spawn(now) } else { Step::default() }
    }

    /// The shell observed the process of `generation`.
    pub fn observe(&mut self, now: Instant, generation: u64, observation: Observation) -> Step {
        if generation != self.generation || !self.state.has_process() {
            return Step::default();
        }
        match (observation, &mut self.state) {
            (Observation::Exited(exit), State::Stopping(_)) => {
                // The rest of its group keeps its grace period.
                self.last_exit = Some(exit);
                Step::default()
            }
            (Observation::Exited(exit), _) => {
                self.last_exit = Some(exit);
                self.note_stable_run(now);
                let then = Then::AskPolicy(Cause::Exited(exit));
                // The leader is gone, so nothing can shut the rest down gracefully.
                let stopping = Stopping { since: now, kill_at: now + KILL_AGAIN, killed: Some(now), then };
                let mut step = self.change(State::Stopping(stopping), Some(exit.to_string()));
                step.actions.push(Action::Kill);
                step
            }
            (Observation::Gone, State::Stopping(stopping)) => {
                let then = stopping.then.clone();
                self.gone(now, then)
            }
            (Observation::Started, State::Starting { .. }) => {
                self.change(State::Running { since: now }, None)
            }
            (Observation::Ready, State::Running { .. }) => self.change(State::Ready { since: now }, None),
            (Observation::Unready(reason), State::Ready { .. }) => {
                self.note_stable_run(now);
                self.change(State::Running { since: now }, Some(reason))
            }
            (
                Observation::Unhealthy(cause),
                State::Starting { .. } | State::Running { .. } | State::Ready { .. },
            ) => {
                self.note_stable_run(now);
                let words = cause.to_string();
                self.terminate(now, Then::AskPolicy(cause), self.policies.unhealthy_grace, Some(words))
            }
            _ => Step::default(),
        }
    }

    /// The process of the current generation couldn't be started.
    pub fn spawn_failed(&mut self, now: Instant, reason: String) -> Step {
        self.ask_policy(now, &Cause::Spawn(reason))
    }

    /// Time has passed; call it at [`Machine::deadline`] or later.
    pub fn tick(&mut self, now: Instant) -> Step {
        match &mut self.state {
            State::Stopping(stopping) if now >= stopping.kill_at => {
                stopping.kill_at = now + KILL_AGAIN;
                stopping.killed.get_or_insert(now);
                Step { actions: vec![Action::Kill], ..Step::default() }
            }
            // A restart doesn't wait for dependencies: it repairs what was running beside them.
            State::Backoff { until, .. } if now >= *until => self.spawn(now),
            _ => Step::default(),
        }
    }

    /// When [`Machine::tick`] must be called next.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Stopping(stopping) => Some(stopping.kill_at),
            State::Backoff { until, .. } => Some(*until),
            _ => None,
        }
    }

    fn spawn(&mut self, now: Instant) -> Step {
        self.generation += 1;
        let mut step = self.change(State::Starting { since: now }, None);
        step.actions.push(Action::Spawn(self.generation));
        step
    }

    fn terminate(&mut self, now: Instant, then: Then, grace: Duration, cause: Option<String>) -> Step {
        let stopping = Stopping { since: now, kill_at: now + grace, killed: None, then };
        let mut step = self.change(State::Stopping(stopping), cause);
        step.actions.push(Action::Terminate);
        step
    }

    fn gone(&mut self, now: Instant, then: Then) -> Step {
        match then {
            Then::Stay => self.change(State::Stopped, None),
            Then::StartAgain => self.change(State::Waiting, None),
            Then::AskPolicy(cause) => self.ask_policy(now, &cause),
        }
    }

    fn ask_policy(&mut self, now: Instant, cause: &Cause) -> Step {
        if let Cause::Exited(exit) = cause
            && !self.policies.restart.restarts(self.is_success(*exit))
        {
            return self.change(State::Exited(*exit), None);
        }
        let limit = self.policies.limit;
        let attempt = match self.policies.restart {
            RestartPolicy::Never => None,
            _ => self.history.admit(now, limit),
        };
        let Some(attempt) = attempt else {
            let reason = match self.policies.restart {
                RestartPolicy::Never => cause.to_string(),
                _ => {
                    let window = humantime::format_duration(limit.window);
                    format!("{cause}, after {} restarts within {window}", limit.max_restarts)
                }
            };
            return self.change(State::Failed(reason.clone()), Some(reason));
        };
        let random = self.next_random();
        let delay = self.policies.backoff.delay(attempt, random);
        let mut step = self.change(State::Backoff { until: now + delay, attempt }, Some(cause.to_string()));
        step.restart = Some(cause.label());
        step
    }

    fn note_stable_run(&mut self, now: Instant) {
        if let State::Ready { since } = self.state
            && now.saturating_duration_since(since) >= self.policies.stable_after
        {
            self.history.ran_stably();
        }
    }

    fn change(&mut self, to: State, cause: Option<String>) -> Step {
        let from = std::mem::replace(&mut self.state, to);
        Step { changed: Some((from, cause)), ..Step::default() }
    }

    /// A number in 0..1 (SplitMix64).
    fn next_random(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
