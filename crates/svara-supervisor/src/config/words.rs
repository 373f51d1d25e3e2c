//! What to write in place of a key that doesn't exist.

use super::shape::Key;

/// supervisord's words for a program, and ours.
const PROGRAM: &[(&str, &str)] = &[
    ("priority", "write `after = [\"OTHER\"]`: the program starts when OTHER is ready, and stops before it"),
    ("depends_on", "write `after = [\"OTHER\"]`"),
    ("autorestart", "write `restart = \"always\"` (true), \"on-failure\" (unexpected) or \"never\" (false)"),
    ("startsecs", "write `ready_after = \"10s\"`, or better, a startup probe (`[program.NAME.startup]`)"),
    ("startretries", "write `max_restarts = 3` and `restart_window = \"10m\"`"),
    ("stopwaitsecs", "write `stop = { grace = \"10s\" }`"),
    ("stopsignal", "write `stop = { signal = \"TERM\" }`"),
    ("stopasgroup", "leave it out: all processes of the program are always stopped"),
    ("killasgroup", "leave it out: all processes of the program are always killed"),
    ("exitcodes", "write `success_codes = [0]`"),
    ("numprocs", "write `replicas = 2`; `${INDEX}` is the number of each"),
    ("numprocs_start", "write `replicas`; `$((${INDEX} + 10))` counts from 10"),
    ("process_name", "leave it out: replicas are named NAME-0, NAME-1 and so on"),
    ("stdout_logfile", "write `stdout_log = \"FILE\"`, or \"none\""),
    ("stderr_logfile", "write `stderr_log = \"FILE\"`, or \"none\""),
    ("redirect_stderr", "write the same file for `stdout_log` and `stderr_log`"),
    ("stdout_logfile_maxbytes", "write `max_size` in `[log]`"),
    ("stderr_logfile_maxbytes", "write `max_size` in `[log]`"),
    ("stdout_logfile_backups", "write `backups` in `[log]`"),
    ("stderr_logfile_backups", "write `backups` in `[log]`"),
    ("env_file", "write `env_files = [\"FILE\"]`"),
    ("env", "write `environment = { NAME = \"value\" }`"),
    ("args", "write them into `command`"),
    ("healthcheck", "write `[program.NAME.readiness]` or `[program.NAME.liveness]`"),
    ("serverurl", "leave it out: commands find the socket in $SVARA_SUPERVISOR_SOCKET"),
];

/// supervisord's words elsewhere.
const FILE: &[(&str, &str)] = &[
    ("supervisord", "write `[supervisor]` and `[log]`"),
    ("unix_http_server", "write `socket` in `[supervisor]`"),
    ("inet_http_server", "leave it out: commands use the socket only"),
    ("supervisorctl", "leave it out: commands find the socket in $SVARA_SUPERVISOR_SOCKET"),
    ("rpcinterface", "leave it out"),
    ("group", "write `[groups]` with `NAME = [\"PROGRAM\", \"PROGRAM\"]`"),
    ("eventlistener", "write `[[hook]]`"),
    ("programs", "write `[program.NAME]`"),
    ("logfile", "write `directory` in `[log]`; the supervisor's own file is `supervisor.log`"),
    ("logfile_maxbytes", "write `max_size` in `[log]`"),
    ("logfile_backups", "write `backups` in `[log]`"),
    ("loglevel", "leave it out: there is one level, events"),
    ("nodaemon", "leave it out: the supervisor always stays in the foreground"),
    ("pidfile", "leave it out: `svara-supervisor status --json` has its process id"),
    ("minfds", "write `limits = { nofile = 65536 }` for a program"),
    ("minprocs", "write `limits = { nproc = 4096 }` for a program"),
    ("umask", "write `umask` for a program or in `[defaults]`"),
    ("user", "write `user` for a program or in `[defaults]`"),
    ("chmod", "leave it out: the socket has mode 0600, or 0660 with `socket_group`"),
    ("chown", "write `socket_group`"),
    ("file", "write `socket`"),
];

/// What is wrong with this key of the table at `path`, and what to write.
pub(super) fn unknown(path: &str, name: &str, keys: &[Key]) -> String {
    let depth = path.split('.').count();
    let is_program = path.starts_with("program.") && depth == 2 || path == "defaults";
    let table = if is_program { PROGRAM } else { FILE };
    let hint = table.iter().find(|(old, _)| *old == name && (is_program || depth <= 2));
    let known: Vec<&str> = keys.iter().map(|(known, _)| *known).collect();
    let near = known.iter().map(|known| (distance(name, known), *known)).min();
    match (hint, near) {
        (Some((_, hint)), _) => format!("there is no such key; {hint}"),
        (None, Some((steps, near))) if steps <= 2 && steps * 3 <= near.len() + 1 => {
            format!("there is no such key; did you mean `{near}`? Keys here are: {}", known.join(", "))
        }
        _ => format!("there is no such key; keys here are: {}", known.join(", ")),
    }
}

/// How many letters must be added, left out or changed to get from one word to the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (at, letter) in (1..).zip(one.chars().take(64)) {
        let mut diagonal = at - 1;
        let mut left = at;
        for (cell, wanted) in row.iter_mut().skip(1).zip(other.chars()) {
            let change = diagonal + usize::from(letter != wanted);
            diagonal = *cell;
            left = change.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = at;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn distances_count_letters() {
        for (one, other, steps) in [
            ("restart", "restart", 0),
            ("restrat", "restart", 2),
            ("", "ab", 2),
            ("env", "envs", 1),
            ("x", "y", 1),
        ] {
            assert_eq!(super::distance(one, other), steps, "{one} {other}");
        }
    }
}
