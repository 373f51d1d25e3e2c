//! Descriptors, directories, accounts, sockets, signals, and values that would do harm.

use std::{os::fd::AsRawFd, os::unix::process::CommandExt};

use nix::unistd::Uid;
use svara_supervisor::events::Kind;

use crate::bed::{Bed, eventually, program, skip};

#[test]
fn a_missing_directory_is_blamed_itself() {
    let text =
        "[program.api]\ncommand = [\"/bin/sleep\", \"1\"]\ndirectory = \"/no/such\"\nmax_restarts = 0\n";
    let mut bed = Bed::start(text);
    let failed = bed.event("api", Kind::Failed).cause.unwrap();
    assert!(failed.starts_with("can't be run: directory /no/such: No such file"), "{failed}");
}

#[test]
fn descriptors_of_whoever_started_us_stay_with_us() {
    let text = "[program.api]\ncommand = [\"ls\", \"-l\", \"/proc/self/fd\"]\nrestart = \"never\"\n";
    let file = std::fs::File::open("/etc/passwd").unwrap();
    let number = file.as_raw_fd();
    let mut bed = Bed::start_as(text, |command, _| {
        // SAFETY: dup2 may be called between fork and exec.
        #[expect(unsafe_code, reason = "the only way to leave a descriptor open")]
        unsafe {
            command.pre_exec(move || {
                nix::libc::dup2(number, 77);
                Ok(())
            })
        };
    });
    bed.event("api", Kind::Exited);
    eventually("the list", || bed.read("log/api.log").contains("/proc/"));
    assert!(!bed.read("log/api.log").contains("passwd"), "{}", bed.read("log/api.log"));
}

#[test]
fn a_user_has_its_home_and_its_output() {
    if !Uid::effective().is_root() {
        return skip("only root can change the user");
    }
    let job = |name: &str, user: &str| {
        format!(
            "[program.{name}]\ncommand = [\"sh\", \"-c\", \"echo $$HOME; id -u > /dev/stdout; umask\"]\nuser = \"{user}\"\n\
             directory = \"/\"\nrestart = \"never\"\numask = \"027\"\n"
        )
    };
    let mut bed = Bed::start(&(job("named", "nobody") + &job("unnamed", "54321")));
    bed.event("unnamed", Kind::Exited);
    eventually("its output", || bed.read("log/unnamed.log") == "/\n54321\n0027\n");
    eventually("its output", || bed.read("log/named.log") == "/nonexistent\n65534\n0027\n");
}

#[test]
fn a_socket_that_vanishes_is_made_anew() {
    let mut bed = Bed::start(&program("api", &["hang"], ""));
    bed.event("api", Kind::Ready);
    std::fs::remove_file(bed.path("socket")).unwrap();
    eventually("it answers again", || bed.command(&["status"]).0 == 0);
}

#[test]
fn a_signal_reaches_a_program() {
    let mut bed = Bed::start(&program("api", &["on-usr1", "touch:DIR/up", "hang"], ""));
    bed.event("api", Kind::Ready);
    eventually("it listens", || bed.path("up").exists());
    assert_eq!(bed.command(&["signal", "usr1", "a*"]).1, "api: SIGUSR1 sent\n");
    eventually("the signal arrives", || bed.read("log/api.log") == "got USR1\n");
    assert_eq!(bed.command(&["signal", "LOUD", "api"]).0, 1);
    bed.stop("api");
    assert_eq!(bed.command(&["signal", "USR1", "api"]).2, "api: stopped; it has no process\n");
}

#[test]
fn a_program_is_killed_before_the_supervisor_when_memory_is_short() {
    let text = "[program.api]\ncommand = [\"cat\", \"/proc/self/oom_score_adj\"]\nrestart = \"never\"\n";
    let bed = Bed::start(text);
    eventually("its score", || bed.read("log/api.log") == "500\n");
    let job = "[[schedule]]\nname = \"s\"\ncron = \"* * * * * *\"\ncommand = [\"cat\", \"/proc/self/oom_score_adj\"]\n";
    // A container may have a high one itself.
    let bed = Bed::start_as(&(text.to_owned() + job), |command, _| {
        // SAFETY: writing a file may be done between fork and exec.
        #[expect(unsafe_code, reason = "the only way to start with a score")]
        unsafe {
            command.pre_exec(|| std::fs::write("/proc/self/oom_score_adj", "700"))
        };
    });
    eventually("its score", || bed.read("log/api.log") == "800\n");
    eventually("a job's score", || bed.read("log/schedule_s.log").starts_with("800\n"));
}

#[test]
fn the_page_has_the_state_of_each_program() {
    let text = program("job", &["exit:0"], "restart = \"on-failure\"\n")
        + &program("bad", &["exit:1"], "max_restarts = 0\n");
    let mut bed = Bed::start(&text);
    bed.event("bad", Kind::Failed);
    eventually("the job has ended", || bed.status("job").state == "exited");
    let page = bed.command(&["metrics"]).1;
    for line in [
        "svara_supervisor_ready{program=\"job\"} 1",
        "svara_supervisor_ready{program=\"bad\"} 0",
        "svara_supervisor_state{program=\"bad\",state=\"failed\"} 1",
        "svara_supervisor_state{program=\"job\",state=\"failed\"} 0",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
}

#[test]
fn completions_and_manual_are_printed() {
    let bed = Bed::prepare("");
    for arguments in [["completions", "bash"], ["completions", "zsh"], ["man", "--timeout=1s"]] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
            .args(arguments)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains("restart"), "{arguments:?}");
    }
    drop(bed);
}
