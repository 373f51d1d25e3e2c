//! Resolves a `[program.NAME]` table into its replicas.

use std::{path::Path, time::Duration};

use nix::sys::signal::Signal;

use super::{
    Variables,
    account::account,
    fault::Fault,
    field::Fields,
    file,
    probe::{Role, hang, probe},
    types::{Limits, ProgramSpec, StopSpec},
};
use crate::policy::{Backoff, RestartLimit, RestartPolicy};

/// More replicas than this are most likely a typo.
const MAX_REPLICAS: u32 = 64;

const SECOND: Duration = Duration::from_secs(1);

/// The replicas of a program; none if it is disabled.
pub(super) fn resolve_program(
    name: &str,
    program: &file::Program,
    log_directory: &Path,
    variables: &Variables,
    faults: &mut Vec<Fault>,
) -> Vec<ProgramSpec> {
    let table = format!("program.{name}");
    let mut fields = Fields { table: table.clone(), variables, faults };
    if name == "all" || !is_word(name) {
        fields.fault("name", "a name must have 1 to 64 letters, digits, `_` or `-`, and must not be `all`");
    }
    if !fields.switch("enabled", program.enabled.as_ref(), true) {
        return Vec::new();
    }
    let replicas = fields.integer("replicas", program.replicas.as_ref(), 1);
    if !(1..=MAX_REPLICAS).contains(&replicas) {
        fields.fault("replicas", format!("must be between 1 and {MAX_REPLICAS}"));
        return Vec::new();
    }
    let mut specs = Vec::new();
    for index in 0..replicas {
        let unique = if replicas == 1 { name.to_owned() } else { format!("{name}-{index}") };
        let variables = variables.with("INDEX", &index.to_string());
        // Report a fault in the table once, not once per replica.
        let mut found = Vec::new();
        let fields = Fields { table: table.clone(), variables: &variables, faults: &mut found };
        specs.push(replica(unique, name, program, log_directory, fields));
        let new: Vec<Fault> = found.into_iter().filter(|fault| !faults.contains(fault)).collect();
        faults.extend(new);
    }
    specs
}

/// Whether a name may be part of a file's name.
pub(super) fn is_word(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (1..=64).contains(&name.len()) && name.chars().all(fits)
}

fn replica(
    unique: String,
    name: &str,
    program: &file::Program,
    log_directory: &Path,
    mut fields: Fields<'_>,
) -> ProgramSpec {
    let mut command = fields.words("command", &program.command);
    if command.first().is_some_and(String::is_empty) && program.command.first().is_some_and(String::is_empty)
    {
        fields.fault("command", "the program file must not be empty");
    }
    if let Some(extra) = &program.extra_args {
        let extra = fields.text("extra_args", extra);
        match shlex::split(&extra) {
            Some(words) => command.extend(words),
            None => fields.fault("extra_args", format!("`{extra}`: unclosed quote")),
        }
    }
    let environment = program.environment.iter();
    for name in program.environment.keys().filter(|name| name.is_empty() || name.contains(['=', '\0'])) {
        fields.fault("environment", format!("`{name}`: a name must not be empty and must not contain `=`"));
    }
    let environment = environment
        .map(|(name, value)| (name.clone(), fields.text(&format!("environment.{name}"), value)))
        .collect();
    let directory = program.directory.as_deref().map(|path| fields.path("directory", Some(path), ""));
    let log = |fields: &mut Fields<'_>, key: &str, value: Option<&str>, default: String| {
        let path = fields.path(key, value, &default);
        if path.as_os_str().is_empty() {
            fields.fault(key, "expected a file, or none");
        }
        (path != Path::new("none")).then(|| log_directory.join(path))
    };
    let stdout_log = log(&mut fields, "stdout_log", program.stdout_log.as_deref(), format!("{unique}.log"));
    let stderr_log =
        log(&mut fields, "stderr_log", program.stderr_log.as_deref(), format!("{unique}_error.log"));
    ProgramSpec {
        program: name.to_owned(),
        aliases: program.aliases.clone(),
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
            nproc: program.limits.nproc.as_ref().map(|v| fields.integer("limits.nproc", Some(v), 1024)),
            memlock_bytes: match program.limits.memlock.as_deref() {
                Some("unlimited") => Some(nix::sys::resource::RLIM_INFINITY),
                other => fields.bytes("limits.memlock", other),
            },
            umask: program.umask.as_deref().and_then(|mask| fields.octal("umask", mask)),
            oom_score_adj: Some(oom_score(program.oom_score_adj.as_ref(), &mut fields)),
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
            max_restarts: match &program.max_restarts {
                // As many as fit into the count.
                Some(file::Scalar::Text(text)) if text == "unlimited" => u32::MAX,
                other => fields.integer("max_restarts", other.as_ref(), 10),
            },
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

/// Above ours, so that the kernel kills a program before the supervisor.
fn oom_score(value: Option<&file::Scalar>, fields: &mut Fields<'_>) -> String {
    let score: i32 = fields.integer("oom_score_adj", value, 500);
    if !(-1000..=1000).contains(&score) {
        fields.fault("oom_score_adj", "must be between -1000 and 1000");
    }
    score.to_string()
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
