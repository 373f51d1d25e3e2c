//! Values at their extremes, and texts that would do harm.

use crate::{
    bed::{Bed, eventually},
    files::faults,
};

/// Every key with a time, a number or a size, in a table that needs nothing else.
const TIMES: &[&str] = &[
    "supervisor.health_report",
    "supervisor.hook_grace",
    "program.a.backoff.initial",
    "program.a.backoff.cap",
    "program.a.backoff.stable_after",
    "program.a.restart_window",
    "program.a.stop.grace",
    "program.a.stop.unhealthy_grace",
    "program.a.ready_after",
    "program.a.before_start_timeout",
    "program.a.startup.period",
    "program.a.startup.timeout",
    "program.a.startup.deadline",
    "program.a.readiness.period",
    "program.a.liveness.timeout",
    "program.a.hang.stall",
    "program.a.hang.period",
    "program.a.hang.canary.every",
    "hook.timeout",
    "schedule.timeout",
];
const NUMBERS: &[&str] = &[
    "log.backups",
    "program.a.replicas",
    "program.a.max_restarts",
    "program.a.backoff.factor",
    "program.a.backoff.jitter",
    "program.a.limits.nofile",
    "program.a.limits.nproc",
    "program.a.oom_score_adj",
    "program.a.readiness.failures",
    "program.a.liveness.successes",
];
const SIZES: &[&str] =
    &["log.max_size", "program.a.limits.core", "program.a.limits.memory", "program.a.limits.memlock"];

/// A file with one value.
fn with(key: &str, value: &str) -> String {
    let mut text = String::from("program.a.command = [\"true\"]\nprogram.a.restart = \"never\"\n");
    for probe in ["startup", "readiness", "liveness"] {
        if key.contains(probe) {
            text += &format!("program.a.{probe}.command = [\"true\"]\n");
        }
    }
    if key.contains("hang") {
        text += "program.a.hang.metrics = \"http://127.0.0.1:1/\"\n";
    }
    if key.contains("canary") {
        text += "program.a.hang.canary.http = \"http://127.0.0.1:1/\"\nprogram.a.hang.canary.body = \"{}\"\n";
    }
    match key.split_once('.') {
        Some(("hook", key)) => {
            text + &format!("[[hook]]\non = [\"ready\"]\ncommand = [\"true\"]\n{key} = {value}\n")
        }
        Some(("schedule", key)) => {
            text + &format!(
                "[[schedule]]\nname = \"s\"\ncron = \"* * * * * *\"\ncommand = [\"true\"]\n{key} = {value}\n"
            )
        }
        _ => text + &format!("{key} = {value}\n"),
    }
}

#[test]
fn extremes_are_refused_or_do_no_harm() {
    let directory = tempfile::tempdir().unwrap();
    let times = [
        "\"0s\"",
        "\"1ns\"",
        "\"10ms\"",
        "\"3650d\"",
        "\"3651d\"",
        "\"584542046090y\"",
        "\"18446744073709551615s\"",
        "\"-1s\"",
        "\"\"",
        "\"soon\"",
        "5",
        "-1",
        "1e300",
        "true",
        "[]",
        "\"1 s 2\"",
    ];
    let numbers = [
        "0",
        "1",
        "-1",
        "2147483648",
        "4294967295",
        "9223372036854775807",
        "-9223372036854775808",
        "99999999999999999999",
        "1e308",
        "-1e308",
        "nan",
        "inf",
        "\"\"",
        "\"x\"",
        "\"18446744073709551615\"",
        "[]",
    ];
    let sizes = [
        "0",
        "1",
        "-1",
        "4096",
        "9223372036854775807",
        "\"18446744073709551615\"",
        "\"99999999999999999999EB\"",
        "\"16EiB\"",
        "\"\"",
        "\"-1MB\"",
        "\"nan\"",
        "1.5",
        "true",
    ];
    let all = TIMES.iter().map(|key| (key, &times[..]));
    let all = all.chain(NUMBERS.iter().map(|key| (key, &numbers[..])));
    for (key, values) in all.chain(SIZES.iter().map(|key| (key, &sizes[..]))) {
        for value in values {
            let text = with(key, value);
            let path = directory.path().join("own.toml");
            std::fs::write(&path, &text).unwrap();
            // In this process, as there are hundreds; a panic would end the test.
            let variables = svara_supervisor::config::Variables::default();
            match svara_supervisor::config::load(&path, &variables) {
                Ok(_) => {}
                Err(error) => {
                    let words = error.describe(&path);
                    let last = key.rsplit('.').next().unwrap();
                    assert!(
                        words.contains("line ")
                            && (words.contains(last)
                                || words.contains("canary")
                                || words.contains("backoff")
                                || words.contains("hang")),
                        "{key} = {value}: {words}"
                    );
                    assert!(words.is_ascii() || words.contains('…'), "{words}");
                }
            }
        }
    }
}

#[test]
fn accepted_extremes_run() {
    // All at once: the longest times, the largest counts.
    let text = "supervisor.health_report = \"3650d\"\nsupervisor.hook_grace = \"1h\"\n\
        [program.a]\ncommand = [\"sleep\", \"1000\"]\nready_after = \"0s\"\nmax_restarts = 1000000\nrestart_window = \"3650d\"\n\
        stop = { grace = \"3650d\", unhealthy_grace = \"3650d\" }\n\
        backoff = { initial = \"3650d\", cap = \"3650d\", factor = 10, jitter = 1, stable_after = \"3650d\" }\n\
        [program.a.readiness]\ncommand = [\"true\"]\nperiod = \"3650d\"\ntimeout = \"3650d\"\nfailures = 100000\n\
        [program.a.liveness]\ncommand = [\"true\"]\nperiod = \"3650d\"\ntimeout = \"3650d\"\n\
        [program.a.hang]\nmetrics = \"http://127.0.0.1:1/\"\nstall = \"3650d\"\nperiod = \"3650d\"\n\
        [program.b]\ncommand = [\"false\"]\nbackoff = { initial = \"3650d\", cap = \"3650d\" }\n\
        [program.b.startup]\ncommand = [\"false\"]\nperiod = \"3650d\"\ntimeout = \"3650d\"\ndeadline = \"3650d\"\n\
        [[hook]]\non = [\"ready\"]\ncommand = [\"true\"]\ntimeout = \"1d\"\n\
        [[schedule]]\nname = \"s\"\ncron = \"0 0 29 2 *\"\ncommand = [\"true\"]\ntimeout = \"3650d\"\n";
    let mut bed = Bed::start(text);
    bed.event("a", svara_supervisor::events::Kind::Ready);
    eventually("it waits", || bed.status("b").state == "backoff");
    bed.stop("a");
    bed.command(&["shutdown"]);
    assert_eq!(bed.ended().code(), Some(0));
}

#[test]
fn harmful_texts_are_refused() {
    let table = [
        ("command = [\"\"]", "program.a.command: the program file must not be empty"),
        ("command = [\"${NOPE:-}\"]", "program.a.command: the program file must not be empty"),
        (
            "command = [\"sleep\", 100, true]",
            "program.a.command: expected a list of texts, each in quotes: command = [\"sleep\", \"100\", \"true\"]",
        ),
        ("command = [\"a\"]\numask = 27", "program.a.umask: expected text in quotes: umask = \"27\""),
        (
            "command = [\"a\"]\nreplicas = true",
            "program.a.replicas: `true`: expected a whole number from 1 to 64",
        ),
        (
            "command = [\"a\"]\nessential = \"perhaps\"",
            "program.a.essential: `perhaps`: expected true or false",
        ),
        ("command = [\"a\"]\n[hook]\non = [\"failed\"]", "hook: expected tables: [[hook]]"),
        ("command = []", "program.a.command: must contain at least the program file"),
        ("command = [\"a\\u0000b\"]", "program.a.command: `a"),
        ("command = [\"a\"]\nbefore_start = [\"\"]", "program.a.before_start: the program file"),
        ("command = [\"a\"]\nstop_command = []", "program.a.stop_command: must contain"),
        ("command = [\"a\"]\ndirectory = \"\"", "program.a.directory: must not be empty"),
        ("command = [\"a\"]\nstdout_log = \"\"", "program.a.stdout_log: expected a file, or none"),
        ("command = [\"a\"]\nenvironment = { \"A=B\" = \"x\" }", "`A=B`: a name must not be empty"),
        ("command = [\"a\"]\nenvironment = { A = \"x\\u0000\" }", "must not contain a zero byte"),
        ("command = [\"a\"]\nsuccess_codes = [256, -1]", "`256`: an exit code is from 0 to 255"),
        ("command = [\"a\"]\nstop.signal = \"STOP\"", "`STOP`: expected a signal that ends a program"),
        ("command = [\"a\"]\nforward_signals = [\"KILL\"]", "`KILL`: expected one of TERM, INT"),
        ("command = [\"a\"]\nlimits.nofile = 3", "program.a.limits.nofile: must be at least 16"),
        ("command = [\"a\"]\nlimits.memory = 1024", "program.a.limits.memory: must be at least 1MiB"),
        ("command = [\"a\"]\nreadiness.command = [\"\"]", "program.a.readiness.command: the program file"),
        ("command = [\"a\"]\nreadiness.tcp = \"a:0\"", "program.a.readiness.tcp: `a:0`: expected host:port"),
        ("command = [\"a\"]\nreadiness.http = \"http://a:99999/\"", "expected http://host[:port]/path"),
        ("command = [\"a\"]\nreadiness.http = \"http://a b/\"", "expected http://host[:port]/path"),
        ("command = [\"a\"]\nreadiness.log = \"\"", "program.a.readiness.log: must be a part of the line"),
        ("command = [\"a\"]\nliveness.log = \"x\"", "program.a.liveness.log: a line tells once"),
        (
            "command = [\"a\"]\nuser = \"no-such-user\"",
            "there is no user `no-such-user`; a number needs no entry",
        ),
        (
            "command = [\"a\"]\nstop.grace = \"5 parsecs\"",
            "expected a time such as 500ms, 30s, 15m or 1h 30m",
        ),
        ("command = [\"a\"]\nbackoff.factor = \"x\"", "expected a number such as 2 or 0.1"),
        ("command = [\"sh\", \"-c\", \"echo $((i+1))\"]", "write $$((…)) for a sum of the script's own"),
        ("command = [\"sh\", \"-c\", \"echo $HOME\"]", "$$ for a dollar sign, as in a script's own $$NAME"),
        ("command = [\"a\"]\n[groups]\nb = [\"x\"]", "groups.b: there is no program `x`; programs are: a"),
        ("command = [\"a\"]\n[groups]\na = [\"a\"]", "groups.a: `a`: expected a name of letters"),
        (
            "command = [\"a\"]\n[supervisor]\nsocket_group = \"no-such-group\"",
            "there is no group `no-such-group`",
        ),
        (
            "command = [\"a\"]\n[[schedule]]\nname = \"s\"\ncron = \"61 * * * *\"\ncommand = [\"x\"]",
            "minute (0-59), hour (0-23)",
        ),
        (
            "command = [\"a\"]\n[[schedule]]\nname = \"s\"\ncron = \"0 0 30 2 *\"\ncommand = [\"x\"]",
            "`0 0 30 2 *`: this time never comes",
        ),
        (
            "command = [\"a\"]\n[[hook]]\non = []\ncommand = [\"x\"]",
            "hook[0].on: must name at least one event",
        ),
    ];
    for (keys, fault) in table {
        let found = faults(&format!("[program.a]\n{keys}\n"));
        assert!(found.contains(fault), "{keys}\n{found}");
    }
    for keys in ["restart = \"${NOPE}\"", "user = \"$x\"", "stop.signal = \"${NOPE}\""] {
        let found = faults(&format!("[program.a]\ncommand = [\"a\"]\n{keys}\n"));
        assert_eq!(found.lines().count(), 1, "{keys}\n{found}");
    }
    let long = format!("[supervisor]\nsocket = \"/{}\"\n[program.a]\ncommand = [\"a\"]\n", "x".repeat(200));
    assert!(faults(&long).contains("line 2: supervisor.socket: must not be longer than 107 bytes"));
}
