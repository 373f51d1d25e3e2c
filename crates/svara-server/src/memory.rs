//! What the allocator does with large blocks.

/// Blocks of this size and more are returned to the system when they are freed: bodies and recordings.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE_BYTES: libc::c_int = 1 << 20;

/// Has the allocator return large blocks as soon as they are freed. By default, glibc's learns from the first that it frees
/// and keeps later ones, so that a burst of uploads would stay in the process for good.
///
/// Call it before any large block is allocated.
pub fn return_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "there is no safe way to the C library's allocator")]
    // SAFETY: any thread may call it at any time, and it takes no pointers. It fails only for values out of range, which
    // changes nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BYTES);
    }
}
