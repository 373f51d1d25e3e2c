//! Resolves a program's probes.

use std::time::Duration;

use super::{field::Fields, file};
use crate::probe::{CanarySpec, Check, HangSpec, ProbeSpec};

const SECOND: Duration = Duration::from_secs(1);

/// Kind of probe: some keys are allowed for one kind only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Startup,
    Steady,
}

/// One `[program.NAME.startup]`, `.readiness` or `.liveness`.
pub(super) fn probe(probe: &file::Probe, fields: &mut Fields<'_>, role: Role) -> ProbeSpec {
    let check = match (&probe.http, &probe.tcp, &probe.command) {
        (Some(url), None, None) => Check::Http(fields.url("http", url)),
        (None, Some(address), None) => {
            let address = fields.text("tcp", address);
            let parts =
                address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
            if parts.is_none_or(|(host, _)| host.is_empty()) {
                fields.fault("tcp", format!("`{address}`: expected host:port"));
            }
            let (host, port) = parts.unwrap_or_default();
            let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
            Check::Tcp { host, port }
        }
        (None, None, Some(command)) => Check::Command(fields.words("command", command)),
        _ => {
            fields.fault("http", "a probe needs exactly one of http, tcp and command");
            Check::Command(Vec::new())
        }
    };
    let startup = role == Role::Startup;
    if startup && probe.failures.is_some() {
        fields.fault("failures", "a startup probe has a deadline instead of a number of failures");
    }
    if !startup && probe.deadline.is_some() {
        fields.fault("deadline", "only a startup probe has a deadline");
    }
    let spec = ProbeSpec {
        check,
        period: fields.duration("period", probe.period.as_deref(), if startup { SECOND } else { SECOND * 5 }),
        timeout: fields.duration("timeout", probe.timeout.as_deref(), SECOND * 5),
        failures: fields.integer("failures", probe.failures.as_ref(), 3),
        successes: fields.integer("successes", probe.successes.as_ref(), 1),
        deadline: fields.duration("deadline", probe.deadline.as_deref(), SECOND * 600),
    };
    for (key, value) in [("failures", spec.failures), ("successes", spec.successes)] {
        if value == 0 {
            fields.fault(key, "must be at least 1");
        }
    }
    for (key, value) in [("period", spec.period), ("timeout", spec.timeout), ("deadline", spec.deadline)] {
        if value < Duration::from_millis(10) {
            fields.fault(key, "must be at least 10ms");
        }
    }
    spec
}

/// One `[program.NAME.hang]`.
pub(super) fn hang(hang: &file::Hang, fields: &mut Fields<'_>) -> HangSpec {
    let metric = |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.to_owned());
    let spec = HangSpec {
        metrics: fields.url("metrics", &hang.metrics),
        running: metric(&hang.running, "vllm:num_requests_running"),
        progress: metric(&hang.progress, "vllm:generation_tokens_total"),
        stall: fields.duration("stall", hang.stall.as_deref(), SECOND * 60),
        period: fields.duration("period", hang.period.as_deref(), SECOND * 5),
        canary: hang.canary.as_ref().map(|canary| CanarySpec {
            url: fields.url("canary.http", &canary.http),
            body: fields.text("canary.body", &canary.body),
            every: fields.duration("canary.every", canary.every.as_deref(), SECOND * 60),
        }),
    };
    if spec.period < Duration::from_millis(10) || spec.stall < spec.period {
        fields.fault("stall", "must not be shorter than period, which must be at least 10ms");
    }
    if let Some(canary) = &spec.canary
        && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&canary.body)
    {
        fields.fault("canary.body", format!("invalid JSON: {error}"));
    }
    spec
}
