//! `svara-supervisor` keeps vLLM and the server alive in one container: PID 1, in place of supervisord.
//!
//! # Shape
//! Everything that decides is a pure function of time and observations: the state machine of a program
//! ([`program::Machine`]), restart and backoff ([`policy`]), the order of programs ([`graph`]), the thresholds of probes
//! and the detection of hangs ([`probe`]). Around it lies a thin shell that starts and signals processes ([`process`]),
//! reads pipes ([`logs`]), asks probes and serves the control socket ([`control`]).
//!
//! # One thread
//! The shell is one tokio runtime on one thread, because spawning and reaping have to happen on the same: `waitpid(-1)`
//! on another could take a child away from the spawn that still waits for it, and the kernel's death signal is bound to
//! the thread that forked. [`process::Children`] is an `Rc`, so that the compiler sees to it. tokio rather than a poll
//! loop of our own: probes, pipes, sockets and timers are written down in the order in which they happen, and an idle
//! current-thread runtime is one thread in `epoll_wait`. `tokio::process` is not used: it reaps by itself.
//!
//! The second thread writes log files and the console, because a disk may stall; see [`logs`].
//!
//! # What dies with what
//! * A program is a session and a group of its own. Stopping it signals the whole group, then kills it; a new process is
//!   started only when no member is left, orphaned engines of vLLM included ([`process::Family`]).
//! * As PID 1 the kernel kills the namespace with us. Anywhere else leaders get the kernel's death signal, and a guard
//!   process kills the rest ([`process::Guard`]).
//! * Orphans come to us as PID 1 or as subreaper and are reaped.

pub mod config;
pub mod control;
pub mod events;
pub mod graph;
pub mod logs;
pub mod metrics;
pub mod policy;
pub mod probe;
pub mod process;
pub mod program;
pub mod schedule;
pub mod supervisor;
