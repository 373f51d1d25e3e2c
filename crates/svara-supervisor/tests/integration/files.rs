//! All faults of the files at once, with their lines; includes, defaults and variables' files.

use std::{path::Path, process::Command};

use crate::bed::{Bed, eventually, program};

/// Exit code and output of `check` for a text as it is.
pub(crate) fn check(directory: &Path, text: &str) -> (i32, String) {
    let path = directory.join("own.toml");
    std::fs::write(&path, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .args(["check", "--config"])
        .arg(&path)
        .env_remove("NOPE")
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), text)
}

pub(crate) fn faults(text: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let (code, found) = check(directory.path(), text);
    assert_eq!(code, 64, "{text}\n{found}");
    found
}

#[test]
fn keys_types_and_values_are_all_reported_with_their_lines() {
    let text = r#"[supervisor]
socke = "x"
[log]
max_size = "huge"
[program.a]
command = "sleep 100 | cat"
autorestrat = true
priority = 5
success_codes = 0
stop = { grace = 30, signl = "TERM" }
[program.b]
command = ["b"]
environment = "A=1"
after = "a"
restart = "sometimes"
[program.b.liveness]
tcp = "nowhere"
perod = "1s"
[[hook]]
on = "failed"
[[hook]]
command = ["x"]
on = ["sneeze"]
[[schedule]]
cron = "* * * * *"
[strange]
"#;
    let found = faults(text);
    let expected = [
        "line 2: supervisor.socke: there is no such key; did you mean `socket`? Keys here are: socket,",
        "line 4: log.max_size: `huge`: expected a size such as 4096, 50MiB or 24GB",
        r#"line 6: program.a.command: expected a list of words: command = ["/bin/sh", "-c", "sleep 100 | cat"]"#,
        "line 7: program.a.autorestrat: there is no such key",
        "line 8: program.a.priority: there is no such key; write `after = [\"OTHER\"]`",
        "line 9: program.a.success_codes: expected a list of whole numbers: success_codes = [0]",
        "line 10: program.a.stop.grace: `30`: expected a time in quotes, with its unit: grace = \"30s\"",
        "line 10: program.a.stop.signl: there is no such key; did you mean `signal`?",
        "line 13: program.b.environment: expected a table of texts: environment = { NAME = \"value\" }",
        "line 14: program.b.after: expected a list: after = [\"a\"]",
        "line 15: program.b.restart: `sometimes`: expected always, on-failure or never",
        "line 17: program.b.liveness.tcp: `nowhere`: expected host:port",
        "line 18: program.b.liveness.perod: there is no such key; did you mean `period`?",
        "line 20: hook[0].on: expected a list: on = [\"failed\"]",
        "line 23: hook[1].on: there is no event `sneeze`; events are: ",
        "schedule[0].name: must have 1 to 64 letters",
        "schedule[0].command: must contain at least the program file",
        "line 26: strange: there is no such key; keys here are: supervisor, log,",
    ];
    for fault in expected {
        assert!(found.contains(fault), "missing: {fault}\n{found}");
    }
    assert!(found.lines().all(|line| line.contains("own.toml: ")), "{found}");
    // What is wrong isn't missing as well.
    assert_eq!(found.matches("program.a.command").count(), 1, "{found}");
}

#[test]
fn a_command_in_one_text_is_shown_as_a_list() {
    let table = [
        ("sleep 100", r#"command = ["sleep", "100"]"#),
        ("python -m x --name 'a b'", r#"command = ["python", "-m", "x", "--name", "a b"]"#),
        ("echo $HOME", r#"command = ["/bin/sh", "-c", "echo $$HOME"]"#),
        ("run --port ${PORT:-1}", r#"command = ["run", "--port", "${PORT:-1}"]"#),
    ];
    for (line, right) in table {
        let found = faults(&format!("[program.a]\ncommand = '''{line}'''\n"));
        assert!(found.contains(right), "{line}: {found}");
    }
}

#[test]
fn every_word_of_supervisord_has_an_answer() {
    let words = [
        "priority=1",
        "autorestart=true",
        "startsecs=1",
        "startretries=1",
        "stopwaitsecs=1",
        "stopsignal='TERM'",
        "stopasgroup=true",
        "killasgroup=true",
        "exitcodes='0'",
        "numprocs=1",
        "numprocs_start=1",
        "process_name='x'",
        "stdout_logfile='x'",
        "stderr_logfile='x'",
        "redirect_stderr=true",
        "stdout_logfile_maxbytes='1MB'",
        "stdout_logfile_backups=1",
        "depends_on=['a']",
    ];
    let text = format!("[program.a]\ncommand = ['a']\n{}\n[supervisord]\nnodaemon=true\n", words.join("\n"));
    let found = faults(&text);
    for word in words {
        let key = word.split_once('=').unwrap().0;
        let line =
            found.lines().find(|line| line.contains(&format!("program.a.{key}: "))).unwrap_or_default();
        assert!(
            line.contains("there is no such key; write") || line.contains("; leave it out"),
            "{key}: {found}"
        );
    }
    assert!(found.contains("supervisord: there is no such key; write `[supervisor]` and `[log]`"), "{found}");
}

#[test]
fn a_torn_file_tells_the_line_and_what_else_is_wrong() {
    let found = faults(
        "[program.a]\ncommand = [\"a\"\nrestart = \"x\"\n[program.b]\ncommand = [\"b\"]\nrestart = \"y\"\n",
    );
    assert!(found.contains("line 2: ") || found.contains("line 3: "), "{found}");
    // One fault for each table, not all its echoes, and those of the others.
    let text = "[program.a]\ncommand = [\"a\", b, c]\nstop = { grace = \nrestart = \"x\"\n[program.b]\ncommand = [\"b\"]\nrestart = \"y\"\n\
        [program.c]\ncommand = \"c\nafter = [\"b\"]\n";
    let found = faults(text);
    let lines: Vec<&str> =
        found.lines().map(|line| line.split("own.toml: ").nth(1).unwrap_or(line)).collect();
    assert!(
        lines.len() == 3 && lines[0].starts_with("line 2: ") && lines[2].starts_with("line 9: "),
        "{found}"
    );
    assert!(lines[1].starts_with("line 7: program.b.restart: `y`: expected always"), "{found}");
    let found = faults("[program:web]\ncommand=web\n");
    assert!(
        found.contains("line 1: this is written for supervisord; `svara-supervisor import FILE`"),
        "{found}"
    );
    let found = faults("[program.a]\ncommand = [\"a\"]\ncommand = [\"b\"]\n");
    assert!(found.contains("line 3: ") && found.contains("duplicate key"), "{found}");
    let found = faults("");
    assert!(found.contains("no programs; add at least one [program.NAME]"), "{found}");
}

#[test]
fn included_files_add_programs_hooks_and_schedules() {
    let directory = tempfile::tempdir().unwrap();
    let conf = directory.path().join("conf.d");
    std::fs::create_dir(&conf).unwrap();
    let write = |name: &str, text: &str| std::fs::write(conf.join(name), text).unwrap();
    write("10-b.toml", "[program.b]\ncommand = [\"b\"]\nafter = [\"a\"]\n");
    write(
        "20-c.toml",
        "[program.c]\ncommand = [\"c\"]\nafter = [\"b\"]\n[[hook]]\non = [\"failed\"]\ncommand = [\"x\"]\n",
    );
    write("ignored.bak", "[program.d]\n");
    let main = "[include]\nfiles = [\"conf.d/*.toml\"]\n[program.a]\ncommand = [\"a\"]\n[[hook]]\non = [\"ready\"]\ncommand = [\"x\"]\n";
    let (code, text) = check(directory.path(), main);
    assert!(code == 0 && text.contains("start order: a, b, c"), "{text}");
    write(
        "20-c.toml",
        "[log]\n[program.a]\ncommand = [\"c\"]\n[[hook]]\non = [\"sneeze\"]\ncommand = [\"x\"]\n\n[[schedule]]\nname = \"s\"\ncron = \"x\"\ncommand = [\"x\"]\n",
    );
    write("30-d.toml", "[program.d]\n[[hook]]\non = [\"cough\"]\ncommand = [\"x\"]\n");
    let main = main.replace("\"]\n[program.a]", "\", \"missing.toml\", \"none-*.toml\"]\n[program.a]");
    let (code, text) = check(directory.path(), &main);
    assert_eq!(code, 64, "{text}");
    for fault in [
        "own.toml: line 2: include.files: there is no file `missing.toml`",
        "conf.d/20-c.toml: line 1: log: there is no such key",
        "conf.d/20-c.toml: line 2: program.a: is there twice, first in the main file, line 3",
        "conf.d/20-c.toml: line 5: hook[1].on: there is no event `sneeze`",
        "conf.d/20-c.toml: line 10: schedule.s.cron: `x`",
        "conf.d/30-d.toml: line 1: program.d.command: must contain at least the program file",
        "conf.d/30-d.toml: line 3: hook[2].on: there is no event `cough`",
    ] {
        assert!(text.contains(fault), "missing: {fault}\n{text}");
    }
    assert!(!text.contains("none-*"), "{text}");
}

#[test]
fn defaults_hold_for_all_programs() {
    let text = "[defaults]\nrestart = \"never\"\numask = \"027\"\nenvironment = { A = \"1\", B = \"2\" }\nready_after = \"10ms\"\n\
        [program.a]\ncommand = [\"sh\", \"-c\", \"echo $$A $$B; umask\"]\nenvironment = { B = \"3\" }\n\
        [program.b]\ncommand = [\"sh\", \"-c\", \"echo $$A $$B; umask\"]\numask = \"022\"\n";
    let bed = Bed::start(text);
    eventually("both", || bed.read("log/a.log") == "1 3\n0027\n" && bed.read("log/b.log") == "1 2\n0022\n");
    let found = faults(
        "[defaults]\nstop.grace = \"soon\"\ncommand = [\"x\"]\n[program.a]\ncommand = [\"a\"]\n[program.b]\ncommand = [\"b\"]\n",
    );
    assert!(found.contains("line 2: defaults.stop.grace: `soon`: expected a time"), "{found}");
    assert!(found.contains("line 3: defaults.command: there is no such key"), "{found}");
    assert_eq!(found.matches("soon").count(), 1, "{found}");
}

#[test]
fn variables_come_from_files() {
    let text = "[program.a]\ncommand = [\"sh\", \"-c\", \"echo $$A $$B $$C\"]\nrestart = \"never\"\n\
        env_files = [\"DIR/one.env\", \"-missing.env\", \"two.env\"]\nenvironment = { C = \"table\" }\n";
    let bed = Bed::start_as(text, |_, directory| {
        std::fs::write(directory.join("one.env"), "A=one\nB=one\nC=one\n").unwrap();
        std::fs::write(directory.join("two.env"), "# more\nexport B='two words'\n").unwrap();
    });
    eventually("its output", || bed.read("log/a.log") == "one two words table\n");
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("bad.env"), "A=1\nB\n").unwrap();
    let text = "[program.a]\ncommand = [\"a\"]\nenv_files = [\"bad.env\", \"none.env\"]\n";
    let (code, found) = check(directory.path(), text);
    assert_eq!(code, 64, "{found}");
    assert!(found.contains("bad.env: line 2: no `=`; expected NAME=value"), "{found}");
    assert!(found.contains("none.env: No such file"), "{found}");
}

#[test]
fn a_program_gets_the_variables_that_are_passed() {
    let show = "command = [\"sh\", \"-c\", \"echo $${ONE-none} $${TWO-none} $${THREE-none} $${PATH:+path}\"]\nrestart = \"never\"\n";
    let text = format!(
        "[defaults]\npass_environment = [\"T*\"]\n[program.a]\n{show}[program.b]\n{show}pass_environment = [\"ONE ${{MORE:-}}\"]\n\
         environment = {{ THREE = \"own\" }}\n[program.c]\n{show}before_start = [\"sh\", \"-c\", \"echo $${{ONE-none}}\"]\npass_environment = []\n"
    );
    let bed = Bed::start_as(&text, |command, _| {
        command.envs([("ONE", "1"), ("TWO", "2"), ("THREE", "3"), ("MORE", "TWO")]);
    });
    eventually("a", || bed.read("log/a.log") == "none 2 3 path\n");
    eventually("b", || bed.read("log/b.log") == "1 2 own path\n");
    eventually("c", || bed.read("log/c.log") == "none\nnone none none path\n");
    let found = faults("[program.a]\ncommand = [\"a\"]\npass_environment = [\"A*B\", \"C=1\", \"*\"]\n");
    for name in ["A*B", "C=1", "*"] {
        assert!(found.contains(&format!("program.a.pass_environment: `{name}`: expected a name")), "{found}");
    }
}

#[test]
fn a_refused_reload_tells_every_fault() {
    let mut bed = Bed::start(&program("api", &["hang"], ""));
    bed.event("api", svara_supervisor::events::Kind::Ready);
    bed.rewrite("[program.api]\ncommand = \"x\"\nrestrat = \"always\"\n");
    let (code, _, error) = bed.command(&["reload"]);
    assert_eq!(code, 64);
    assert!(
        error.contains("program.api.command: expected a list") && error.contains("program.api.restrat:"),
        "{error}"
    );
}
