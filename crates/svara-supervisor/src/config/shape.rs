//! Which keys a file may have, and what their values look like.

/// A key and its value.
pub(super) type Key = (&'static str, Shape);

/// What a value looks like in the file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Text in quotes.
    Text,
    /// A time in quotes.
    Duration,
    /// A size, as text or in bytes.
    Size,
    /// A number, `true`, `false`, or text that becomes one.
    Scalar,
    /// A command: a program file and its arguments.
    Words,
    /// A list of texts.
    Texts,
    /// A list of whole numbers.
    Integers,
    /// Variables: a table of texts.
    Variables,
    /// A table of lists of texts, by name.
    NamedTexts,
    /// A table with these keys.
    Table(&'static [Key]),
    /// Tables with these keys, by name.
    Named(&'static [Key]),
    /// A list of tables with these keys.
    Tables(&'static [Key]),
}

use Shape::{
    Duration, Integers, Named, NamedTexts, Scalar, Size, Table, Tables, Text, Texts, Variables, Words,
};

/// The main file.
pub(super) const FILE: &[Key] = &[
    ("supervisor", Table(SUPERVISOR)),
    ("log", Table(LOG)),
    ("include", Table(&[("files", Texts)])),
    ("defaults", Table(DEFAULTS)),
    ("groups", NamedTexts),
    ("program", Named(PROGRAM)),
    ("hook", Tables(HOOK)),
    ("sink", Named(SINK)),
    ("schedule", Tables(SCHEDULE)),
];

/// An included file.
pub(super) const INCLUDED: &[Key] = &[
    ("groups", NamedTexts),
    ("program", Named(PROGRAM)),
    ("hook", Tables(HOOK)),
    ("sink", Named(SINK)),
    ("schedule", Tables(SCHEDULE)),
];

const SUPERVISOR: &[Key] = &[
    ("socket", Text),
    ("socket_group", Text),
    ("metrics", Text),
    ("health_report", Duration),
    ("hook_grace", Duration),
    ("exit_when_done", Scalar),
];

const LOG: &[Key] = &[
    ("directory", Text),
    ("max_size", Size),
    ("backups", Scalar),
    ("timestamps", Scalar),
    ("format", Text),
    ("console", Scalar),
];

/// What all programs may have in common.
const DEFAULTS: &[Key] = &[
    ("autostart", Scalar),
    ("backoff", Table(BACKOFF)),
    ("before_start_timeout", Duration),
    ("directory", Text),
    ("env_files", Texts),
    ("environment", Variables),
    ("essential", Scalar),
    ("forward_signals", Texts),
    ("group", Text),
    ("limits", Table(LIMITS)),
    ("max_restarts", Scalar),
    ("oom_score_adj", Scalar),
    ("pass_environment", Texts),
    ("ready_after", Duration),
    ("restart", Text),
    ("restart_window", Duration),
    ("stderr_log", Text),
    ("stdout_log", Text),
    ("stop", Table(STOP)),
    ("success_codes", Integers),
    ("umask", Text),
    ("user", Text),
];

const PROGRAM: &[Key] = &[
    ("command", Words),
    ("extra_args", Text),
    ("before_start", Words),
    ("before_start_timeout", Duration),
    ("stop_command", Words),
    ("directory", Text),
    ("aliases", Texts),
    ("environment", Variables),
    ("env_files", Texts),
    ("pass_environment", Texts),
    ("enabled", Scalar),
    ("autostart", Scalar),
    ("essential", Scalar),
    ("replicas", Scalar),
    ("after", Texts),
    ("user", Text),
    ("group", Text),
    ("limits", Table(LIMITS)),
    ("umask", Text),
    ("oom_score_adj", Scalar),
    ("restart", Text),
    ("success_codes", Integers),
    ("backoff", Table(BACKOFF)),
    ("max_restarts", Scalar),
    ("restart_window", Duration),
    ("stop", Table(STOP)),
    ("ready_after", Duration),
    ("startup", Table(PROBE)),
    ("readiness", Table(PROBE)),
    ("liveness", Table(PROBE)),
    ("hang", Table(HANG)),
    ("stdout_log", Text),
    ("stderr_log", Text),
    ("forward_signals", Texts),
];

const LIMITS: &[Key] =
    &[("nofile", Scalar), ("core", Size), ("memory", Size), ("nproc", Scalar), ("memlock", Size)];

const BACKOFF: &[Key] = &[
    ("initial", Duration),
    ("cap", Duration),
    ("factor", Scalar),
    ("jitter", Scalar),
    ("stable_after", Duration),
];

const STOP: &[Key] = &[("signal", Text), ("grace", Duration), ("unhealthy_grace", Duration)];

const PROBE: &[Key] = &[
    ("http", Text),
    ("tcp", Text),
    ("command", Words),
    ("log", Text),
    ("period", Duration),
    ("timeout", Duration),
    ("failures", Scalar),
    ("successes", Scalar),
    ("deadline", Duration),
];

const HANG: &[Key] = &[
    ("metrics", Text),
    ("running", Text),
    ("progress", Text),
    ("stall", Duration),
    ("period", Duration),
    ("canary", Table(&[("http", Text), ("headers", Variables), ("body", Text), ("every", Duration)])),
];

const HOOK: &[Key] =
    &[("on", Texts), ("programs", Texts), ("command", Words), ("webhook", Text), ("timeout", Duration)];

const SINK: &[Key] = &[
    ("syslog", Text),
    ("command", Words),
    ("facility", Text),
    ("programs", Texts),
    ("streams", Texts),
    ("events", Scalar),
    ("format", Text),
    ("spool", Size),
    ("timeout", Duration),
    ("enabled", Scalar),
];

const SCHEDULE: &[Key] = &[
    ("name", Text),
    ("cron", Text),
    ("command", Words),
    ("timeout", Duration),
    ("enabled", Scalar),
    ("when_ready", Texts),
    ("timezone", Text),
    ("overlap", Scalar),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(table: &[Key], into: &mut BTreeSet<&'static str>) {
        for (name, shape) in table {
            into.insert(name);
            if let Table(inner) | Named(inner) | Tables(inner) = shape {
                keys(inner, into);
            }
        }
    }

    #[test]
    fn the_documentation_has_every_key() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/supervisor.md");
        let page = std::fs::read_to_string(path).unwrap();
        let words: BTreeSet<&str> = page.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
        let mut all = BTreeSet::new();
        keys(FILE, &mut all);
        let missing: Vec<_> = all.difference(&words).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
