//! What the allocator does with large blocks.

/// Blocks of this size and more are returned to the system when they are freed: bodies and recordings.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE_BYTES: libc::c_int = 1 << 20;

/// Has the allocator return large blocks as soon as they are freed, and share its parts among threads. By default, glibc's
/// learns from the first large block that it frees and keeps later ones, so that a burst of uploads would stay in the process
/// for good; and it has eight parts for each core, each of which keeps what it once needed. The docs have the figures
/// (`docs/performance.md`).
///
/// Call it before any large block is allocated, and before threads are started.
pub fn keep_little() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let arenas = libc::c_int::try_from(cores.max(2)).unwrap_or(libc::c_int::MAX);
        #[expect(unsafe_code, reason = "there is no safe way to the C library's allocator")]
        // SAFETY: any thread may call it at any time, and it takes no pointers. It fails only for values out of range, which
        // changes nothing.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BYTES);
            libc::mallopt(libc::M_ARENA_MAX, arenas);
        }
    }
}
