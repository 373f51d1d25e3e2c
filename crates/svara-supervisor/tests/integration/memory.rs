//! Kills by the kernel at the container's memory limit.

use std::{fs, os::unix::process::CommandExt, path::PathBuf};

use svara_supervisor::events::Kind;

use crate::bed::{Bed, program, skip};

/// A cgroup with a limit, as a container has; removed at the end.
struct Container(PathBuf);

impl Container {
    /// `None` if none can be made here.
    fn new(limit_bytes: u64) -> Option<Self> {
        let name = format!("svara-test-{}", std::process::id());
        let make = |parent: &str, limit: &str| {
            let path = PathBuf::from(parent).join(&name);
            fs::create_dir(&path).ok()?;
            // One that can't be limited is removed again.
            let made = Self(path);
            fs::write(made.0.join(limit), limit_bytes.to_string()).ok()?;
            Some(made)
        };
        make("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            .or_else(|| make("/sys/fs/cgroup", "memory.max"))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn a_kill_at_the_containers_limit_is_told_as_such() {
    let Some(container) = Container::new(64 << 20) else {
        return skip("no cgroup can be made here");
    };
    let procs = container.0.join("cgroup.procs");
    let keys = "max_restarts = 0\n";
    let text = program("eater", &["await:DIR/go", "eat:400", "hang"], keys) + &program("calm", &["hang"], "");
    let mut bed = Bed::start_as(&text, |command, _| {
        // SAFETY: writing a file may be done between fork and exec here: the test has allocated the path before.
        #[expect(unsafe_code, reason = "the only way to start in a cgroup")]
        unsafe {
            command.pre_exec(move || fs::write(&procs, "0"))
        };
    });
    bed.event("calm", Kind::Ready);
    fs::write(bed.path("go"), "").unwrap();
    let event = bed.event("eater", Kind::OutOfMemory);
    assert_eq!(event.cause.unwrap(), "memory ran out: the kernel killed a process");
    bed.event("eater", Kind::Failed);
    assert_eq!(bed.status("calm").state, "ready");
    let page = bed.command(&["metrics"]).1;
    for line in [
        "svara_supervisor_container_memory_kills_total 1",
        "svara_supervisor_memory_kills_total{program=\"eater\"} 1",
        "svara_supervisor_memory_kills_total{program=\"calm\"} 0",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    bed.command(&["shutdown"]);
    bed.ended();
}
