//! Takes the state of all programs, for `status` and metrics.

use std::time::{Duration, Instant};

use super::{core::Core, timers::Scheduled, unit::Unit};
use crate::{
    fleet::all_satisfied,
    logs::SinkHandle,
    process::ProcessTable,
    program::State,
    report::{ProgramReport, Report, ScheduleReport, SinkReport},
};

impl Core {
    /// The state of these programs, or of all.
    pub(super) fn report(&mut self, names: Option<&[String]>) -> Report {
        let table = self.services.processes();
        let wanted = |unit: &&Unit| names.is_none_or(|names| names.contains(&unit.member.spec.name));
        let programs: Vec<_> =
            self.fleet.units.iter().filter(wanted).map(|unit| self.program_report(unit, &table)).collect();
        Report {
            ready: programs.iter().all(|program| program.ready) && !self.is_shutting_down(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            uptime_seconds: self.services.started.elapsed().as_secs_f64(),
            orphans_reaped: self.orphans_reaped,
            dropped_log_bytes: self.services.logs.dropped_bytes(),
            programs,
            schedules: self.timers.schedules.iter().map(schedule_report).collect(),
            sinks: self.services.logs.sinks().iter().map(sink_report).collect(),
        }
    }

    fn program_report(&self, unit: &Unit, table: &ProcessTable) -> ProgramReport {
        let usage = unit.process.as_ref().map(|process| process.family.usage(table));
        let now = Instant::now();
        let detail = match unit.member.machine.state() {
            State::Waiting => {
                let missing = |name: &&String| !all_satisfied(&self.fleet.units, std::slice::from_ref(*name));
                let missing: Vec<_> = unit.member.spec.after.iter().filter(missing).cloned().collect();
                format!("waiting for {}", missing.join(", "))
            }
            State::Starting { since } => {
                let so_far = Duration::from_secs(now.saturating_duration_since(*since).as_secs());
                let so_far = humantime::format_duration(so_far);
                match &unit.member.spec.startup {
                    Some(probe) => {
                        let note = if unit.note.is_empty() { "startup: no answer yet" } else { &unit.note };
                        format!("{so_far} of {}; {note}", humantime::format_duration(probe.deadline))
                    }
                    None => so_far.to_string(),
                }
            }
            State::Backoff { until, attempt } => {
                let left = until.saturating_duration_since(now).as_secs_f64();
                format!("restart {attempt} in {left:.1}s")
            }
            State::Stopping(stopping) if stopping.killed.is_some() => match unit.stuck() {
                Some(stuck) => format!("killed, but still there: {stuck}"),
                None => "killed, waiting for its group to end".to_owned(),
            },
            State::Stopping(stopping) => {
                let left = stopping.kill_at.saturating_duration_since(now).as_secs_f64();
                format!("kill in {left:.1}s")
            }
            State::Failed(reason) => reason.clone(),
            State::Running { .. } | State::Ready { .. } => unit.note.clone(),
            State::Stopped | State::Exited(_) => String::new(),
        };
        ProgramReport {
            name: unit.member.spec.name.clone(),
            state: unit.member.machine.state().name().to_owned(),
            autostart: unit.member.spec.autostart,
            ready: unit.is_well() && unit.degraded.is_empty(),
            degraded: unit.degraded.clone(),
            pid: unit.pid(),
            uptime_seconds: unit.process.as_ref().map(|process| process.since.elapsed().as_secs_f64()),
            restarts: unit.restarts.values().sum(),
            restarts_by_reason: unit.restarts_by_reason(),
            last_exit: unit.member.machine.last_exit().map(|exit| exit.to_string()),
            detail: match &unit.blind {
                Some(why) if !detail.contains(why.as_str()) => {
                    format!("{detail}; hang detection is blind: {why}")
                }
                _ => detail,
            },
            blind: unit.blind.clone(),
            has_hang_detection: unit.member.spec.hang.is_some(),
            memory_bytes: usage.map(|usage| usage.resident_bytes),
            cpu_seconds: usage.map(|usage| usage.cpu_seconds),
            processes: usage.map_or(0, |usage| usage.processes),
            last_line: unit.tail.borrow().last(1, None).pop().map(|line| line.text),
            stdout_log: unit.member.spec.stdout_log.clone(),
            stderr_log: unit.member.spec.stderr_log.clone(),
        }
    }
}

fn sink_report(sink: &SinkHandle) -> SinkReport {
    let state = &sink.state;
    SinkReport {
        name: sink.name.clone(),
        up: state.is_up(),
        reason: state.reason(),
        sent_lines: state.sent_lines(),
        lost_lines: state.lost_lines(),
        waiting_bytes: state.waiting_bytes(),
    }
}

fn schedule_report(scheduled: &Scheduled) -> ScheduleReport {
    let time = |time| humantime::format_rfc3339_seconds(time).to_string();
    let runs = scheduled.runs.borrow();
    ScheduleReport {
        name: scheduled.spec.name.clone(),
        next: scheduled.plan.next().map(time),
        running: runs.running,
        last: runs.last.as_ref().map(|(began, _, _)| time(*began)),
        outcome: runs.last.as_ref().map(|(_, outcome, _)| outcome.clone()),
        success: runs.last.as_ref().map(|(_, _, success)| *success),
    }
}
