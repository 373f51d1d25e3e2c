//! The memory for the bodies of requests, and for answers: one budget each for the server, and a share of it for each key.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::{BoxError, body::Body};
use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// A body of at most this many bytes may use the whole budget; larger ones leave a quarter of it to those.
const SMALL_BYTES: usize = 64 * 1024;

/// The bytes of all bodies that are being read, parsed, or kept until their request is answered. Clones share it.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    total_bytes: usize,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    bytes: usize,
    by_key: HashMap<String, usize>,
}

/// Why a body isn't read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// The bodies of all callers fill the server's budget.
    #[error("the server is reading too many request bodies; try again")]
    Server,
    /// The bodies of this key fill its share.
    #[error("this key is sending too many request bodies at once; wait for their answers")]
    Key,
}

/// What a request's body has taken of the budget. Dropping it gives that back.
#[derive(Debug)]
pub struct Taken {
    budget: Budget,
    key_name: Option<String>,
    bytes: AtomicUsize,
}

impl Budget {
    /// A budget of this many bytes, of which a key gets half.
    pub fn new(total_bytes: usize) -> Self {
        Self(Arc::new(Shared { total_bytes, used: Mutex::default() }))
    }

    /// Begins to count a body, which is declared to have this many bytes.
    ///
    /// # Errors
    /// There is no room for it now.
    pub fn begin(&self, key_name: Option<&str>, declared_bytes: usize) -> Result<Taken, NoRoom> {
        self.fits(&self.used(), key_name, 0, declared_bytes)?;
        Ok(Taken { budget: self.clone(), key_name: key_name.map(str::to_owned), bytes: AtomicUsize::new(0) })
    }

    /// Takes this many bytes at once.
    ///
    /// # Errors
    /// There is no room for them now.
    pub fn reserve(&self, key_name: Option<&str>, bytes: usize) -> Result<Taken, NoRoom> {
        let taken = self.begin(key_name, bytes)?;
        taken.take(bytes)?;
        Ok(taken)
    }

    /// The largest body that fits when nothing else is read.
    pub fn largest_bytes(&self) -> usize {
        self.0.total_bytes / 2
    }

    fn fits(&self, used: &Used, key_name: Option<&str>, had: usize, more: usize) -> Result<(), NoRoom> {
        let total = self.0.total_bytes;
        let open = if had.saturating_add(more) > SMALL_BYTES { total - total / 4 } else { total };
        if used.bytes.saturating_add(more) > open {
            return Err(NoRoom::Server);
        }
        let of_key = key_name.and_then(|name| used.by_key.get(name)).copied().unwrap_or_default();
        if key_name.is_some() && of_key.saturating_add(more) > total / 2 { Err(NoRoom::Key) } else { Ok(()) }
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.0.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn take(&self, more: usize) -> Result<(), NoRoom> {
        let mut used = self.budget.used();
        let had = self.bytes.load(Ordering::Relaxed);
        self.budget.fits(&used, self.key_name.as_deref(), had, more)?;
        used.bytes += more;
        if let Some(name) = &self.key_name {
            *used.by_key.entry(name.clone()).or_default() += more;
        }
        self.bytes.store(had + more, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let bytes = *self.bytes.get_mut();
        let mut used = self.budget.used();
        used.bytes = used.bytes.saturating_sub(bytes);
        if let Some(name) = &self.key_name
            && let Some(of_key) = used.by_key.get_mut(name)
        {
            *of_key = of_key.saturating_sub(bytes);
            if *of_key == 0 {
                used.by_key.remove(name);
            }
        }
    }
}

/// A request's body that takes its bytes from a budget as they come, and fails with [`NoRoom`].
pub struct Metered {
    /// The body itself.
    pub body: Body,
    /// What it has taken; given back when the last holder drops it.
    pub taken: Arc<Taken>,
}

impl http_body::Body for Metered {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)?) else { return Poll::Ready(None) };
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        Poll::Ready(Some(self.taken.take(bytes).map(|()| frame).map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is taken and given back, in any order: the bounds hold, and in the end nothing is used.
        #[test]
        fn the_bounds_hold(steps in prop::collection::vec((0usize..3, 1usize..200_000, any::<bool>()), 1..60)) {
            let total = 1_000_000;
            let budget = Budget::new(total);
            let mut open: Vec<(usize, Arc<Taken>)> = Vec::new();
            for (who, bytes, leaves) in steps {
                let name = ["a", "b"].get(who).copied();
                if let Ok(taken) = budget.begin(name, bytes) {
                    prop_assert!(taken.take(bytes).is_ok(), "what is declared fits");
                    open.push((who, Arc::new(taken)));
                }
                if leaves && !open.is_empty() {
                    open.remove(0);
                }
                let held = |who: Option<usize>| -> usize {
                    let theirs = open.iter().filter(|(holder, _)| who.is_none_or(|who| who == *holder));
                    theirs.map(|(_, taken)| taken.bytes.load(Ordering::Relaxed)).sum()
                };
                prop_assert_eq!(budget.used().bytes, held(None));
                prop_assert!(held(None) <= total && held(Some(0)) <= total / 2 && held(Some(1)) <= total / 2);
            }
            open.clear();
            prop_assert!(budget.used().bytes == 0 && budget.used().by_key.is_empty());
        }
    }

    #[test]
    fn small_bodies_have_room_when_large_ones_have_none() {
        let budget = Budget::new(10 * SMALL_BYTES);
        let large = budget.begin(None, 7 * SMALL_BYTES).unwrap();
        large.take(7 * SMALL_BYTES).unwrap();
        assert_eq!(budget.begin(None, 2 * SMALL_BYTES).unwrap_err(), NoRoom::Server);
        budget.begin(None, SMALL_BYTES).unwrap().take(SMALL_BYTES).unwrap();
    }
}
