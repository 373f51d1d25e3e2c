//! Starts a program's process with its limits, output capture and probes.

use std::{io, os::fd::OwnedFd, time::Instant};

use super::{
    services::Services,
    unit::{Process, Unit},
};
use crate::{
    config::{Limits, ProgramSpec},
    events::Kind,
    probe::Watch,
    process::{Launch, MemoryCgroup, Output, Started, raise_files},
};

impl Unit {
    pub(super) fn launch(&mut self, services: &mut Services) -> io::Result<Started> {
        let launch = Launch {
            command: &self.member.spec.command,
            directory: self.member.spec.directory.as_deref(),
            environment: &self.member.spec.environment,
            account: self.member.spec.account.as_ref(),
            limits: Self::attainable(&self.member.spec, services),
            cgroup: Self::join_cgroup(&mut self.cgroup, &self.member.spec, services),
            name: &self.member.spec.name,
            output: Output::Piped,
        };
        services.children.spawn(launch)
    }

    /// The limits, as far as they can be set. A limit that can't be set is reported, but doesn't prevent the start.
    fn attainable(spec: &ProgramSpec, services: &mut Services) -> Limits {
        let mut limits = spec.limits.clone();
        if let Some(wanted) = limits.nofile
            && let Err(hard) = raise_files(wanted)
        {
            limits.nofile = Some(hard);
            let cause =
                format!("runs with {hard} open files, the container's hard limit, instead of {wanted}");
            services.note(Kind::Limit, Some(&spec.name), None, Some(cause));
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

    pub(super) fn adopt(&mut self, mut started: Started, generation: u64, services: &mut Services) {
        services.guard(started.pid);
        let family = services.children.family(&started);
        let paths = [self.member.spec.stdout_log.as_ref(), self.member.spec.stderr_log.as_ref()];
        let pumps = services.capture(&mut started, &self.member.spec.name, paths, &self.tail);
        let watch = Watch {
            spec: self.member.spec.clone(),
            generation,
            children: services.children.clone(),
            findings: services.findings.clone(),
        };
        self.process = Some(Process {
            family,
            since: Instant::now(),
            exit: Some(started.exit),
            watch: tokio::task::spawn_local(watch.run()),
            pumps,
            empty_since: None,
            kill_noted: false,
        });
    }
}
