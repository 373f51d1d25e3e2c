//! Starts a program's process with its limits, output capture and probes.

use std::{
    cell::{Cell, RefCell},
    io,
    os::fd::OwnedFd,
    time::Instant,
};

use super::{
    services::Services,
    unit::{Process, Unit},
};
use crate::{
    config::{Limits, ProgramSpec},
    events::Kind,
    logs::Origin,
    probe::{Check, ProbeSpec, Watch},
    process::{Launch, MemoryCgroup, Output, Started, attain},
};

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
            stopper: None,
        });
    }
}
