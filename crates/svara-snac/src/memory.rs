//! When the C library's allocator returns freed memory to the system.

/// Returns freed memory to the system. Call it after loading a model, and at the end of a start, which temporarily take many
/// times the memory that remains in use; glibc's allocator would keep it, in one arena per thread.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "there is no safe way to the C library's allocator")]
    // SAFETY: any thread may call it at any time, and it takes no pointers.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Blocks up to this size are kept when they are freed, and so much free memory at an arena's end.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT_BYTES: libc::c_int = 32 << 20;

/// Has the allocator keep the blocks that calls of ONNX Runtime free: each call asks for dozens of some megabytes, the same ones
/// again and again. Getting them anew from the system, page by page, takes two fifths of a call (`docs/performance.md`).
pub(crate) fn keep_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "there is no safe way to the C library's allocator")]
    // SAFETY: any thread may call it at any time, and it takes no pointers. It fails only for values out of range, which
    // changes nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, KEPT_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_BYTES);
    }
}
