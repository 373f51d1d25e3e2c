//! One `[program.NAME]` table: its replicas, expanded and checked.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

use super::Variables;
use super::field::Fields;
use super::file;
use super::resolve::Fault;
use super::types::{Account, Limits, ProgramSpec, StopSpec};
use crate::policy::{Backoff, RestartLimit, RestartPolicy};
use crate::probe::{CanarySpec, Check, HangSpec, ProbeSpec};

/// More replicas than this are a slip of the pen.
const MAX_REPLICAS: u32 = 64;

const SECOND: Duration = Duration::from_secs(1);

/// The replicas of a program; none when it is disabled.
pub(super) fn resolve_program(
    name: &str,
    program: &file::Program,
    log_directory: &Path,
    variables: &Variables,
    faults: &mut Vec<Fault>,
) -> Vec<ProgramSpec> {
    let table = format!("program.{name}");
    let mut fields = Fields { table: table.clone(), variables, faults };
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || name == "all" || name.len() > 64 || !name.chars().all(is_word) {
        fields.fault("name", "a name has 1 to 64 letters, digits, `_` or `-`, and isn't `all`");
    }
    if !fields.switch("enabled", program.enabled.as_ref(), true) {
        return Vec::new();
    }
    let replicas = fields.integer("replicas", program.replicas.as_ref(), 1);
    if !(1..=MAX_REPLICAS).contains(&replicas) {
        fields.fault("replicas", format!("must lie between 1 and {MAX_REPLICAS}"));
        return Vec::new();
    }
    let mut specs = Vec::new();
    for index in 0..replicas {
        let unique = if replicas == 1 { name.to_owned() } else { format!("{name}-{index}") };
        let variables = variables.with("INDEX", &index.to_string());
        // A fault in the table is one fault, not one for each replica.
        let mut found = Vec::new();
        let fields = Fields { table: table.clone(), variables: &variables, faults: &mut found };
        specs.push(replica(unique, name, program, log_directory, fields));
        let new: Vec<Fault> = found.into_iter().filter(|fault| !faults.contains(fault)).collect();
        faults.extend(new);
    }
    specs
}

fn replica(
    unique: String,
    name: &str,
    program: &file::Program,
    log_directory: &Path,
    mut fields: Fields<'_>,
) -> ProgramSpec {
    let mut command = fields.words("command", &program.command);
    if let Some(extra) = &program.extra_args {
        let extra = fields.text("extra_args", extra);
        match shlex::split(&extra) {
            Some(words) => command.extend(words),
            None => fields.fault("extra_args", format!("`{extra}`: a quote isn't closed")),
        }
    }
    let environment = program.environment.iter();
    let environment = environment
        .map(|(name, value)| (name.clone(), fields.text(&format!("environment.{name}"), value)))
        .collect();
    let directory = program.directory.as_deref().map(|path| fields.path("directory", Some(path), ""));
    let log = |fields: &mut Fields<'_>, key: &str, value: Option<&str>, default: String| -> PathBuf {
        log_directory.join(fields.path(key, value, &default))
    };
    let stdout_log = log(&mut fields, "stdout_log", program.stdout_log.as_deref(), format!("{unique}.log"));
    let stderr_log =
        log(&mut fields, "stderr_log", program.stderr_log.as_deref(), format!("{unique}_error.log"));
    ProgramSpec {
        program: name.to_owned(),
        command,
        directory,
        environment,
        autostart: fields.switch("autostart", program.autostart.as_ref(), true),
        essential: fields.switch("essential", program.essential.as_ref(), false),
        after: program.after.clone(),
        account: account(program, &mut fields),
        limits: Limits {
            nofile: program.limits.nofile.as_ref().map(|v| fields.integer("limits.nofile", Some(v), 1024)),
            core_bytes: fields.bytes("limits.core", program.limits.core.as_deref()),
            memory_bytes: fields.bytes("limits.memory", program.limits.memory.as_deref()),
        },
        restart: restart(program.restart.as_deref(), &mut fields),
        success_codes: program.success_codes.clone().unwrap_or_else(|| vec![0]),
        backoff: backoff(&program.backoff, &mut fields.below("backoff")),
        stable_after: fields.duration(
            "backoff.stable_after",
            program.backoff.stable_after.as_deref(),
            SECOND * 60,
        ),
        limit: RestartLimit {
            max_restarts: fields.integer("max_restarts", program.max_restarts.as_ref(), 10),
            window: fields.duration("restart_window", program.restart_window.as_deref(), SECOND * 600),
        },
        stop: StopSpec {
            signal: signal("stop.signal", program.stop.signal.as_deref().unwrap_or("TERM"), &mut fields),
            grace: fields.duration("stop.grace", program.stop.grace.as_deref(), SECOND * 10),
            unhealthy_grace: fields.duration(
                "stop.unhealthy_grace",
                program.stop.unhealthy_grace.as_deref(),
                SECOND * 2,
            ),
        },
        ready_after: fields.duration("ready_after", program.ready_after.as_deref(), SECOND),
        startup: program.startup.as_ref().map(|p| probe(p, &mut fields.below("startup"), Role::Startup)),
        readiness: program.readiness.as_ref().map(|p| probe(p, &mut fields.below("readiness"), Role::Steady)),
        liveness: program.liveness.as_ref().map(|p| probe(p, &mut fields.below("liveness"), Role::Steady)),
        hang: program.hang.as_ref().map(|p| hang(p, &mut fields.below("hang"))),
        stdout_log,
        stderr_log,
        forward_signals: program
            .forward_signals
            .iter()
            .map(|name| signal("forward_signals", name, &mut fields))
            .collect(),
        name: unique,
    }
}

fn restart(value: Option<&str>, fields: &mut Fields<'_>) -> RestartPolicy {
    match fields.text("restart", value.unwrap_or("always")).as_str() {
        "always" => RestartPolicy::Always,
        "on-failure" => RestartPolicy::OnFailure,
        "never" => RestartPolicy::Never,
        other => {
            fields.fault("restart", format!("`{other}`: expected always, on-failure or never"));
            RestartPolicy::Never
        }
    }
}

fn backoff(backoff: &file::Backoff, fields: &mut Fields<'_>) -> Backoff {
    let initial = fields.duration("initial", backoff.initial.as_deref(), SECOND);
    let cap = fields.duration("cap", backoff.cap.as_deref(), SECOND * 60);
    let factor = fields.float("factor", backoff.factor.as_ref(), 2.0);
    let jitter = fields.float("jitter", backoff.jitter.as_ref(), 0.1);
    Backoff::try_new(initial, cap, factor, jitter).unwrap_or_else(|error| {
        fields.fault("initial", error);
        Backoff::default()
    })
}

fn signal(key: &str, name: &str, fields: &mut Fields<'_>) -> Signal {
    let name = fields.text(key, name);
    let long = if name.starts_with("SIG") { name.clone() } else { format!("SIG{name}") };
    long.parse().unwrap_or_else(|_| {
        fields.fault(key, format!("`{name}`: expected a signal such as TERM, INT, QUIT or USR1"));
        Signal::SIGTERM
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Startup,
    Steady,
}

fn probe(probe: &file::Probe, fields: &mut Fields<'_>, role: Role) -> ProbeSpec {
    let check = match (&probe.http, &probe.tcp, &probe.command) {
        (Some(url), None, None) => Check::Http(fields.url("http", url)),
        (None, Some(address), None) => {
            let address = fields.text("tcp", address);
            let port = address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
            if port.is_none() {
                fields.fault("tcp", format!("`{address}`: expected host:port"));
            }
            Check::Tcp(address)
        }
        (None, None, Some(command)) => Check::Command(fields.words("command", command)),
        _ => {
            fields.fault("http", "a probe has exactly one of http, tcp and command");
            Check::Command(Vec::new())
        }
    };
    let startup = role == Role::Startup;
    if startup && probe.failures.is_some() {
        fields.fault("failures", "a startup probe has no number of failures, but a deadline");
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
    for (key, value) in [("period", spec.period), ("timeout", spec.timeout), ("deadline", spec.deadline)] {
        if value < Duration::from_millis(10) {
            fields.fault(key, "must be at least 10ms");
        }
    }
    spec
}

fn hang(hang: &file::Hang, fields: &mut Fields<'_>) -> HangSpec {
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
        fields.fault("canary.body", format!("no JSON: {error}"));
    }
    spec
}

/// Looks the account up, so that a name that doesn't exist is found before anything starts.
fn account(program: &file::Program, fields: &mut Fields<'_>) -> Option<Account> {
    if program.user.is_none() && program.group.is_none() {
        return None;
    }
    let name = fields.text("user", program.user.as_deref().unwrap_or_default());
    let user = match name.parse::<u32>() {
        _ if name.is_empty() => User::from_uid(Uid::current()),
        Ok(id) => User::from_uid(Uid::from_raw(id)),
        Err(_) => User::from_name(&name),
    };
    let Ok(Some(user)) = user else {
        fields.fault("user", format!("there is no user `{name}`"));
        return None;
    };
    let mut gid = user.gid;
    if let Some(group) = &program.group {
        let group = fields.text("group", group);
        let found = match group.parse::<u32>() {
            Ok(id) => Group::from_gid(Gid::from_raw(id)),
            Err(_) => Group::from_name(&group),
        };
        match found {
            Ok(Some(found)) => gid = found.gid,
            _ => fields.fault("group", format!("there is no group `{group}`")),
        }
    }
    let own = (Uid::effective(), Gid::effective());
    if (user.uid, gid) == own {
        return None;
    }
    if !own.0.is_root() {
        fields.fault("user", format!("only root can run programs as another user than `{}`", own.0));
        return None;
    }
    let groups = std::ffi::CString::new(user.name).ok().and_then(|name| getgrouplist(&name, gid).ok());
    let groups = groups.unwrap_or_else(|| vec![gid]).into_iter().map(Gid::as_raw).collect();
    Some(Account { uid: user.uid.as_raw(), gid: gid.as_raw(), groups })
}
