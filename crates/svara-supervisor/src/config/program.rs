//! Resolves a `[program.NAME]` table into its replicas.

use std::{collections::BTreeMap, path::Path, time::Duration};

use nix::sys::signal::Signal;

use super::{
    Variables,
    account::account,
    environment::{environment, passed},
    fault::Fault,
    field::{Fields, LONGEST, SHORTEST},
    file,
    probe::{Role, hang, probe},
    types::{Limits, ProgramSpec, StopSpec},
};
use crate::{
    policy::{Backoff, InvalidBackoff, RestartLimit, RestartPolicy},
    process::default_oom_score,
};

/// More replicas than this are most likely a typo.
pub const MAX_REPLICAS: u32 = 64;

/// More restarts than this never come, and each is remembered for a while.
const MAX_RESTARTS: u32 = 1_000_000;

const SECOND: Duration = Duration::from_secs(1);

/// No program starts in less memory.
const LEAST_MEMORY: u64 = 1 << 20;

/// The signals that the supervisor may pass on.
pub const FORWARDED: [Signal; 6] =
    [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR2];

/// What all programs share.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// Where the log files are.
    pub(super) logs: &'a Path,
    /// Where the first file is.
    pub(super) directory: &'a Path,
    pub(super) variables: &'a Variables,
    /// Numbers of replicas that an operator has asked for.
    pub(super) scaled: &'a BTreeMap<String, u32>,
}

/// The replicas of a program; none if it is disabled.
pub(super) fn resolve_program(
    name: &str,
    program: &file::Program,
    context: Context<'_>,
    faults: &mut Vec<Fault>,
) -> Vec<ProgramSpec> {
    let variables = context.variables;
    let table = format!("program.{name}");
    let mut fields = Fields { table: table.clone(), variables, faults };
    if name == "all" || !is_word(name) {
        let message = "a name must have 1 to 64 letters, digits, `_` or `-`, and must not be `all`";
        fields.faults.push(Fault::new(table.clone(), message));
    }
    if !fields.switch("enabled", program.enabled.as_ref(), true) {
        return Vec::new();
    }
    let in_file = fields.integer("replicas", program.replicas.as_ref(), 1, 1..=MAX_REPLICAS);
    let replicas = context.scaled.get(name).copied().unwrap_or(in_file).clamp(1, MAX_REPLICAS);
    let mut specs = Vec::new();
    for index in 0..replicas {
        // One that is left of several is still called as one of them, so that `scale` leaves it alone.
        let unique = if replicas.max(in_file) == 1 { name.to_owned() } else { format!("{name}-{index}") };
        let variables = variables.with("INDEX", &index.to_string());
        // Report a fault in the table once, not once per replica.
        let mut found = Vec::new();
        let fields = Fields { table: table.clone(), variables: &variables, faults: &mut found };
        specs.push(replica(unique, name, program, context, fields));
        let new: Vec<Fault> = found.into_iter().filter(|fault| !faults.contains(fault)).collect();
        faults.extend(new);
    }
    specs
}

/// Whether a name may be part of a file's name.
pub fn is_word(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (1..=64).contains(&name.len()) && name.chars().all(fits)
}

fn replica(
    unique: String,
    name: &str,
    program: &file::Program,
    context: Context<'_>,
    mut fields: Fields<'_>,
) -> ProgramSpec {
    let mut command = fields.words("command", &program.command);
    if let Some(extra) = &program.extra_args {
        let extra = fields.text("extra_args", extra);
        match shlex::split(&extra) {
            Some(words) => command.extend(words),
            // A key may be among them.
            None => fields.fault("extra_args", "unclosed quote"),
        }
    }
    let environment = environment(program, context.directory, &mut fields);
    let passed = program.pass_environment.as_ref().map(|names| passed(names, &mut fields));
    let directory = program.directory.as_deref().map(|path| fields.path("directory", Some(path), ""));
    let log = |fields: &mut Fields<'_>, key: &str, value: Option<&str>, default: String| {
        let path = fields.text(key, value.unwrap_or(&default));
        if path.is_empty() {
            fields.fault(key, "expected a file, or none");
        } else if names_directory(&path) {
            fields.fault(key, format!("`{path}` is a directory; expected a file, or none"));
        }
        (path != "none").then(|| context.logs.join(path))
    };
    let stdout_log = log(&mut fields, "stdout_log", program.stdout_log.as_deref(), format!("{unique}.log"));
    let stderr_log =
        log(&mut fields, "stderr_log", program.stderr_log.as_deref(), format!("{unique}_error.log"));
    ProgramSpec {
        program: name.to_owned(),
        aliases: program.aliases.iter().map(|alias| alias_of(alias, &mut fields)).collect(),
        command,
        directory,
        passed,
        environment,
        autostart: fields.switch("autostart", program.autostart.as_ref(), true),
        essential: fields.switch("essential", program.essential.as_ref(), false),
        after: program.after.clone(),
        after_programs: program.after.clone(),
        account: account(program, &mut fields),
        limits: limits(program, &mut fields),
        before_start: program.before_start.as_ref().map(|words| fields.words("before_start", words)),
        before_start_timeout: fields.duration_in(
            "before_start_timeout",
            program.before_start_timeout.as_deref(),
            SECOND * 60,
            SHORTEST..=LONGEST,
        ),
        stop_command: program.stop_command.as_ref().map(|words| fields.words("stop_command", words)),
        restart: restart(program.restart.as_deref(), &mut fields),
        success_codes: success_codes(program.success_codes.as_deref(), &mut fields),
        backoff: backoff(&program.backoff, &mut fields.below("backoff")),
        stable_after: fields.duration(
            "backoff.stable_after",
            program.backoff.stable_after.as_deref(),
            SECOND * 60,
        ),
        limit: RestartLimit {
            max_restarts: match &program.max_restarts {
                // As many as fit into the count.
                Some(file::Scalar::Text(text)) if text == "unlimited" => u32::MAX,
                other => fields.integer("max_restarts", other.as_ref(), 10, 0..=MAX_RESTARTS),
            },
            window: fields.duration_in(
                "restart_window",
                program.restart_window.as_deref(),
                SECOND * 600,
                SHORTEST..=LONGEST,
            ),
        },
        stop: StopSpec {
            signal: stop_signal(program.stop.signal.as_deref().unwrap_or("TERM"), &mut fields),
            grace: fields.duration("stop.grace", program.stop.grace.as_deref(), SECOND * 10),
            unhealthy_grace: fields.duration(
                "stop.unhealthy_grace",
                program.stop.unhealthy_grace.as_deref(),
                SECOND * 2,
            ),
        },
        ready_after: fields.duration("ready_after", program.ready_after.as_deref(), SECOND),
        startup: program.startup.as_ref().map(|p| probe(p, &mut fields.below("startup"), Role::Startup)),
        readiness: program
            .readiness
            .as_ref()
            .map(|p| probe(p, &mut fields.below("readiness"), Role::Readiness)),
        liveness: program.liveness.as_ref().map(|p| probe(p, &mut fields.below("liveness"), Role::Liveness)),
        hang: program.hang.as_ref().map(|p| hang(p, &mut fields.below("hang"))),
        stdout_log,
        stderr_log,
        forward_signals: program.forward_signals.iter().map(|name| forwarded(name, &mut fields)).collect(),
        name: unique,
    }
}

/// Whether a path can only be a directory's.
pub(super) fn names_directory(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|last| matches!(last, "" | "." | ".."))
}

/// Another name, which may be of one replica only.
fn alias_of(text: &str, fields: &mut Fields<'_>) -> String {
    let before = fields.faults.len();
    let alias = fields.text("aliases", text);
    if fields.faults.len() == before && (alias == "all" || !is_word(&alias)) {
        fields.fault("aliases", format!("`{alias}`: {NAME_OF_ITS_OWN}"));
    }
    alias
}

/// What a name must be by which operators call something else than a program.
pub(super) const NAME_OF_ITS_OWN: &str =
    "expected a name of letters, digits, `_` or `-` that nothing else has";

fn limits(program: &file::Program, fields: &mut Fields<'_>) -> Limits {
    let limits = &program.limits;
    let memory_bytes = fields.bytes("limits.memory", limits.memory.as_deref());
    if memory_bytes.is_some_and(|bytes| bytes < LEAST_MEMORY) {
        fields.fault("limits.memory", "must be at least 1MiB: a program can't start in less");
    }
    let mut number = |key: &str, value: &Option<file::Scalar>, least: u64| {
        value.as_ref().map(|value| fields.integer(key, Some(value), least, least..=i64::MAX as u64))
    };
    // Three are standard input, output and error, and libraries are opened as well.
    let (nofile, nproc) =
        (number("limits.nofile", &limits.nofile, 16), number("limits.nproc", &limits.nproc, 1));
    Limits {
        nofile,
        core_bytes: fields.bytes("limits.core", limits.core.as_deref()),
        memory_bytes,
        nproc,
        memlock_bytes: match limits.memlock.as_deref() {
            Some("unlimited") => Some(nix::sys::resource::RLIM_INFINITY),
            other => fields.bytes("limits.memlock", other),
        },
        umask: program.umask.as_deref().and_then(|mask| fields.octal("umask", mask)),
        oom_score_adj: Some(oom_score(program.oom_score_adj.as_ref(), fields)),
    }
}

/// Above ours, so that the kernel kills a program before the supervisor.
fn oom_score(value: Option<&file::Scalar>, fields: &mut Fields<'_>) -> String {
    let score: i32 = fields.integer("oom_score_adj", value, default_oom_score(), i32::MIN..=i32::MAX);
    if !(-1000..=1000).contains(&score) {
        fields.fault("oom_score_adj", "must be between -1000 and 1000");
    }
    score.to_string()
}

fn success_codes(codes: Option<&[i64]>, fields: &mut Fields<'_>) -> Vec<i32> {
    let mut found = Vec::new();
    for code in codes.unwrap_or(&[0]) {
        match i32::try_from(*code).ok().filter(|code| (0..=255).contains(code)) {
            Some(code) => found.push(code),
            None => fields.fault("success_codes", format!("`{code}`: an exit code is from 0 to 255")),
        }
    }
    found
}

/// A signal that ends a program.
fn stop_signal(name: &str, fields: &mut Fields<'_>) -> Signal {
    let signal = signal("stop.signal", name, fields);
    let others = [
        Signal::SIGSTOP,
        Signal::SIGTSTP,
        Signal::SIGTTIN,
        Signal::SIGTTOU,
        Signal::SIGCONT,
        Signal::SIGCHLD,
        Signal::SIGURG,
        Signal::SIGWINCH,
    ];
    if others.contains(&signal) {
        fields.fault(
            "stop.signal",
            format!("`{name}`: expected a signal that ends a program, such as TERM or INT"),
        );
    }
    signal
}

/// A signal that the supervisor gets and passes on.
fn forwarded(name: &str, fields: &mut Fields<'_>) -> Signal {
    let signal = signal("forward_signals", name, fields);
    if !FORWARDED.contains(&signal) {
        let names = FORWARDED.map(|signal| signal.as_str().trim_start_matches("SIG"));
        fields.fault("forward_signals", format!("`{name}`: expected one of {}", names.join(", ")));
    }
    signal
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
    let words = humantime::format_duration;
    match Backoff::try_new(initial, cap, factor, jitter) {
        Ok(backoff) => return backoff,
        Err(all) => {
            for fault in all {
                match fault {
                    // One of the two may be a default.
                    InvalidBackoff::Cap if backoff.cap.is_none() => {
                        fields.fault("initial", format!("must not be longer than cap, {}", words(cap)));
                    }
                    InvalidBackoff::Cap => {
                        fields.fault("cap", format!("must not be shorter than initial, {}", words(initial)));
                    }
                    InvalidBackoff::Factor => fields.fault("factor", "must be between 1 and 10"),
                    InvalidBackoff::Jitter => fields.fault("jitter", "must be between 0 and 1"),
                }
            }
        }
    }
    Backoff::default()
}

fn signal(key: &str, name: &str, fields: &mut Fields<'_>) -> Signal {
    let name = fields.text(key, name);
    parse_signal(&name).unwrap_or_else(|message| {
        fields.fault(key, message);
        Signal::SIGTERM
    })
}

/// Reads a signal's name, with or without `SIG`, or its number.
///
/// # Errors
/// What is expected.
pub fn parse_signal(name: &str) -> Result<Signal, String> {
    let upper = name.to_uppercase();
    let long = if upper.starts_with("SIG") { upper } else { format!("SIG{upper}") };
    let numbered = name.parse::<i32>().ok().and_then(|number| Signal::try_from(number).ok());
    numbered
        .or_else(|| long.parse().ok())
        .ok_or_else(|| format!("`{name}`: expected a signal such as TERM, INT, QUIT or USR1"))
}
