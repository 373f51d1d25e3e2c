//! Limits that the system doesn't grant.

use std::{
    os::unix::{fs::PermissionsExt, process::CommandExt},
    process::Command,
};

use nix::unistd::Uid;
use svara_supervisor::events::Kind;

use crate::bed::{Bed, skip};

const NOBODY: u32 = 65534;

/// The supervisor without root's privileges, under these hard limits.
fn under(limits: &[&str]) -> Command {
    let mut command = Command::new("prlimit");
    command.uid(NOBODY).gid(NOBODY).args(limits).arg(env!("CARGO_BIN_EXE_svara-supervisor"));
    command
}

#[test]
fn a_limit_above_the_hard_limit_names_itself_and_not_the_program() {
    if !Uid::effective().is_root() {
        return skip("only root can give its privileges up");
    }
    let limits = "limits = { nproc = 5000, nofile = 500, core = \"2MiB\", memlock = \"unlimited\" }\n";
    let text = format!("[program.api]\ncommand = [\"sh\", \"-c\", \"ulimit -n; sleep 100\"]\n{limits}");
    let hard = &["--nofile=200:300", "--nproc=4000", "--core=0", "--memlock=65536"];
    let mut bed = Bed::start_as(&text, |command, directory| {
        std::fs::set_permissions(directory, PermissionsExt::from_mode(0o777)).unwrap();
        *command = under(hard);
        command.args(["run", "--config"]).arg(directory.join("supervisor.toml"));
        command.stdout(std::process::Stdio::null());
    });
    bed.event("api", Kind::Ready);
    let told: Vec<_> = bed.seen().iter().filter(|event| event.event == Kind::Limit).collect();
    let told: Vec<_> = told.iter().filter_map(|event| event.cause.clone()).collect();
    let expected = [
        "runs with 300 open files, the container's hard limit, instead of 500",
        "runs with 4000 processes of its user, the container's hard limit, instead of 5000",
        "runs with 0 bytes of a core file, the container's hard limit, instead of 2097152",
        "runs with 65536 bytes of locked memory, the container's hard limit, instead of unlimited",
    ];
    for words in expected {
        let words = format!("{words}: the supervisor may not raise it");
        assert!(told.contains(&words), "{words}\nis not in {told:?}");
    }
    let mut check = under(hard);
    check.args(["check", "--config"]).arg(bed.path("supervisor.toml"));
    let output = check.output().unwrap();
    let found = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    for (key, words) in ["nofile", "nproc", "core", "memlock"].into_iter().zip(expected) {
        assert!(found.contains(&format!("line 7: program.api.limits.{key}: api {words}")), "{key}\n{found}");
    }
}
