//! Starts a program's process with its limits, output capture and probes.

use std::{
    cell::{Cell, RefCell},
    io,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use super::{
    services::Services,
    unit::{Process, Unit},
};
use crate::{
    config::{Limits, ProgramSpec},
    events::Kind,
    logs::{Origin, Pump},
    probe::{Check, Finding, Found, ProbeSpec, Watch},
    process::{Launch, MemoryCgroup, Output, Started, attain},
};

/// A command that stops a program gets at least this long.
const LEAST_STOP: Duration = Duration::from_secs(1);

impl Unit {
    /// Starts `before_start` or the program itself.
    pub(super) fn launch(&mut self, is_first: bool, services: &mut Services) -> io::Result<Started> {
        let first = self.member.spec.before_start.as_ref().filter(|_| is_first);
        let launch = Launch {
            command: first.unwrap_or(&self.member.spec.command),
            directory: self.member.spec.directory.as_deref(),
            passed: self.member.spec.passed.as_ref(),
            environment: &self.member.spec.environment,
            account: self.member.spec.account.as_ref(),
            limits: Self::attainable(&self.member.spec, services),
            cgroup: Self::join_cgroup(&mut self.cgroup, &self.member.spec, services),
            name: &self.member.spec.name,
            program: Some(&self.member.spec.name),
            output: Output::Piped,
            reads: false,
        };
        services.children.spawn(launch)
    }

    /// Asks the program to end; if that fails, it gets its stop signal. What the command prints joins the program's output.
    pub(super) fn run_stop_command(&self, words: &[String], services: &mut Services) {
        let spec = &self.member.spec;
        let generation = self.member.machine.generation();
        let mut environment = spec.environment.clone();
        environment.push(("SVARA_PROGRAM_PID".to_owned(), self.pid().unwrap_or_default().to_string()));
        let launch =
            Launch { environment: &environment, output: Output::Piped, ..Launch::about(spec, words) };
        let started = services.children.spawn(launch).map(|mut started| {
            let paths = [spec.stdout_log.as_ref(), spec.stderr_log.as_ref()];
            let origin = Origin::Program(spec.program.clone());
            let mark = Some("stop_command");
            let pumps = services.capture_marked(&mut started, &spec.name, &origin, paths, &self.tail, mark);
            (started, pumps)
        });
        let (program, limit) = (spec.name.clone(), spec.stop.grace.max(LEAST_STOP));
        let findings = services.findings.clone();
        tokio::task::spawn_local(async move {
            let why = match started {
                Ok((started, pumps)) => {
                    let ended = started.within(limit).await;
                    pumps.iter().for_each(Pump::end);
                    match ended {
                        Ok(exit) if exit.code() == 0 => return,
                        Ok(exit) => exit.to_string(),
                        Err(error) => error.to_string(),
                    }
                }
                Err(error) => format!("can't be run: {error}"),
            };
            let finding = Finding { program, generation, what: Found::StopFailed(why) };
            // Fails only if the supervisor is about to exit.
            let _ = findings.send(finding).await;
        });
    }

    /// The limits, as far as they can be set. A limit that can't be set is reported, but doesn't prevent the start.
    fn attainable(spec: &ProgramSpec, services: &mut Services) -> Limits {
        let mut limits = spec.limits.clone();
        for refused in attain(&mut limits) {
            services.note(Kind::Limit, Some(&spec.name), None, Some(refused.to_string()));
        }
        limits
    }

    /// A memory limit that can't be set is reported, but doesn't prevent the start.
    fn join_cgroup(
        cgroup: &mut Option<MemoryCgroup>,
        spec: &ProgramSpec,
        services: &mut Services,
    ) -> Option<OwnedFd> {
        let memory_bytes = spec.limits.memory_bytes?;
        let made = match cgroup {
            Some(_) => Ok(()),
            None => MemoryCgroup::create(&spec.name, memory_bytes).map(|made| *cgroup = Some(made)),
        };
        match made.and_then(|()| cgroup.as_ref().map(MemoryCgroup::procs).transpose()) {
            Ok(procs) => procs,
            Err(error) => {
                let cause = format!("runs without its memory limit: {error}");
                services.note(Kind::Limit, Some(&spec.name), None, Some(cause));
                None
            }
        }
    }

    pub(super) fn adopt(
        &mut self,
        mut started: Started,
        is_first: bool,
        generation: u64,
        services: &mut Services,
    ) {
        let family = services.children.family(&started);
        services.guard(&family);
        // Before the first line is read.
        let line = |probe: &Option<ProbeSpec>| match probe.as_ref().map(|probe| &probe.check) {
            Some(Check::Log(part)) if !is_first => Some(self.tail.borrow_mut().await_line(part)),
            _ => None,
        };
        let (started_line, ready_line) = (line(&self.member.spec.startup), line(&self.member.spec.readiness));
        let paths = [self.member.spec.stdout_log.as_ref(), self.member.spec.stderr_log.as_ref()];
        let origin = Origin::Program(self.member.spec.program.clone());
        let pumps = services.capture(&mut started, &self.member.spec.name, &origin, paths, &self.tail);
        let watch = Watch {
            spec: self.member.spec.clone(),
            generation,
            children: services.children.clone(),
            findings: services.findings.clone(),
            started_line,
            ready_line,
            answered: Cell::default(),
            noted: RefCell::default(),
        };
        let limit = self.member.spec.before_start_timeout;
        self.process = Some(Process {
            family,
            since: Instant::now(),
            exit: Some(started.exit),
            watch: tokio::task::spawn_local(async move {
                if is_first { watch.give_up_after(limit).await } else { watch.run().await }
            }),
            pumps,
            empty_since: None,
            kill_noted: false,
            stuck: None,
            is_first,
        });
    }
}
