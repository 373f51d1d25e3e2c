//! Resolves a program's probes.

use std::{collections::BTreeMap, time::Duration};

use http::{
    HeaderName, HeaderValue,
    header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING},
};

use super::{
    field::{Fields, LONGEST, SHORTEST},
    file,
};
use crate::probe::{CanarySpec, Check, HangSpec, ProbeSpec};

const SECOND: Duration = Duration::from_secs(1);

/// More answers in a row than this never come.
const MAX_STREAK: u32 = 100_000;

/// Headers that follow from the URL and the body.
const OUR_HEADERS: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING];

/// Kind of probe: some keys are allowed for one kind only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Startup,
    Readiness,
    Liveness,
}

/// One `[program.NAME.startup]`, `.readiness` or `.liveness`.
pub(super) fn probe(probe: &file::Probe, fields: &mut Fields<'_>, role: Role) -> ProbeSpec {
    let check = match (&probe.http, &probe.tcp, &probe.command, &probe.log) {
        (Some(url), None, None, None) => Check::Http(fields.url("http", url)),
        (None, Some(address), None, None) => tcp(address, fields),
        (None, None, Some(command), None) => Check::Command(fields.words("command", command)),
        (None, None, None, Some(text)) => {
            let text = fields.text("log", text);
            if text.is_empty() {
                fields.fault("log", "must be a part of the line to wait for");
            }
            if role == Role::Liveness {
                fields.fault(
                    "log",
                    "a line tells once that a program has started or is ready, not that it lives",
                );
            }
            Check::Log(text)
        }
        _ => {
            fields.fault("http", "a probe needs exactly one of http, tcp and command, or a line of the log");
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
    let often = SHORTEST..=LONGEST;
    let period = if startup { SECOND } else { SECOND * 5 };
    ProbeSpec {
        check,
        period: fields.duration_in("period", probe.period.as_deref(), period, often.clone()),
        timeout: fields.duration_in("timeout", probe.timeout.as_deref(), SECOND * 5, often.clone()),
        failures: fields.integer("failures", probe.failures.as_ref(), 3, 1..=MAX_STREAK),
        successes: fields.integer("successes", probe.successes.as_ref(), 1, 1..=MAX_STREAK),
        deadline: fields.duration_in("deadline", probe.deadline.as_deref(), SECOND * 600, often),
    }
}

fn tcp(address: &str, fields: &mut Fields<'_>) -> Check {
    let address = fields.text("tcp", address);
    let parts = address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    let is_odd =
        |host: &str| host.is_empty() || host.contains(['/', '@']) || host.contains(char::is_whitespace);
    if parts.is_none_or(|(host, port)| is_odd(host) || port == 0) {
        fields.fault("tcp", format!("`{address}`: expected host:port"));
    }
    let (host, port) = parts.unwrap_or_default();
    Check::Tcp { host: host.trim_start_matches('[').trim_end_matches(']').to_owned(), port }
}

/// The headers of a canary. Their values are keys, mostly, so no fault shows them.
fn headers(written: &BTreeMap<String, String>, fields: &mut Fields<'_>) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = Vec::new();
    for (name, value) in written {
        let key = format!("canary.headers.{name}");
        let value = fields.secret(&key, value);
        match name.parse::<HeaderName>() {
            Ok(name) if OUR_HEADERS.contains(&name) => {
                fields.fault(&key, "leave it out: the supervisor sets this header itself");
            }
            Ok(name) => headers.extend(value.map(|value| (name, value))),
            Err(_) => fields.fault(&key, "expected the name of a header, such as Authorization"),
        }
    }
    headers
}

/// One `[program.NAME.hang]`.
pub(super) fn hang(hang: &file::Hang, fields: &mut Fields<'_>) -> HangSpec {
    let mut metric = |key: &str, value: &Option<String>, default: &str| {
        let name = fields.text(key, value.as_deref().unwrap_or(default));
        if name.is_empty() {
            fields.fault(key, format!("must be the name of a metric, such as {default}"));
        }
        name
    };
    let running = metric("running", &hang.running, "vllm:num_requests_running");
    let progress = metric("progress", &hang.progress, "vllm:generation_tokens_total");
    let spec = HangSpec {
        metrics: fields.url("metrics", &hang.metrics),
        running,
        progress,
        stall: fields.duration("stall", hang.stall.as_deref(), SECOND * 60),
        period: fields.duration_in("period", hang.period.as_deref(), SECOND * 5, SHORTEST..=LONGEST),
        canary: hang.canary.as_ref().map(|canary| CanarySpec {
            url: fields.url("canary.http", &canary.http),
            headers: headers(&canary.headers, fields),
            body: fields.text("canary.body", &canary.body),
            every: fields.duration_in(
                "canary.every",
                canary.every.as_deref(),
                SECOND * 60,
                SHORTEST..=LONGEST,
            ),
        }),
    };
    if spec.stall < spec.period {
        let period = humantime::format_duration(spec.period);
        fields.fault("stall", format!("must not be shorter than period, {period}"));
    }
    if let Some(canary) = &spec.canary
        && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&canary.body)
    {
        // The words of the library are about its own types.
        let column = error.column();
        fields.fault(
            "canary.body",
            format!(
                "expected JSON, as in {{\"prompt\": \"a\", \"max_tokens\": 1}}; wrong from its character {column}"
            ),
        );
    }
    spec
}
