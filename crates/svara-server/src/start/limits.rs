//! Limits of the system that end a process, unless it says otherwise.

/// Has a write beyond the largest file that this process may make (RLIMIT_FSIZE) fail, as on a full disk. By default its
/// signal, SIGXFSZ, ends the process with all of its streams.
///
/// Call it before threads are started. Programs that this one starts inherit it.
pub fn survive_large_files() {
    #[cfg(unix)]
    #[expect(unsafe_code, reason = "there is no safe way to ignore a signal")]
    // SAFETY: no handler of ours is installed, and none was before. It fails only for numbers that are no signals.
    let _ = unsafe {
        nix::sys::signal::signal(nix::sys::signal::Signal::SIGXFSZ, nix::sys::signal::SigHandler::SigIgn)
    };
}
