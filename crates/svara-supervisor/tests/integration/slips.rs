//! Slips of TOML's syntax, told with what to write.

use crate::bed::Bed;

fn check(text: &str) -> String {
    let directory = Bed::prepare(text);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .args(["check", "--config"])
        .arg(directory.path().join("supervisor.toml"))
        .output()
        .unwrap();
    let words = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(64), "{text}\n{words}");
    words
}

#[test]
fn a_slip_is_told_with_its_key_its_line_and_what_to_write() {
    let command = "[program.a]\ncommand = [\"sleep\", \"100\"]\n";
    let key = |line: &str| format!("{command}{line}\n");
    for (text, words) in [
        (
            "[program.a]\ncommand = sleep 100\n".to_owned(),
            "line 6: program.a.command: expected a list of words: command = [\"sleep\", \"100\"]",
        ),
        (
            "[program.a]\ncommand = [\"sleep\" \"100\"]\n".to_owned(),
            "with commas between them: command = [\"sleep\", \"100\"]",
        ),
        ("[program.a]\ncommand = [“sleep”, \"100\"]\n".to_owned(), "command = [\"sleep\", \"100\"]"),
        (
            "[program.a]\ncommand: [\"sleep\"]\n".to_owned(),
            "line 6: write `=` in place of the colon: command = [\"sleep\"]",
        ),
        (
            "[program.a]\ncommand = [\"sleep\"\n[program.b]\ncommand = [\"x\"]\n".to_owned(),
            "line 6: a list has no end: write `]`",
        ),
        (key("user = nobody"), "line 7: program.a.user: expected text in quotes: user = \"nobody\""),
        (key("user = nobody # mine"), "user = \"nobody\"\n"),
        (key("user = \"nobody"), "line 7: program.a.user: expected text in quotes: user = \"nobody\""),
        (
            key("stop = { grace = 30s, signal = \"INT\" }"),
            "line 7: program.a.stop.grace: expected a time in quotes: grace = \"30s\"",
        ),
        (key("stop = { signal = INT }"), "program.a.stop.signal: expected text in quotes: signal = \"INT\""),
        (
            key("limits = { memory = 2GiB }"),
            "program.a.limits.memory: expected a size in quotes: memory = \"2GiB\"",
        ),
        (
            key("autostart = True"),
            "line 7: program.a.autostart: expected a number, true or false: autostart = true",
        ),
        (key("restart ="), "line 7: program.a.restart: has no value"),
        (key("restart"), "line 7: `restart` has no value"),
        (key("environment = { A = b }"), "program.a.environment.A: expected text in quotes"),
        (key("max_restarts = 99999999999999999999"), "program.a.max_restarts: this number is too large"),
    ] {
        let told = check(&text);
        assert!(told.contains(words), "{words}\nis not in\n{told}");
        for word in ["literal string", "invalid float", "unquoted key", "array elements", "unclosed"] {
            assert!(!told.contains(word), "{word}: {told}");
        }
    }
}

#[test]
fn a_fifo_without_a_writer_holds_nobody_up() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let told = check(&format!("[program.a]\ncommand = [\"sleep\", \"100\"]\nenv_files = [{fifo:?}]\n"));
    assert!(
        told.contains("line 7: program.a.env_files: ") && told.contains("is a FIFO; expected a file"),
        "{told}"
    );
}

#[test]
fn wrong_numbers_of_commands_are_told_with_what_is_allowed() {
    for (arguments, words) in [
        (&["--timeout", "abc", "status"][..], "expected a time such as 500ms, 30s or 5m"),
        (&["tail", "a", "-n", "x"], "expected a whole number"),
        (&["events", "-n", "-1"], "expected a whole number"),
        (&["scale", "a", "x"], "expected a whole number"),
    ] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(words) && said.contains("--help"), "{said}");
    }
}

#[test]
fn slips_hide_nothing_else() {
    let told = check(
        "[program.a]\ncommand = sleep 100\nuser = nobody\nmax_restart = 3\nstop = { grace = 5 }\n\
         [program.b]\ncommand = [\"x\"\n[program.c]\ncommand = [\"x\"]\nrestart = sometimes\n",
    );
    for words in [
        "line 6: program.a.command: expected a list",
        "line 7: program.a.user: expected text in quotes",
        "line 8: program.a.max_restart",
        "line 9: program.a.stop.grace: `5`: expected a time in quotes",
        "line 11: a list has no end",
        "line 14: program.c.restart: expected text in quotes: restart = \"sometimes\"",
    ] {
        assert!(told.contains(words), "{words}\nis not in\n{told}");
    }
}
