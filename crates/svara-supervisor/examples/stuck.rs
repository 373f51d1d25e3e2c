//! Functions that hang until the file in `STUCK_UNTIL` exists: a GPU driver and a resolver on their worst day.
//!
//! As `libnvidia-ml.so.1` it is the driver; which of its functions hangs is in `STUCK_AT`. Preloaded, it is the resolver.

#![expect(unsafe_code, reason = "functions that C calls by their names")]

use std::{ffi::c_void, path::PathBuf, thread::sleep, time::Duration};

fn hang() {
    let until = std::env::var_os("STUCK_UNTIL").map(PathBuf::from);
    while !until.as_ref().is_some_and(|path| path.exists()) {
        sleep(Duration::from_millis(10));
    }
}

fn hang_at(place: &str) {
    if std::env::var("STUCK_AT").is_ok_and(|at| at == place) {
        hang();
    }
}

/// `nvmlInit_v2`.
#[unsafe(no_mangle)]
pub extern "C" fn nvmlInit_v2() -> i32 {
    hang_at("init");
    0
}

/// `nvmlShutdown`.
#[unsafe(no_mangle)]
pub extern "C" fn nvmlShutdown() -> i32 {
    0
}

/// `nvmlDeviceGetCount_v2`: none.
///
/// # Safety
/// The pointer is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetCount_v2(count: *mut u32) -> i32 {
    hang_at("count");
    // SAFETY: the caller gives a valid pointer.
    unsafe { *count = 0 };
    0
}

/// `getaddrinfo`: hangs, then fails with `EAI_AGAIN`.
#[unsafe(no_mangle)]
pub extern "C" fn getaddrinfo(_: *const c_void, _: *const c_void, _: *const c_void, _: *mut c_void) -> i32 {
    hang();
    -3
}
