//! The marks by which a program's processes are known, wherever they go: a variable and a resource limit.

use std::sync::OnceLock;

use nix::sys::resource::{Resource, getrlimit};

/// Environment variable that marks every process we start; its value is `TOKEN/PROGRAM`.
pub(super) const MARK: &str = "SVARA_SUPERVISED";

/// The mark as a limit on the time that a real-time process may run without a pause, in microseconds: a hundred thousand
/// years and more, so it limits nothing. All descendants inherit it, whatever they do to session and environment.
pub(super) fn label(mark: &str) -> u64 {
    // FNV-1a; below what the kernel takes for no limit.
    let hash = mark.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (1 << 62) | (hash >> 2)
}

/// Whether a limit is a label, of whatever supervisor.
pub(super) fn is_label(limit: u64) -> bool {
    limit >> 62 == 1
}

/// Whether we have a label ourselves: then what we start may not take one of ours.
pub(super) fn are_labelled() -> bool {
    static LABELLED: OnceLock<bool> = OnceLock::new();
    *LABELLED.get_or_init(|| getrlimit(Resource::RLIMIT_RTTIME).is_ok_and(|(_, hard)| is_label(hard)))
}
