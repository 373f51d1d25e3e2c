//! Groups, grandchildren, daemons, orphans: nothing is left behind.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use svara_supervisor::{control::Request, events::Kind};

use crate::bed::{Bed, QUICK, alive, eventually, program};

const STUBBORN: &str = "fork:ignore-term,pid:DIR/grandchild,touch:DIR/up,hang";

fn signal(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).unwrap();
}

#[test]
fn a_program_that_ignores_term_is_killed_after_the_grace() {
    let keys = "stop = { grace = \"300ms\" }";
    let mut bed = Bed::start(&program("api", &["ignore-term", "touch:DIR/up", "hang"], keys));
    let pid = bed.event("api", Kind::Ready).pid.unwrap();
    eventually("TERM is ignored", || bed.path("up").exists());
    let asked = Instant::now();
    bed.stop("api");
    assert!(asked.elapsed() >= Duration::from_millis(300), "{:?}", asked.elapsed());
    assert!(!alive(pid));
    assert_eq!(bed.status("api").last_exit.as_deref(), Some("killed by SIGKILL"));
}

#[test]
fn a_grandchild_that_ignores_term_is_killed_with_its_group() {
    // Longer than any other wait: the leader is gone at once, but the stop lasts until the grace period is over.
    let keys = "stop = { grace = \"1s\" }";
    let mut bed = Bed::start(&program("vllm", &[STUBBORN, "hang"], keys));
    let grandchild = bed.pid_in("grandchild");
    eventually("TERM is ignored", || bed.path("up").exists());
    bed.stop("vllm");
    assert!(!alive(grandchild));
    bed.event("vllm", Kind::Killed);
}

#[test]
fn an_orphaned_engine_is_gone_before_the_new_one_starts() {
    let mut bed = Bed::start(&program("vllm", &[STUBBORN, "hang"], QUICK));
    let leader = bed.event("vllm", Kind::Ready).pid.unwrap();
    let engine = bed.pid_in("grandchild");
    signal(leader, Signal::SIGKILL);
    bed.event("vllm", Kind::Starting);
    assert!(!alive(engine), "the old engine {engine} lives beside the new one");
}

#[test]
fn a_daemon_in_a_session_of_its_own_is_found_by_its_mark() {
    let daemon = "daemon:ignore-term,pid:DIR/daemon,hang";
    let mut bed = Bed::start(&program("vllm", &[daemon, "hang"], "stop = { grace = \"200ms\" }"));
    bed.event("vllm", Kind::Ready);
    let daemon = bed.pid_in("daemon");
    bed.stop("vllm");
    assert!(!alive(daemon));
}

#[test]
fn a_daemon_in_a_session_and_environment_of_its_own_is_found_by_its_parents() {
    let daemon = "bare-daemon:ignore-term,pid:DIR/daemon,hang";
    let keys = format!("{QUICK}stop = {{ grace = \"200ms\" }}");
    let mut bed = Bed::start(&program("vllm", &[daemon, "await:DIR/daemon", "hang"], &keys));
    let leader = bed.event("vllm", Kind::Ready).pid.unwrap();
    let first = bed.pid_in("daemon");
    eventually("it is counted", || bed.status("vllm").processes == 2);
    std::fs::remove_file(bed.path("daemon")).unwrap();
    // Its parent is gone by the time that it is to be killed.
    signal(leader, Signal::SIGKILL);
    bed.event("vllm", Kind::Starting);
    assert!(!alive(first));
    bed.event("vllm", Kind::Ready);
    let second = bed.pid_in("daemon");
    bed.stop("vllm");
    assert!(!alive(second));
}

#[test]
fn nothing_outlives_a_killed_supervisor() {
    let behaviours =
        [STUBBORN, "daemon:ignore-term,pid:DIR/daemon,hang", "ignore-term", "pid:DIR/leader", "hang"];
    let mut bed = Bed::start(&program("vllm", &behaviours, ""));
    let family = ["leader", "grandchild", "daemon"].map(|name| bed.pid_in(name));
    bed.signal(Signal::SIGKILL);
    bed.ended();
    for pid in family {
        eventually("the guard has killed it", || !alive(pid));
    }
}

#[test]
fn the_kernel_kills_the_leader_if_the_guard_cannot() {
    let mut bed = Bed::start(&program("vllm", &["ignore-term", "hang"], ""));
    let leader = bed.event("vllm", Kind::Ready).pid.unwrap();
    let guard = *bed.children().iter().find(|pid| **pid != leader).expect("a guard");
    signal(guard, Signal::SIGSTOP);
    bed.signal(Signal::SIGKILL);
    bed.ended();
    eventually("the kernel has killed it", || !alive(leader));
    signal(guard, Signal::SIGCONT);
    eventually("the guard ends", || !alive(guard));
}

#[test]
fn a_killed_guard_is_replaced_and_does_its_work() {
    let mut bed = Bed::start(&program("vllm", &[STUBBORN, "hang"], ""));
    let leader = bed.event("vllm", Kind::Ready).pid.unwrap();
    let grandchild = bed.pid_in("grandchild");
    let guard = |bed: &Bed| *bed.children().iter().find(|pid| **pid != leader).expect("a guard");
    let first = guard(&bed);
    signal(first, Signal::SIGKILL);
    eventually("a new guard", || bed.children().len() == 2 && guard(&bed) != first);
    bed.signal(Signal::SIGKILL);
    bed.ended();
    eventually("the new guard has killed it", || !alive(grandchild));
}

#[test]
fn restarts_leave_no_zombie_no_orphan_and_no_descriptor() {
    let mut bed = Bed::start(&program("vllm", &[STUBBORN, "hang"], "stop = { grace = \"10ms\" }"));
    // From now on, the connection that tells of events is open.
    bed.event("vllm", Kind::Ready);
    eventually("the first is up", || bed.path("up").exists());
    let descriptors = |bed: &Bed| std::fs::read_dir(format!("/proc/{}/fd", bed.pid())).unwrap().count();
    let cycle = |bed: &Bed| {
        for name in ["grandchild", "up"] {
            std::fs::remove_file(bed.path(name)).unwrap();
        }
        bed.done(&Request::Restart { programs: vec!["vllm".into()], wait: true });
        eventually("the next is up", || bed.path("up").exists());
    };
    cycle(&bed);
    let (before, mut orphans) = (descriptors(&bed), BTreeSet::new());
    for _ in 0..20 {
        cycle(&bed);
        orphans.insert(bed.pid_in("grandchild"));
    }
    // The last connection to the socket may still be closing.
    eventually("no descriptor more than before", || descriptors(&bed) <= before);
    orphans.remove(&bed.pid_in("grandchild"));
    assert!(orphans.iter().all(|pid| !alive(*pid)), "{orphans:?}");
    // The leader and the guard, and no zombies.
    assert_eq!(bed.children().len(), 2);
}

/// A daemon with its own session and no environment, whose parent is gone before anybody has looked.
fn fled(directory: &str) -> String {
    let fake = crate::bed::fake();
    let daemon =
        format!("setsid env -i {fake} ignore-term pid:{directory}/daemon hang </dev/null >/dev/null 2>&1");
    format!("({daemon} &); exec {fake} await:{directory}/daemon hang")
}

#[test]
fn a_daemon_that_leaves_session_environment_and_parents_ends_with_its_program() {
    let text = format!(
        "[program.vllm]\ncommand = [\"sh\", \"-c\", {:?}]\nready_after = \"10ms\"\nstop.grace = \"200ms\"\n{QUICK}",
        fled("DIR")
    );
    let mut bed = Bed::start(&text);
    let leader = bed.event("vllm", Kind::Ready).pid.unwrap();
    let first = bed.pid_in("daemon");
    eventually("both are counted", || bed.status("vllm").processes == 2);
    std::fs::remove_file(bed.path("daemon")).unwrap();
    signal(leader, Signal::SIGKILL);
    bed.event("vllm", Kind::Starting);
    assert!(!alive(first), "the old daemon lives beside the new one");
    bed.event("vllm", Kind::Ready);
    let second = bed.pid_in("daemon");
    bed.stop("vllm");
    assert!(!alive(second));
    bed.command(&["start", "--wait", "vllm"]);
    eventually("a third", || bed.pid_in("daemon") != second);
    let third = bed.pid_in("daemon");
    bed.signal(Signal::SIGKILL);
    bed.ended();
    eventually("the guard has killed it", || !alive(third));
}

/// The guard's own child.
fn shadow(guard: i32) -> i32 {
    let path = format!("/proc/{guard}/task/{guard}/children");
    let mut found = None;
    eventually("a shadow", || {
        let children = std::fs::read_to_string(&path).unwrap_or_default();
        found = children.split_whitespace().next().map(|pid| pid.parse().unwrap());
        found.is_some()
    });
    found.unwrap()
}

#[test]
fn nothing_outlives_a_supervisor_and_guard_that_are_killed_together() {
    for guard_first in [true, false] {
        let behaviours = [STUBBORN, "daemon:ignore-term,pid:DIR/daemon,hang", "hang"];
        let mut bed = Bed::start(&program("vllm", &behaviours, ""));
        let leader = bed.event("vllm", Kind::Ready).pid.unwrap();
        let family = [leader, bed.pid_in("grandchild"), bed.pid_in("daemon")];
        let guard = *bed.children().iter().find(|pid| **pid != leader).expect("a guard");
        shadow(guard);
        let order = if guard_first { [guard, bed.pid()] } else { [bed.pid(), guard] };
        order.into_iter().for_each(|pid| signal(pid, Signal::SIGKILL));
        bed.ended();
        for pid in family {
            eventually("the shadow has killed it", || !alive(pid));
        }
    }
}

#[test]
fn the_next_start_ends_what_no_guard_could() {
    let mut bed =
        Bed::start(&program("vllm", &[STUBBORN, "daemon:ignore-term,pid:DIR/daemon,hang", "hang"], ""));
    let leader = bed.event("vllm", Kind::Ready).pid.unwrap();
    let family = [bed.pid_in("grandchild"), bed.pid_in("daemon")];
    let guard = *bed.children().iter().find(|pid| **pid != leader).expect("a guard");
    let shadow = shadow(guard);
    // Stopped first, so that none notices the end of another and does its work.
    for what in [Signal::SIGSTOP, Signal::SIGKILL] {
        [bed.pid(), guard, shadow].into_iter().for_each(|pid| signal(pid, what));
    }
    bed.ended();
    assert!(family.iter().all(|pid| alive(*pid)));
    bed.start_again();
    let mut next = || bed.event("", Kind::Supervisor).cause.unwrap();
    assert_eq!([next(), next()].map(|cause| cause.contains("has left running")), [false, true]);
    assert!(family.iter().all(|pid| !alive(*pid)));
}

#[test]
fn a_killed_guard_is_an_event() {
    let mut bed = Bed::start(&program("vllm", &["hang"], ""));
    let leader = bed.event("vllm", Kind::Ready).pid.unwrap();
    let guard = *bed.children().iter().find(|pid| **pid != leader).expect("a guard");
    signal(guard, Signal::SIGKILL);
    let cause = bed.event("", Kind::Supervisor).cause.unwrap();
    assert_eq!(cause, "the guard has ended (killed by SIGKILL) and was started again");
}
