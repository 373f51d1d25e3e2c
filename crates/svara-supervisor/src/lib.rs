//! `svara-supervisor` keeps vLLM and the server running in one container: PID 1, in place of supervisord.
//!
//! # Shape
//! All decisions are pure functions of time and observations: the state machine of a program ([`program::Machine`]),
//! restart and backoff ([`policy`]), start order ([`graph`]), probe thresholds and hang detection ([`probe`]). A thin
//! shell around them starts and signals processes ([`process`]), reads pipes ([`logs`]), runs probes and serves the
//! control socket ([`control`]).
//!
//! ```
//! use std::time::{Duration, Instant};
//!
//! use svara_supervisor::policy::{RestartHistory, RestartLimit};
//!
//! let limit = RestartLimit { max_restarts: 2, window: Duration::from_secs(60) };
//! let mut history = RestartHistory::default();
//! let start = Instant::now(); // times are values: nothing waits here
//! let mut died_after = |seconds| history.admit(start + Duration::from_secs(seconds), limit);
//! assert_eq!((died_after(1), died_after(2)), (Some(1), Some(2)));
//! assert_eq!(died_after(3), None, "too often: it isn't started again");
//! assert_eq!(died_after(62), Some(3), "of the last minute, only the last two count");
//! ```
//!
//! # One thread
//! The shell is one tokio runtime on one thread, because spawning and reaping must share a thread: `waitpid(-1)` on
//! another could reap a child that its spawn still waits for, and the kernel binds the death signal to the thread
//! that forked. [`process::Children`] is an `Rc`, so the compiler enforces this. tokio beats a hand-written poll
//! loop: probes, pipes, sockets and timers read in the order in which they happen, and an idle current-thread runtime
//! is one thread in `epoll_wait`. `tokio::process` isn't used, because it does its own reaping.
//!
//! A second thread writes log files and the console, because a disk may stall; see [`logs`].
//!
//! # What dies with what
//! * A program has its own session and process group. Stopping it signals the whole group, then kills it; a new process
//!   starts only when no member is left, including vLLM's orphaned engines ([`process::Family`]).
//! * If we run as PID 1, the kernel kills the namespace with us. Otherwise group leaders get the kernel's death signal,
//!   and a guard process, or its shadow, kills the rest ([`process::Guard`]). What even they leave behind, the next
//!   supervisor of the same socket kills before it starts ([`process::kill_leftovers`]).
//! * As PID 1 or subreaper we adopt orphans and reap them.

pub mod check;
pub mod config;
pub mod control;
pub mod events;
mod fleet;
pub mod graph;
pub mod import;
pub mod logs;
pub mod metrics;
mod paths;
mod pattern;
pub mod policy;
pub mod probe;
pub mod process;
pub mod program;
mod reach;
pub mod report;
pub mod schedule;
pub mod supervisor;
pub mod times;
mod uri;
