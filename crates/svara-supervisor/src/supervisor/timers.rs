//! Timed actions: the health report and scheduled commands.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{
    services::Services,
    unit::{Unit, memory_words},
};
use crate::{
    config::{Config, HEALTH_FILE, schedule_file},
    events::Kind,
    fleet::all_satisfied,
    logs::{Origin, Severity, Source},
    process::{Launch, Output},
    schedule::{Clocks, Due, Plan, ScheduleSpec},
};

/// How often members of families that only their descent tells are looked for.
const LEARN_EVERY: Duration = Duration::from_secs(30);

/// How often the kernel's count of kills for want of memory is read.
const COUNT_KILLS_EVERY: Duration = Duration::from_secs(10);

/// All timed actions.
#[derive(Debug)]
pub(super) struct Timers {
    report: Option<(Duration, Instant)>,
    learn_at: Instant,
    count_kills_at: Instant,
    pub(super) schedules: Vec<Scheduled>,
}

/// A scheduled command.
#[derive(Debug)]
pub(super) struct Scheduled {
    pub(super) spec: ScheduleSpec,
    pub(super) plan: Plan,
    pub(super) runs: Rc<RefCell<Runs>>,
}

/// What has become of its runs.
#[derive(Debug, Default)]
pub(super) struct Runs {
    pub(super) running: usize,
    pub(super) last: Option<(SystemTime, String, bool)>,
}

impl Timers {
    pub(super) fn new(config: &Config, now: Clocks) -> Self {
        let scheduled = |spec: &ScheduleSpec| Scheduled {
            plan: Plan::new(spec, now),
            spec: spec.clone(),
            runs: Rc::default(),
        };
        Self {
            report: config.health_report.map(|every| (every, now.steady + every)),
            learn_at: now.steady + LEARN_EVERY,
            count_kills_at: now.steady + COUNT_KILLS_EVERY,
            schedules: config.schedules.iter().map(scheduled).collect(),
        }
    }

    /// Follows a new configuration. What didn't change keeps its time, and a job of the same name what became of it.
    pub(super) fn reload(&mut self, config: &Config, now: Clocks) {
        let old = std::mem::replace(self, Self::new(config, now));
        if let (Some((every, at)), Some((old_every, old_at))) = (&mut self.report, old.report)
            && *every == old_every
        {
            *at = old_at;
        }
        for scheduled in &mut self.schedules {
            if let Some(old) = old.schedules.iter().find(|old| old.spec.name == scheduled.spec.name) {
                scheduled.runs = Rc::clone(&old.runs);
                if old.spec == scheduled.spec {
                    scheduled.plan = old.plan.clone();
                }
            }
        }
    }

    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        let report = self.report.map(|(_, at)| at);
        let schedules = self.schedules.iter().filter_map(|scheduled| scheduled.plan.deadline(now)).min();
        [report, schedules, Some(self.learn_at), Some(self.count_kills_at)].into_iter().flatten().min()
    }

    /// Does everything that is due.
    pub(super) fn run(&mut self, now: Clocks, units: &[Unit], services: &mut Services) {
        if let Some((every, at)) = &mut self.report
            && now.steady >= *at
        {
            *at = now.steady + *every;
            report(now.wall, units, services);
        }
        if now.steady >= self.learn_at {
            self.learn_at = now.steady + LEARN_EVERY;
            let table = services.processes();
            units
                .iter()
                .filter_map(|unit| unit.process.as_ref())
                .for_each(|process| process.family.learn(&table));
        }
        if now.steady >= self.count_kills_at {
            self.count_kills_at = now.steady + COUNT_KILLS_EVERY;
            // Those that ended no program: its workers, helpers.
            let kills = services.memory_kills.new_ones();
            if kills > 0 {
                services.note(Kind::OutOfMemory, None, None, Some(memory_words(kills)));
            }
        }
        for scheduled in &mut self.schedules {
            let spec = &scheduled.spec;
            let skipped = match scheduled.plan.poll(spec, now) {
                Due::NotYet => continue,
                Due::JumpedOver => Some("the clock was set to after its time".to_owned()),
                Due::Now if !all_satisfied(units, &spec.when_ready) => {
                    Some(format!("not all ready: {}", spec.when_ready.join(", ")))
                }
                Due::Now if !spec.overlap && scheduled.runs.borrow().running > 0 => {
                    Some("the last one still runs".to_owned())
                }
                Due::Now => None,
            };
            match skipped {
                Some(reason) => {
                    services.note(
                        Kind::Schedule,
                        None,
                        None,
                        Some(format!("{}: skipped, {reason}", spec.name)),
                    );
                }
                None => start(spec, now.wall, &scheduled.runs, services),
            }
        }
    }
}

/// Writes one line about all programs to `healthcheck.log` and the console.
fn report(now: SystemTime, units: &[Unit], services: &Services) {
    let well = units.iter().all(|unit| unit.is_well() && unit.degraded.is_empty());
    let states: Vec<String> = units
        .iter()
        .map(|unit| format!("{}: {}", unit.member.spec.name, unit.member.machine.state().name()))
        .collect();
    let time = humantime::format_rfc3339_seconds(now);
    let word = if well { "OK" } else { "NOT OK" };
    let source = Source::own("healthcheck", Some(services.log_config.directory.join(HEALTH_FILE)));
    let severity = if well { Severity::Info } else { Severity::Warning };
    let line = format!("[{time}] {word} health check - {}\n", states.join(", "));
    services.logs.write_now(&Arc::new(source), line, severity);
}

/// Starts a scheduled command; its output goes to `schedule_NAME.log`.
fn start(spec: &ScheduleSpec, now: SystemTime, runs: &Rc<RefCell<Runs>>, services: &mut Services) {
    let launch = Launch { output: Output::Piped, ..Launch::helper(&spec.command) };
    let mut started = match services.children.spawn(launch) {
        Ok(started) => started,
        Err(error) => {
            let outcome = format!("can't be run: {error}");
            services.note(Kind::Schedule, None, None, Some(format!("{}: {outcome}", spec.name)));
            runs.borrow_mut().last = Some((now, outcome, false));
            return;
        }
    };
    services.note(Kind::Schedule, None, Some(started.pid), Some(format!("{}: started", spec.name)));
    let path = services.log_config.directory.join(schedule_file(&spec.name));
    let name = format!("schedule {}", spec.name);
    services.capture(&mut started, &name, &Origin::Schedule, [Some(&path); 2], &Rc::default());
    let (name, limit, notes) = (spec.name.clone(), spec.timeout, services.notes.clone());
    let runs = Rc::clone(runs);
    runs.borrow_mut().running += 1;
    tokio::task::spawn_local(async move {
        let (outcome, success) = match started.within(limit).await {
            Ok(exit) => (exit.to_string(), exit.code() == 0),
            Err(error) => (error.to_string(), false),
        };
        let words = format!("{name}: {outcome}");
        {
            let mut done = runs.borrow_mut();
            done.running -= 1;
            done.last = Some((now, outcome, success));
        }
        // Fails only if the supervisor is about to exit.
        let _ = notes.send((Kind::Schedule, words)).await;
    });
}
