//! Takes from the process what decoding doesn't need.

use std::{collections::BTreeMap, fs, os::fd::RawFd};

use nix::{
    sys::{
        prctl,
        resource::{Resource, setrlimit},
        signal::{SigSet, Signal},
    },
    unistd,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// The largest descriptor that stays open: standard input, output and error.
const LAST_OPEN: RawFd = 2;

/// Ends this process when the server ends, and only then: the server answers to signals, and ends what it decodes. Closes
/// the files that native libraries of the server may have left open.
///
/// # Errors
/// The kernel refuses; says what.
pub(super) fn belong_to_the_server() -> Result<(), String> {
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(|error| format!("prctl: {error}"))?;
    let mut ignored = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        ignored.add(signal);
    }
    ignored.thread_block().map_err(|error| format!("sigprocmask: {error}"))?;
    let open = fs::read_dir("/proc/self/fd").map_err(|error| format!("/proc/self/fd: {error}"))?;
    let open: Vec<RawFd> = open.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    for file in open.into_iter().filter(|file| *file > LAST_OPEN) {
        match unistd::close(file) {
            // The directory that was read here is closed already.
            Ok(()) | Err(nix::Error::EBADF) => {}
            Err(error) => return Err(format!("close: {error}")),
        }
    }
    Ok(())
}

/// Bounds what the process may use from now on.
///
/// # Errors
/// A limit can't be set; says which.
pub(super) fn limit(more_memory_bytes: u64, cpu_seconds: u64) -> Result<(), String> {
    let memory_bytes = address_space_bytes()?.saturating_add(more_memory_bytes);
    for (resource, soft, hard) in [
        (Resource::RLIMIT_AS, memory_bytes, memory_bytes),
        // The soft limit sends SIGXCPU, which tells the server why the process ended.
        (Resource::RLIMIT_CPU, cpu_seconds, cpu_seconds.saturating_add(1)),
        (Resource::RLIMIT_CORE, 0, 0),
        (Resource::RLIMIT_FSIZE, 0, 0),
        (Resource::RLIMIT_MEMLOCK, 0, 0),
        (Resource::RLIMIT_NOFILE, 0, 0),
        (Resource::RLIMIT_NPROC, 0, 0),
    ] {
        setrlimit(resource, soft, hard).map_err(|error| format!("{resource:?}: {error}"))?;
    }
    Ok(())
}

/// The address space of this process now.
fn address_space_bytes() -> Result<u64, String> {
    let status =
        fs::read_to_string("/proc/self/status").map_err(|error| format!("/proc/self/status: {error}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kibibytes.map(|kibibytes| kibibytes * 1024).ok_or_else(|| "/proc/self/status has no VmSize".to_owned())
}

/// Leaves the process the system calls for memory, its pipes and its end; all others fail with EPERM: no file is opened,
/// nothing is sent, no program is started, no memory becomes code.
///
/// # Errors
/// The kernel or the processor has no such filters, or the kernel refuses this one; says why.
pub(super) fn deny_calls() -> Result<(), String> {
    let filter = filter().map_err(|error| format!("system calls aren't restricted: {error}"))?;
    seccompiler::apply_filter(&filter).map_err(|error| format!("system calls aren't restricted: {error}"))
}

fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = [
        // Its pipes.
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_close,
        // Memory.
        libc::SYS_brk,
        libc::SYS_madvise,
        libc::SYS_mremap,
        libc::SYS_munmap,
        // Locks and hash maps of the standard library.
        libc::SYS_futex,
        libc::SYS_getrandom,
        libc::SYS_clock_gettime,
        libc::SYS_sched_yield,
        // Its end; aborting sends it a signal.
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_restart_syscall,
    ]
    .into_iter()
    .map(|call| (call, Vec::new()))
    .collect();
    // Memory that holds no code.
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        rules.insert(call, vec![SeccompRule::new(vec![no_code()?])?]);
    }
    // A signal to itself alone.
    let process = u64::from(std::process::id());
    let itself = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, process)?;
    rules.insert(libc::SYS_tgkill, vec![SeccompRule::new(vec![itself])?]);
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    SeccompFilter::new(rules, refused, SeccompAction::Allow, std::env::consts::ARCH.try_into()?)?.try_into()
}

/// The third argument of `mmap` and `mprotect` is the protection.
fn no_code() -> Result<SeccompCondition, seccompiler::BackendError> {
    let code = u64::from(libc::PROT_EXEC.unsigned_abs());
    SeccompCondition::new(2, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(code), 0)
}
