//! Returning freed memory to the system.

/// Returns freed memory to the system. Call it after loading a model, which temporarily takes many times the memory
/// that remains in use; glibc's allocator would keep it, in one arena per thread.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "there is no safe way to the C library's allocator")]
    // SAFETY: any thread may call it at any time, and it takes no pointers.
    unsafe {
        libc::malloc_trim(0);
    }
}
