//! The old interactive shell, and the old names of processes.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use svara_supervisor::events::Kind;

use crate::{
    bed::{Bed, eventually, program},
    shim::run,
};

/// Runs `supervisorctl` with lines on its standard input.
fn typed(bed: &Bed, words: &[&str], lines: &str) -> (i32, String) {
    run(bed, "supervisorctl version");
    let mut shell = Command::new(bed.path("supervisorctl"))
        .args(words)
        .env("SVARA_SUPERVISOR_SOCKET", bed.path("socket"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    shell.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = shell.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn without_a_command_there_is_a_shell() {
    let mut bed = Bed::start(&program("api", &["print:up", "hang"], ""));
    bed.event("api", Kind::Ready);
    let (code, said) = typed(&bed, &[], "stop api\n\n   \nfrobnicate\nhelp tail\nquit\nstart api\n");
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("api  ") && said.contains("RUNNING"), "first the status: {said}");
    for part in ["supervisor> api: stopped\n", "supervisor> *** Unknown syntax: frobnicate\n", "tail [-f]"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(said.ends_with("supervisor> \n") && !said.contains("started"), "`quit` ends it: {said}");
    assert_eq!(bed.status("api").state, "stopped");
    // A command on the command line is all there is; one word may be a line. The end of the input ends the shell as well.
    assert_eq!(typed(&bed, &["-i", "start api"], "stop api"), (0, "api: started\n".into()));
    let (code, said) = typed(&bed, &["-i"], "pid api");
    let pid = bed.status("api").pid.unwrap();
    assert!(code == 0 && said.ends_with(&format!("\nsupervisor> {pid}\nsupervisor> \n")), "{said}");
}

#[test]
fn the_shell_asks_before_it_ends_everything() {
    let mut bed = Bed::start(&program("api", &["hang"], ""));
    bed.event("api", Kind::Ready);
    let (_, said) = typed(&bed, &[], "shutdown\nno\nshutdown\n");
    assert_eq!(said.matches("Really shut the remote supervisord process down y/N? ").count(), 2, "{said}");
    assert_eq!(bed.status("api").state, "ready");
    let (_, said) = typed(&bed, &[], "shutdown\nyes\n");
    assert!(said.contains("y/N? Shut down\n"), "{said}");
    bed.ended();
    assert!(typed(&bed, &[], "status\nexit\n").1.contains("no such file\nsupervisor> unix:///"));
}

#[test]
fn old_names_of_processes_are_known() {
    let text =
        program("web", &["print:up", "hang"], "replicas = 2\naliases = [\"web_$((${INDEX} + 1:02))\"]\n")
            + &program("one", &["hang"], "")
            + "[groups]\npair = [\"one\"]\n";
    let mut bed = Bed::start(&text);
    bed.event("one", Kind::Ready);
    eventually("all are ready", || bed.report().ready);
    let first = format!("{}\n", bed.status("web-0").pid.unwrap());
    assert_eq!(run(&bed, "supervisorctl pid web:web_01"), (0, first.clone()));
    assert_eq!(run(&bed, "supervisorctl pid web_01"), (0, first));
    assert_eq!(run(&bed, "supervisorctl pid web_03"), (1, "No such process web_03\n".into()));
    let restarted = "web:web_02: stopped\nweb:web_02: started\n";
    assert_eq!(run(&bed, "supervisorctl restart web:web_02"), (0, restarted.into()));
    assert_eq!(run(&bed, "supervisorctl stop pair:one"), (0, "pair:one: stopped\n".into()));
    assert_eq!(run(&bed, "supervisorctl signal HUP pair:one"), (7, "pair:one: ERROR (not running)\n".into()));
    assert_eq!(run(&bed, "supervisorctl clear one:one"), (0, "one: cleared\n".into()));
    assert!(run(&bed, "supervisorctl status web:web_01").1.starts_with("web-0   "));
}

#[test]
fn one_file_for_both_outputs_is_one_tail() {
    let keys = "stdout_log = \"api.log\"\nstderr_log = \"api.log\"\n";
    let text = program("api", &["print:out", "warn:err", "hang"], keys)
        + &program("two", &["print:out", "warn:err", "hang"], "");
    let mut bed = Bed::start(&text);
    bed.event("api", Kind::Ready);
    eventually("all are ready", || bed.report().ready);
    eventually("both lines", || bed.read("log/api.log").lines().count() == 2);
    eventually("both files", || bed.read("log/two.log").len() + bed.read("log/two_error.log").len() == 8);
    let mut lines: Vec<String> = run(&bed, "supervisorctl tail api").1.lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["err", "out"]);
    assert_eq!(run(&bed, "supervisorctl tail two"), (0, "out\n".into()));
    assert_eq!(run(&bed, "supervisorctl tail api stderr"), (0, "err\n".into()));
}

#[test]
fn a_program_that_can_not_run_is_told_in_the_old_words() {
    let text = program("up", &["hang"], "")
        + "[program.missing]\ncommand = [\"/no/such/file\"]\nautostart = false\nmax_restarts = 0\n\
           [program.data]\ncommand = [\"/etc/passwd\"]\nautostart = false\nmax_restarts = 0\n";
    let mut bed = Bed::start(&text);
    bed.event("up", Kind::Ready);
    assert_eq!(run(&bed, "supervisorctl start missing"), (1, "missing: ERROR (no such file)\n".into()));
    assert_eq!(run(&bed, "supervisorctl start data"), (1, "data: ERROR (file is not executable)\n".into()));
}
