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
            command: &self.spec.command,
            directory: self.spec.directory.as_deref(),
            environment: &self.spec.environment,
            account: self.spec.account.as_ref(),
            limits: Self::attainable(&self.spec, services),
            cgroup: Self::join_cgroup(&mut self.cgroup, &self.spec, services),
            name: &self.spec.name,
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
        let family = services.children.family(&started, &self.spec.name);
        let paths = [&self.spec.stdout_log, &self.spec.stderr_log];
        let pumps = services.capture(&mut started, &self.spec.name, paths, &self.tail);
        let watch = Watch {
            spec: self.spec.clone(),
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
