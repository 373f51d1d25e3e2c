//! Ids of generations at an engine.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// Drawn at random at the start: several servers may share an engine.
static SERVER: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one("server"));
static ASKED: AtomicU64 = AtomicU64::new(1);

/// An id that no other generation has, and that begins with `id`: callers choose their ids, and may choose the same one
/// twice. Engines that get an id twice refuse the second generation or mix the two up.
pub(super) fn unique(id: &str) -> String {
    format!("{id}-{:016x}-{}", *SERVER, ASKED.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_id_gets_two() {
        let (one, other) = (unique("call-7"), unique("call-7"));
        assert!(one != other && one.starts_with("call-7-") && other.starts_with("call-7-"));
    }
}
