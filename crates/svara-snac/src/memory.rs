//! Memory that isn't needed any more.

/// Gives what was freed back to the system. To be called after a model was loaded: that takes many times the memory that
/// stays, and GNU's allocator keeps it, in an arena for each thread.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "there is no safe way to the C library's allocator")]
    // SAFETY: any thread may call it at any time, and it takes no pointers.
    unsafe {
        libc::malloc_trim(0);
    }
}
