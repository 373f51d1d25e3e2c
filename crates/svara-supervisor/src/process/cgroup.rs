//! A memory limit for a whole program through cgroup v2, if the container lets us write there.

use std::{
    fs, io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

/// Why a memory limit can't be set.
#[derive(Debug, thiserror::Error)]
pub enum CgroupError {
    /// There is no unified hierarchy.
    #[error("no cgroup v2 at {0}")]
    NoV2(PathBuf),
    /// A file can't be read or written, as is usual in an unprivileged container.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

/// The cgroup of one program.
#[derive(Debug)]
pub struct MemoryCgroup {
    path: PathBuf,
    /// The kills that were told.
    told: u64,
}

impl MemoryCgroup {
    /// Creates (or reuses) the cgroup of `program` below our own and limits its memory. If the limit is exceeded, the
    /// kernel kills all of the program's processes together.
    ///
    /// # Errors
    /// When there is no cgroup v2, or we can't write to it.
    pub fn create(program: &str, memory_bytes: u64) -> Result<Self, CgroupError> {
        let membership = read(Path::new("/proc/self/cgroup"))?;
        let own = membership.lines().find_map(|line| line.strip_prefix("0::/"));
        let base = Path::new("/sys/fs/cgroup").join(own.unwrap_or_default());
        // We may already have moved into our own leaf.
        let base = if base.ends_with(OWN_LEAF) { base.parent().unwrap_or(&base) } else { &base };
        Self::create_in(base, program, memory_bytes)
    }

    fn create_in(base: &Path, program: &str, memory_bytes: u64) -> Result<Self, CgroupError> {
        let control = base.join("cgroup.subtree_control");
        if !control.exists() {
            return Err(CgroupError::NoV2(base.to_owned()));
        }
        if !read(&control)?.split_whitespace().any(|controller| controller == "memory") {
            // A cgroup that delegates controllers must not contain processes: move into a leaf first.
            let leaf = base.join(OWN_LEAF);
            make(&leaf)?;
            move_all(&base.join("cgroup.procs"), &leaf.join("cgroup.procs"))?;
            write(&control, "+memory")?;
        }
        let path = base.join(format!("svara-{program}"));
        make(&path)?;
        write(&path.join("memory.max"), &memory_bytes.to_string())?;
        write(&path.join("memory.oom.group"), "1")?;
        let mut group = Self { path, told: 0 };
        // One that is used again has had some.
        group.new_kills();
        Ok(group)
    }

    /// The file through which a new process joins.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn procs(&self) -> Result<OwnedFd, CgroupError> {
        let path = self.path.join("cgroup.procs");
        let file = fs::OpenOptions::new().write(true).open(&path);
        file.map(OwnedFd::from).map_err(|source| CgroupError::File { path, source })
    }

    /// The processes that the kernel killed at the memory limit since the last [`Self::new_kills`].
    pub fn untold_kills(&self) -> u64 {
        self.kills().saturating_sub(self.told)
    }

    /// The same, which counts as told from now on.
    pub fn new_kills(&mut self) -> u64 {
        let new = self.untold_kills();
        self.told += new;
        new
    }

    fn kills(&self) -> u64 {
        let events = fs::read_to_string(self.path.join("memory.events")).unwrap_or_default();
        let count = events.lines().find_map(|line| line.strip_prefix("oom_kill "));
        count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
    }
}

impl Drop for MemoryCgroup {
    fn drop(&mut self) {
        // Fails if a process is left inside; the kernel removes the cgroup with its namespace.
        let _ = fs::remove_dir(&self.path);
    }
}

const OWN_LEAF: &str = "svara-supervisor";

/// How often processes are looked for that were started while others were moved.
const ROUNDS: usize = 10;

/// Moves all processes of a cgroup into another: the kernel delegates no controller while one is left, and besides us there are
/// the guard, programs without a limit, and commands that the container's owner runs.
fn move_all(from: &Path, to: &Path) -> Result<(), CgroupError> {
    for _ in 0..ROUNDS {
        let processes = read(from)?;
        if processes.trim().is_empty() {
            break;
        }
        for process in processes.lines() {
            match fs::write(to, process) {
                // It has ended.
                Err(error) if error.raw_os_error() == Some(nix::libc::ESRCH) => {}
                moved => moved.map_err(|source| CgroupError::File { path: to.to_owned(), source })?,
            }
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, CgroupError> {
    fs::read_to_string(path).map_err(|source| CgroupError::File { path: path.to_owned(), source })
}

fn write(path: &Path, value: &str) -> Result<(), CgroupError> {
    fs::write(path, value).map_err(|source| CgroupError::File { path: path.to_owned(), source })
}

fn make(path: &Path) -> Result<(), CgroupError> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(CgroupError::File { path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_written_where_the_kernel_reads_them() {
        let base = tempfile::tempdir().unwrap();
        fs::write(base.path().join("cgroup.subtree_control"), "cpu memory\n").unwrap();
        let mut group = MemoryCgroup::create_in(base.path(), "vllm", 1 << 30).unwrap();
        assert_eq!(fs::read_to_string(group.path.join("memory.max")).unwrap(), "1073741824");
        fs::write(group.path.join("memory.events"), "low 0\noom 1\noom_kill 3\n").unwrap();
        assert_eq!((group.untold_kills(), group.new_kills(), group.new_kills()), (3, 3, 0));
    }

    /// Files stand for the kernel's: what is written there last can be seen, and nothing moves.
    #[test]
    fn all_processes_move_out_of_the_way() {
        let base = tempfile::tempdir().unwrap();
        fs::write(base.path().join("cgroup.subtree_control"), "\n").unwrap();
        fs::write(base.path().join("cgroup.procs"), "1\n7\n12\n").unwrap();
        MemoryCgroup::create_in(base.path(), "vllm", 1 << 30).unwrap();
        let read = |name: &str| fs::read_to_string(base.path().join(name)).unwrap();
        assert_eq!(read("svara-supervisor/cgroup.procs"), "12", "not only the supervisor");
        assert_eq!(read("cgroup.subtree_control"), "+memory");
    }

    #[test]
    fn without_cgroup_v2_the_error_says_so() {
        let base = tempfile::tempdir().unwrap();
        let error = MemoryCgroup::create_in(base.path(), "vllm", 1).unwrap_err();
        assert!(error.to_string().starts_with("no cgroup v2 at "), "{error}");
    }
}
