//! What the supervisor says of faults in its files.

use std::{os::unix::fs::PermissionsExt, process::Command};

use crate::{bed::skip, files::faults};

#[test]
fn each_part_of_a_value_has_its_own_fault_and_line() {
    let text = r#"[program.a]
command = ["a"]
[program.a.backoff]
initial = "10s"
cap = "1s"
factor = 0
jitter = -1
[program.a.hang]
metrics = "http://127.0.0.1:1/metrics"
period = "0s"
canary = { http = "http://127.0.0.1:1/", body = "{'a': 1}" }
[program."b d"]
command = ["b"]
backoff = { initial = "5m" }
[[schedule]]
name = "twice"
cron = "61 5-1 * foo *"
command = ["x"]
[[schedule]]
name = "twice"
cron = "* * *"
command = ["x"]
"#;
    let found = faults(text);
    let expected = [
        "line 5: program.a.backoff.cap: must not be shorter than initial, 10s",
        "line 6: program.a.backoff.factor: must be between 1 and 10",
        "line 7: program.a.backoff.jitter: must be between 0 and 1",
        "line 10: program.a.hang.period: must be at least 10ms",
        "line 11: program.a.hang.canary.body: expected JSON, as in {\"prompt\": \"a\", \"max_tokens\": 1}; wrong from its character 2",
        "line 12: program.b d: a name must have 1 to 64 letters",
        "line 14: program.b d.backoff.initial: must not be longer than cap, 1m",
        "line 17: schedule[0].cron: `61 5-1 * foo *`: minute `61`, hour `5-1`, month `foo` are wrong; expected",
        "line 20: schedule[1].name: `twice`: there is another schedule of this name",
        "line 21: schedule[1].cron: `* * *`: has 3 fields; expected",
    ];
    for fault in expected {
        assert!(found.contains(fault), "missing: {fault}\n{found}");
    }
    assert_eq!(found.lines().count(), expected.len(), "{found}");
}

#[test]
fn a_file_that_is_no_text_is_told_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("own.toml");
    std::fs::write(directory.path().join("inc.toml"), b"# caf\xe9\n").unwrap();
    let check = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
            .args(["check", "--config"])
            .arg(&path)
            .output();
        String::from_utf8(output.unwrap().stderr).unwrap()
    };
    let found = check(b"[program.a]\ncommand = [\"caf\xe9\"]\n");
    assert!(found.contains("own.toml: line 2: isn't UTF-8"), "{found}");
    let found = check(b"[include]\nfiles = [\"inc.toml\"]\n[program.a]\ncommand = [\"a\"]\n");
    assert!(found.contains("inc.toml: line 1: isn't UTF-8"), "{found}");
}

#[test]
fn what_another_user_may_not_run_is_found() {
    if !nix::unistd::Uid::effective().is_root() {
        return skip("only root can change the user");
    }
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path().display();
    let only_ours = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(directory.path(), only_ours).unwrap();
    let script = directory.path().join("run");
    std::fs::copy("/bin/true", &script).unwrap();
    let text = format!(
        "[supervisor]\nsocket = \"{at}/socket\"\n[log]\ndirectory = \"{at}/log\"\n\
         [program.a]\ncommand = [\"{at}/run\"]\ndirectory = \"{at}\"\nuser = \"nobody\"\n\
         [program.b]\ncommand = [\"{at}/run\"]\ndirectory = \"{at}\"\n\
         [program.c]\ncommand = [\"true\"]\ndirectory = \"/\"\nuser = \"12345\"\n"
    );
    let (code, found) = crate::files::check(directory.path(), &text);
    assert_eq!(code, 0, "{found}");
    for warning in [
        format!("line 6: program.a.command: nobody may not enter {at}"),
        format!("line 7: program.a.directory: nobody may not enter {at}"),
    ] {
        assert!(found.contains(&warning), "missing: {warning}\n{found}");
    }
    assert_eq!(found.matches("warning").count(), 2, "{found}");
}
