//! Processes: starting, signalling whole groups, reaping, and reading `/proc`.

mod cgroup;
mod children;
mod exit;
mod family;
mod guard;
mod launch;
mod limits;
mod mark;
mod memory;
mod score;
mod stat;

pub use cgroup::{CgroupError, MemoryCgroup};
pub use children::{Children, RunError, Started};
pub use exit::Exit;
pub use family::{Family, kill_leftovers};
pub use guard::{Guard, guard_main, shadow_main};
pub use launch::{Launch, Output, keep_descriptors};
pub use limits::attain;
pub use memory::MemoryKills;
pub use score::default_oom_score;
pub use stat::{ProcessTable, Stat, Usage, proc_trouble};
