//! Kills by the kernel for want of memory, as the container's cgroup counts them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Counts the kills in our own cgroup.
#[derive(Debug)]
pub struct MemoryKills {
    /// `memory.events` (v2) or `memory.oom_control` (v1); `None` if there is neither.
    path: Option<PathBuf>,
    seen: u64,
    total: u64,
}

impl MemoryKills {
    /// Counts from now on.
    pub fn start() -> Self {
        let membership = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self::start_at(find(&membership, Path::new("/sys/fs/cgroup")))
    }

    fn start_at(path: Option<PathBuf>) -> Self {
        let seen = path.as_deref().and_then(count).unwrap_or(0);
        Self { path, seen, total: 0 }
    }

    /// The kills since the last call.
    pub fn new_ones(&mut self) -> u64 {
        let Some(count) = self.path.as_deref().and_then(count) else { return 0 };
        let new = count.saturating_sub(self.seen);
        self.seen = count;
        self.total += new;
        new
    }

    /// All kills so far; `None` if this system doesn't count them.
    pub fn total(&self) -> Option<u64> {
        self.path.as_ref().map(|_| self.total)
    }
}

fn count(path: &Path) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

/// The file with the count, for the process with this `/proc/PID/cgroup`.
fn find(membership: &str, root: &Path) -> Option<PathBuf> {
    let mut places = Vec::new();
    for line in membership.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let path = path.trim_start_matches('/');
        if controllers.is_empty() {
            // A cgroup namespace shows `/` for the container's own.
            places.push(root.join(path).join("memory.events"));
            places.push(root.join("memory.events"));
        } else if controllers.split(',').any(|name| name == "memory") {
            // A container without a namespace has its own cgroup mounted at the root.
            places.push(root.join("memory").join(path).join("memory.oom_control"));
            places.push(root.join("memory").join("memory.oom_control"));
        }
    }
    places.into_iter().find(|place| count(place).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn kills_are_counted_under_both_versions() {
        let table = [
            ("0::/\n", "memory.events"),
            ("0::/kube/pod\n", "kube/pod/memory.events"),
            ("0::/not/mounted\n", "memory.events"),
            ("4:memory:/docker/1\n0::/\n", "memory/docker/1/memory.oom_control"),
            ("4:cpu,memory:/docker/1\n", "memory/memory.oom_control"),
        ];
        for (membership, file) in table {
            let root = tempfile::tempdir().unwrap();
            let file = root.path().join(file);
            write(&file, "oom_kill_disable 0\nunder_oom 0\noom 9\noom_kill 3\n");
            let mut kills = MemoryKills::start_at(find(membership, root.path()));
            assert_eq!((kills.new_ones(), kills.total()), (0, Some(0)), "{membership}");
            write(&file, "oom_kill 5\n");
            assert_eq!((kills.new_ones(), kills.new_ones(), kills.total()), (2, 0, Some(2)), "{membership}");
        }
        let mut none = MemoryKills::start_at(find("0::/\n", Path::new("/nowhere")));
        assert_eq!((none.new_ones(), none.total()), (0, None));
    }
}
