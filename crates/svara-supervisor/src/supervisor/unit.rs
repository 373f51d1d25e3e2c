//! The shell of one program: carries out what its state machine decides.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::Rc,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use tokio::{sync::oneshot, task::JoinHandle};

use super::{
    kill::stop,
    services::Services,
    stopper::{LAST_STEPS, Stopper},
};
use crate::{
    events::Kind,
    fleet::{Body, Member},
    logs::{Pump, Stream, Tail},
    probe::Found,
    process::{Exit, Family, MemoryCgroup},
    program::{Action, Cause, Observation, State, Step},
};

/// Lines of output shown with a failure.
const FAILURE_LINES: usize = 20;

/// How long to check a stopping group at short intervals.
const LOOK_OFTEN: Duration = Duration::from_secs(5);

/// How long to wait for the last output once every process is gone. Only a process that left the family with the pipe
/// can hold it open that long.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// How long after that to wait until what they left in it is read; a busy machine may not get to it sooner.
const READING_LAST_WORDS: Duration = Duration::from_secs(5);

/// A program with its machine and its process.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) member: Member,
    pub(super) process: Option<Process>,
    pub(super) tail: Rc<RefCell<Tail>>,
    /// The latest probe result.
    pub(super) note: String,
    /// Its dependencies that aren't ready while it is.
    pub(super) degraded: Vec<String>,
    pub(super) restarts: BTreeMap<&'static str, u64>,
    pub(super) cgroup: Option<MemoryCgroup>,
    /// Kills for want of memory with which its processes ended.
    pub(super) memory_kills: u64,
    /// Why hang detection can't see, if it can't.
    pub(super) blind: Option<String>,
}

/// A running process, its group, and the tasks around it.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) family: Family,
    pub(super) since: Instant,
    /// `None` once the leader has been reaped.
    pub(super) exit: Option<oneshot::Receiver<Exit>>,
    pub(super) watch: JoinHandle<()>,
    pub(super) pumps: Vec<Pump>,
    pub(super) empty_since: Option<Instant>,
    pub(super) kill_noted: bool,
    /// What KILL doesn't end.
    pub(super) stuck: Option<String>,
    /// Whether this is `before_start`, and the program itself comes after it.
    pub(super) is_first: bool,
    /// The command that stops it, once that was started.
    pub(super) stopper: Option<Stopper>,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.watch.abort();
        self.pumps.iter().for_each(Pump::abort);
    }
}

impl Body for Unit {
    type Shell = Services;

    fn new(member: Member) -> Self {
        Self {
            member,
            process: None,
            tail: Rc::default(),
            note: String::new(),
            degraded: Vec::new(),
            restarts: BTreeMap::new(),
            cgroup: None,
            memory_kills: 0,
            blind: None,
        }
    }

    fn member(&self) -> &Member {
        &self.member
    }

    fn member_mut(&mut self) -> &mut Member {
        &mut self.member
    }

    fn renewed(&mut self) {
        self.note = String::new();
        self.restarts.clear();
        self.memory_kills = self.oom_kills();
        self.cgroup = None;
    }

    fn logs_moved(&mut self) {
        let spec = &self.member.spec;
        for pump in self.process.iter().flat_map(|process| &process.pumps) {
            pump.move_to(match pump.stream() {
                Stream::Stdout => spec.stdout_log.clone(),
                Stream::Stderr => spec.stderr_log.clone(),
            });
        }
    }

    fn look(&mut self, now: Instant, services: &mut Services) {
        let generation = self.member.machine.generation();
        let Some(process) = &mut self.process else { return };
        if let Some(exit) = process.exit.as_mut().and_then(|exit| exit.try_recv().ok()) {
            process.exit = None;
            let is_first = process.is_first;
            // Of a program that ends as it should, none was killed.
            if exit.code() != 0 && !matches!(self.member.machine.state(), State::Stopping(_)) {
                self.note_memory(services);
            }
            let observation = match self.member.machine.state() {
                State::Starting { .. } if is_first && exit.code() == 0 => {
                    return self.go_on(generation, services);
                }
                State::Starting { .. } if is_first => {
                    Observation::Unhealthy(Cause::Startup(format!("before_start: {exit}")))
                }
                _ => Observation::Exited(exit),
            };
            let step = self.member.machine.observe(now, generation, observation);
            self.apply(step, services);
        }
        let Some(process) = &mut self.process else { return };
        if process.exit.is_some()
            || !matches!(self.member.machine.state(), State::Stopping(_))
            || !process.family.is_empty(&services.processes_after(process.since))
        {
            return;
        }
        let empty_for = now.saturating_duration_since(*process.empty_since.get_or_insert(now));
        // It might act on the next process, and what it prints would be that one's.
        if let Some(stopper) = process.stopper.as_ref().filter(|stopper| !stopper.is_over()) {
            if empty_for >= LAST_STEPS {
                stopper.end();
            }
            return;
        }
        if !process.pumps.iter().all(Pump::is_done) && empty_for < READING_LAST_WORDS {
            if empty_for >= LAST_WORDS {
                process.pumps.iter().for_each(Pump::end);
            }
            return;
        }
        services.unguard(process.family.leader());
        self.process = None;
        self.blind = None;
        let step = self.member.machine.observe(now, generation, Observation::Gone);
        self.apply(step, services);
    }

    fn apply(&mut self, step: Step, services: &mut Services) {
        if let Some(label) = step.restart {
            *self.restarts.entry(label).or_default() += 1;
        }
        if step.changed.is_some() && !matches!(self.member.machine.state(), State::Starting { .. }) {
            // A start is recorded once its process id is known.
            let cause = step.changed.and_then(|(_, cause)| cause);
            self.note_state(cause, services);
        }
        for action in step.actions {
            match action {
                Action::Spawn(generation) => self.spawn(generation, services),
                Action::Terminate => {
                    if let Some(process) = &self.process {
                        process.watch.abort();
                        let has_command = self.member.spec.stop_command.is_some();
                        if has_command && !process.is_first && process.exit.is_some() {
                            self.run_stop_command(services);
                        } else {
                            stop(&process.family, self.member.spec.stop.signal, services);
                        }
                    }
                }
                Action::Kill => self.kill(services),
            }
        }
    }
}

impl Unit {
    pub(super) fn pid(&self) -> Option<i32> {
        self.process.as_ref().map(|process| process.family.leader())
    }

    /// Whether its state is as intended.
    pub(super) fn is_well(&self) -> bool {
        self.satisfies() || (!self.member.spec.autostart && *self.member.machine.state() == State::Stopped)
    }

    /// When this unit must act next by itself.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        let leader_gone = self.process.as_ref().is_some_and(|process| process.exit.is_none());
        let look_again = match self.member.machine.state() {
            State::Stopping(stopping) if leader_gone => {
                // Usually the rest is gone at once; if not, reading `/proc` so often isn't worth it.
                let waited = now.saturating_duration_since(stopping.since);
                Some(
                    now + if waited < LOOK_OFTEN {
                        Duration::from_millis(25)
                    } else {
                        Duration::from_millis(250)
                    },
                )
            }
            _ => None,
        };
        [self.member.machine.deadline(), look_again].into_iter().flatten().min()
    }

    /// Handles a probe's finding.
    pub(super) fn found(&mut self, generation: u64, what: Found, services: &mut Services) {
        match what {
            Found::Note(text) if generation == self.member.machine.generation() => self.note = text,
            Found::Blind(why) if generation == self.member.machine.generation() => {
                self.note_blind(why, services);
            }
            Found::StopFailed(why) if generation == self.member.machine.generation() => {
                // Read anew: it may have failed for want of what it was to stop.
                let processes = services.processes_after(Instant::now());
                if let (State::Stopping(_), Some(process)) = (self.member.machine.state(), &self.process)
                    && !process.family.is_empty(&processes)
                {
                    let signal = self.member.spec.stop.signal;
                    let cause = format!("stop_command: {why}; {signal} is sent");
                    stop(&process.family, signal, services);
                    let pid = Some(process.family.leader());
                    services.note(Kind::Stopping, Some(&self.member.spec.name), pid, Some(cause));
                }
            }
            Found::Note(_) | Found::Blind(_) | Found::StopFailed(_) => {}
            Found::Verdict(observation) => {
                if observation == Observation::Ready
                    && let Some(process) = &self.process
                {
                    process.family.learn(&services.processes_after(process.since));
                }
                let step = self.member.machine.observe(Instant::now(), generation, observation);
                self.apply(step, services);
            }
        }
    }

    fn note_state(&mut self, cause: Option<String>, services: &mut Services) {
        let state = self.member.machine.state();
        let kind = match state {
            State::Stopped => Kind::Stopped,
            State::Waiting => Kind::Waiting,
            State::Starting { .. } => Kind::Starting,
            State::Running { .. } => Kind::Running,
            State::Ready { .. } => Kind::Ready,
            State::Stopping(_) => Kind::Stopping,
            State::Backoff { .. } => Kind::Backoff,
            State::Exited(_) => Kind::Exited,
            State::Failed(_) => Kind::Failed,
        };
        let cause = match state {
            State::Backoff { until, attempt } => {
                let delay = until.saturating_duration_since(Instant::now());
                let delay = humantime::format_duration(Duration::from_millis(delay.as_millis() as u64));
                cause.map(|cause| format!("{cause}; restart {attempt} in {delay}"))
            }
            State::Exited(exit) => Some(exit.to_string()),
            _ => cause,
        };
        let failed = matches!(state, State::Backoff { .. } | State::Failed(_));
        let output = if failed { self.tail.borrow().last(FAILURE_LINES, None) } else { Vec::new() };
        let output = output.into_iter().map(|line| line.text).collect();
        services.note_with_output(kind, Some(&self.member.spec.name), self.pid(), cause, output);
    }

    /// Starts what comes first: `before_start`, or the program itself.
    fn spawn(&mut self, generation: u64, services: &mut Services) {
        self.note = String::new();
        self.blind = None;
        self.start(self.member.spec.before_start.is_some(), generation, services);
    }

    /// `before_start` has ended well: starts the program itself.
    fn go_on(&mut self, generation: u64, services: &mut Services) {
        let Some(mut first) = self.process.take() else { return };
        first.family.signal(Signal::SIGKILL, &services.processes_after(first.since));
        services.unguard(first.family.leader());
        // Its last lines may still be on their way.
        let pumps = std::mem::take(&mut first.pumps);
        drop(first);
        self.start(false, generation, services);
        match &mut self.process {
            Some(process) => process.pumps.extend(pumps),
            None => pumps.iter().for_each(Pump::abort),
        }
    }

    fn start(&mut self, is_first: bool, generation: u64, services: &mut Services) {
        match self.launch(is_first, services) {
            Ok(started) => {
                self.adopt(started, is_first, generation, services);
                self.note_state(is_first.then(|| "before_start".to_owned()), services);
            }
            Err(reason) => {
                let step = self.member.machine.spawn_failed(Instant::now(), reason.to_string());
                self.apply(step, services);
            }
        }
    }

    /// How often the kernel killed it at its own memory limit or the container's.
    pub(super) fn oom_kills(&self) -> u64 {
        self.memory_kills + self.cgroup.as_ref().map_or(0, MemoryCgroup::untold_kills)
    }

    /// It has failed: looks whether memory ran out.
    fn note_memory(&mut self, services: &mut Services) {
        let own = self.cgroup.as_mut().map_or(0, MemoryCgroup::new_kills);
        // The container's count has those of the program's own cgroup, too.
        let all = services.memory_kills.new_ones();
        let kills = if own > 0 { own } else { all };
        if kills > 0 {
            self.memory_kills += kills;
            let cause = memory_words(kills);
            services.note(Kind::OutOfMemory, Some(&self.member.spec.name), self.pid(), Some(cause));
        }
    }

    fn note_blind(&mut self, why: Option<String>, services: &mut Services) {
        let (kind, cause) = match &why {
            Some(why) => (Kind::Blind, Some(format!("hang detection: {why}"))),
            None => (Kind::Sighted, None),
        };
        if self.blind.is_some() || why.is_some() {
            services.note(kind, Some(&self.member.spec.name), self.pid(), cause);
        }
        self.blind = why;
    }

    /// The number of restarts for each reason, including zeros.
    pub(super) fn restarts_by_reason(&self) -> BTreeMap<String, u64> {
        let count = |label: &str| self.restarts.get(label).copied().unwrap_or(0);
        Cause::LABELS.iter().map(|label| ((*label).to_owned(), count(label))).collect()
    }
}

/// What the kernel has done; it counts kills at the container's limit and those at the machine's.
pub(super) fn memory_words(kills: u64) -> String {
    match kills {
        1 => "memory ran out: the kernel killed a process".to_owned(),
        many => format!("memory ran out: the kernel killed {many} processes"),
    }
}
