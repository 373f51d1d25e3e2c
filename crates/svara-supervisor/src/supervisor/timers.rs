//! Timed actions: the health report and scheduled commands.

use std::{
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{services::Services, unit::Unit};
use crate::{
    config::Config,
    events::Kind,
    fleet::all_satisfied,
    logs::{Form, Source, Stream},
    process::{Launch, Output},
    schedule::{ScheduleSpec, until_next},
};

/// The clock is read at least this often, so that schedules follow changes to it.
const LOOK_AGAIN: Duration = Duration::from_secs(3600);

/// All timed actions.
#[derive(Debug)]
pub(super) struct Timers {
    report: Option<(Duration, Instant)>,
    schedules: Vec<Scheduled>,
}

#[derive(Debug)]
struct Scheduled {
    spec: ScheduleSpec,
    /// When to check next, and whether it is due then.
    next: (Instant, bool),
}

impl Timers {
    pub(super) fn new(config: &Config, now: Instant) -> Self {
        let schedules = config.schedules.iter().cloned();
        Self {
            report: config.health_report.map(|every| (every, now + every)),
            schedules: schedules.map(|spec| Scheduled { next: next_time(&spec, now), spec }).collect(),
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let report = self.report.map(|(_, at)| at);
        let schedules = self.schedules.iter().map(|scheduled| scheduled.next.0).min();
        [report, schedules].into_iter().flatten().min()
    }

    /// Does everything that is due.
    pub(super) fn run(&mut self, units: &[Unit], services: &mut Services) {
        let now = Instant::now();
        if let Some((every, at)) = &mut self.report
            && now >= *at
        {
            *at = now + *every;
            report(units, services);
        }
        for scheduled in &mut self.schedules {
            let (at, due) = scheduled.next;
            if now < at {
                continue;
            }
            scheduled.next = next_time(&scheduled.spec, now);
            if due {
                start(&scheduled.spec, units, services);
            }
        }
    }
}

fn next_time(spec: &ScheduleSpec, now: Instant) -> (Instant, bool) {
    match until_next(&spec.cron, SystemTime::now()) {
        Some(wait) if wait <= LOOK_AGAIN => (now + wait, true),
        _ => (now + LOOK_AGAIN, false),
    }
}

/// Writes one line about all programs to `healthcheck.log` and the console.
fn report(units: &[Unit], services: &Services) {
    let well = units.iter().all(|unit| unit.is_well() && unit.degraded.is_empty());
    let states: Vec<String> = units
        .iter()
        .map(|unit| format!("{}: {}", unit.member.spec.name, unit.member.machine.state().name()))
        .collect();
    let time = humantime::format_rfc3339_seconds(SystemTime::now());
    let word = if well { "OK" } else { "NOT OK" };
    let source = Source {
        program: "healthcheck".to_owned(),
        stream: Stream::Stdout,
        path: Some(services.log_config.directory.join("healthcheck.log")),
        console: true,
        form: Form::Own,
    };
    services
        .logs
        .write_now(&Arc::new(source), format!("[{time}] {word} health check - {}\n", states.join(", ")));
}

/// Starts a scheduled command; its output goes to `schedule_NAME.log`.
fn start(spec: &ScheduleSpec, units: &[Unit], services: &mut Services) {
    if !all_satisfied(units, &spec.when_ready) {
        let cause = format!("{}: skipped, not all ready: {}", spec.name, spec.when_ready.join(", "));
        return services.note(Kind::Schedule, None, None, Some(cause));
    }
    let launch = Launch { output: Output::Piped, ..Launch::helper(&spec.command) };
    let mut started = match services.children.spawn(launch) {
        Ok(started) => started,
        Err(error) => {
            let cause = format!("{}: can't be run: {error}", spec.name);
            return services.note(Kind::Schedule, None, None, Some(cause));
        }
    };
    services.note(Kind::Schedule, None, Some(started.pid), Some(format!("{}: started", spec.name)));
    let path = services.log_config.directory.join(format!("schedule_{}.log", spec.name));
    services.capture(&mut started, &format!("schedule {}", spec.name), [Some(&path); 2], &Rc::default());
    let (name, limit, notes) = (spec.name.clone(), spec.timeout, services.notes.clone());
    tokio::task::spawn_local(async move {
        let words = match started.within(limit).await {
            Ok(exit) => format!("{name}: {exit}"),
            Err(error) => format!("{name}: {error}"),
        };
        // Fails only if the supervisor is about to exit.
        let _ = notes.send((Kind::Schedule, words)).await;
    });
}
