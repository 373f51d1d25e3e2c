//! Turns the file into the checked configuration.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
    time::Duration,
};

use super::{
    Variables,
    fault::{ConfigError, Fault},
    field::Fields,
    file,
    program::{is_word, resolve_program},
    types::{Config, HookAction, HookSpec, LogConfig, ProgramSpec},
};
use crate::{events::Kind, graph::start_order, schedule::ScheduleSpec};

/// Reads and checks a file.
///
/// # Errors
/// See [`ConfigError`].
pub fn load(path: &Path, variables: &Variables) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    parse(&text, variables)
}

/// Checks the text of a file.
///
/// # Errors
/// See [`ConfigError`].
pub fn parse(text: &str, variables: &Variables) -> Result<Config, ConfigError> {
    let file: file::File = toml::from_str(text)?;
    let mut faults = Vec::new();
    let mut fields = Fields { table: String::new(), variables, faults: &mut faults };
    if file.program.is_empty() {
        fields.fault("program", "no programs; add at least one [program.NAME]");
    }
    let log = log(&file.log, &mut fields.below("log"));
    let mut programs = Vec::new();
    let mut disabled = Vec::new();
    for (name, program) in &file.program {
        match resolve_program(name, program, &log.directory, variables, fields.faults) {
            replicas if replicas.is_empty() => disabled.push(name.clone()),
            replicas => programs.extend(replicas),
        }
    }
    check_aliases(&file, &mut fields);
    let programs = in_order(&file, programs, &disabled, fields.faults);
    let mut hooks: Vec<_> =
        (0..).zip(&file.hook).map(|(n, hook)| resolve_hook(n, hook, &file, &mut fields)).collect();
    for hook in &mut hooks {
        hook.programs = replicas_of(&hook.programs, &programs);
    }
    let schedules = schedules(&file, &mut fields);
    let mut own = fields.below("supervisor");
    let config = Config {
        socket: own.path("socket", file.supervisor.socket.as_deref(), crate::control::DEFAULT_SOCKET),
        metrics: metrics_address(file.supervisor.metrics.as_deref().unwrap_or_default(), &mut own),
        health_report: Some(own.duration(
            "health_report",
            file.supervisor.health_report.as_deref(),
            Duration::from_secs(60),
        ))
        .filter(|every| !every.is_zero()),
        hook_grace: own.duration(
            "hook_grace",
            file.supervisor.hook_grace.as_deref(),
            Duration::from_secs(10),
        ),
        log,
        programs,
        disabled,
        hooks,
        schedules,
    };
    if faults.is_empty() { Ok(config) } else { Err(ConfigError::Faults(faults)) }
}

/// An alias names one program only.
fn check_aliases(file: &file::File, fields: &mut Fields<'_>) {
    let mut seen: BTreeSet<&String> = file.program.keys().collect();
    for (name, program) in &file.program {
        for alias in &program.aliases {
            if alias == "all" || !is_word(alias) || !seen.insert(alias) {
                let message = format!(
                    "`{alias}`: expected a name of letters, digits, `_` or `-` that no other program has"
                );
                fields.fault(&format!("program.{name}.aliases"), message);
            }
        }
    }
}

fn metrics_address(value: &str, fields: &mut Fields<'_>) -> Option<SocketAddr> {
    let address = fields.text("metrics", value);
    if address.is_empty() {
        return None;
    }
    let parsed = address.parse();
    if parsed.is_err() {
        fields.fault("metrics", format!("`{address}`: expected an address such as 127.0.0.1:9108"));
    }
    parsed.ok()
}

fn log(log: &file::Log, fields: &mut Fields<'_>) -> LogConfig {
    let json = match fields.text("format", log.format.as_deref().unwrap_or("text")).as_str() {
        "text" => false,
        "json" => true,
        other => {
            fields.fault("format", format!("`{other}`: expected text or json"));
            false
        }
    };
    let max_size_bytes = fields.bytes("max_size", log.max_size.as_deref()).unwrap_or(50 << 20);
    if max_size_bytes < 4096 {
        fields.fault("max_size", "must be at least 4 KiB");
    }
    LogConfig {
        directory: fields.path("directory", log.directory.as_deref(), "/var/log/supervisor"),
        max_size_bytes,
        backups: fields.integer("backups", log.backups.as_ref(), 10),
        timestamps: fields.switch("timestamps", log.timestamps.as_ref(), false),
        json,
        console: fields.switch("console", log.console.as_ref(), true),
    }
}

/// Checks the graph of programs (not replicas), sorts the replicas in start order and resolves `after` to names of
/// replicas. A disabled program counts as ready.
fn in_order(
    file: &file::File,
    mut programs: Vec<ProgramSpec>,
    disabled: &[String],
    faults: &mut Vec<Fault>,
) -> Vec<ProgramSpec> {
    let graph: BTreeMap<_, _> =
        file.program.iter().map(|(name, p)| (name.clone(), p.after.clone())).collect();
    let order = match start_order(&graph) {
        Ok(order) => order,
        Err(errors) => {
            faults.extend(errors.into_iter().map(Fault::from));
            return programs;
        }
    };
    let mut seen = BTreeSet::new();
    for spec in &programs {
        if !seen.insert(spec.name.clone()) {
            let key = format!("program.{}", spec.program);
            let message = format!("a replica would be named `{}`, like another program", spec.name);
            faults.push(Fault::Value { key, message });
        }
    }
    programs.sort_by_key(|spec| order.iter().position(|name| *name == spec.program));
    let replicas: Vec<(String, String)> =
        programs.iter().map(|spec| (spec.program.clone(), spec.name.clone())).collect();
    for spec in &mut programs {
        let needed = spec.after.iter().filter(|name| !disabled.contains(name));
        let needed = needed.flat_map(|name| replicas.iter().filter(move |(program, _)| program == name));
        spec.after = needed.map(|(_, replica)| replica.clone()).collect();
    }
    programs
}

/// Replaces names of programs with those of their replicas. A disabled program has none and keeps its name, which then
/// matches nothing.
fn replicas_of(names: &[String], programs: &[ProgramSpec]) -> Vec<String> {
    let of = |name: &String| {
        let replicas = programs.iter().filter(|spec| spec.program == *name).map(|spec| spec.name.clone());
        let replicas: Vec<String> = replicas.collect();
        if replicas.is_empty() { vec![name.clone()] } else { replicas }
    };
    names.iter().flat_map(of).collect()
}

fn resolve_hook(number: usize, hook: &file::Hook, file: &file::File, fields: &mut Fields<'_>) -> HookSpec {
    let mut fields = fields.below(&format!("hook[{number}]"));
    for name in hook.on.iter().filter(|name| !Kind::NAMES.contains(&name.as_str())) {
        fields.fault("on", format!("there is no event `{name}`; events are: {}", Kind::NAMES.join(", ")));
    }
    for name in hook.programs.iter().filter(|name| !file.program.contains_key(*name)) {
        fields.fault("programs", format!("there is no program `{name}`"));
    }
    let action = match (&hook.command, &hook.webhook) {
        (Some(command), None) => HookAction::Command(fields.words("command", command)),
        (None, Some(url)) => HookAction::Webhook(fields.url("webhook", url)),
        _ => {
            fields.fault("command", "needs either command or webhook");
            HookAction::Command(Vec::new())
        }
    };
    let timeout = fields.duration("timeout", hook.timeout.as_deref(), Duration::from_secs(10));
    HookSpec { on: hook.on.clone(), programs: hook.programs.clone(), action, timeout }
}

fn schedules(file: &file::File, fields: &mut Fields<'_>) -> Vec<ScheduleSpec> {
    let mut schedules = Vec::new();
    let mut names = BTreeSet::new();
    for schedule in &file.schedule {
        let mut fields = fields.below(&format!("schedule.{}", schedule.name));
        for name in schedule.when_ready.iter().filter(|name| !file.program.contains_key(*name)) {
            fields.fault("when_ready", format!("there is no program `{name}`"));
        }
        let expression = fields.text("cron", &schedule.cron);
        let cron = crate::schedule::parse_cron(&expression);
        let command = fields.words("command", &schedule.command);
        let timeout = fields.duration("timeout", schedule.timeout.as_deref(), Duration::from_secs(60));
        let enabled = fields.switch("enabled", schedule.enabled.as_ref(), true);
        let overlap = fields.switch("overlap", schedule.overlap.as_ref(), false);
        let zone = fields.text("timezone", schedule.timezone.as_deref().unwrap_or("UTC"));
        let timezone = zone.parse().unwrap_or_else(|_| {
            fields.fault("timezone", format!("`{zone}`: expected a time zone such as UTC or Asia/Kolkata"));
            chrono_tz::UTC
        });
        if !is_word(&schedule.name) {
            fields.fault("name", "must have 1 to 64 letters, digits, `_` or `-`: it names a log file");
        }
        if !names.insert(&schedule.name) {
            fields.fault("name", "there is another schedule of this name");
        }
        match cron {
            Ok(cron) if enabled => schedules.push(ScheduleSpec {
                name: schedule.name.clone(),
                cron,
                command,
                timeout,
                when_ready: schedule.when_ready.clone(),
                timezone,
                overlap,
            }),
            Ok(_) => {}
            Err(error) => fields.fault("cron", format!("`{expression}`: {error}")),
        }
    }
    schedules
}
