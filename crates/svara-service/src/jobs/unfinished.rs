//! What was made of items that wait for their next turn, in memory: after a restart, they begin anew.

use std::{collections::HashMap, sync::Arc, time::Duration};

use svara_audio::Encoder;

use super::{cuts::Cut, record::EndRecord};
use crate::Times;

/// What an entry takes besides its audio, in bytes: an encoder's buffers.
const OVERHEAD_BYTES: usize = 256 * 1024;
/// A word or a character with its times.
const TIME_BYTES: usize = 96;

/// The progress of an item so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) pieces: usize,
    pub(super) audio: Duration,
}

/// An item whose first parts are spoken.
#[derive(Default)]
pub(super) struct Partly {
    /// Where its text is cut: made once, as that takes long.
    pub(super) cuts: Option<Arc<[Cut]>>,
    /// Parts that are spoken.
    pub(super) parts: usize,
    /// None before the first part.
    pub(super) encoder: Option<Encoder>,
    pub(super) file: Vec<u8>,
    pub(super) times: Option<Times>,
    pub(super) samples: u64,
    pub(super) tally: Tally,
}

impl Partly {
    fn bytes(&self) -> usize {
        let times = match &self.times {
            Some(Times::Words(words)) => words.len().saturating_mul(TIME_BYTES),
            Some(Times::Characters(characters)) => characters.len().saturating_mul(TIME_BYTES),
            Some(Times::Subtitles(subtitles)) => subtitles.bytes(),
            None => 0,
        };
        let cuts = self.cuts.as_ref().map_or(0, |cuts| size_of_val(&**cuts));
        let held = self.file.capacity().saturating_add(times).saturating_add(cuts);
        held.saturating_add(OVERHEAD_BYTES)
    }
}

/// The files of an item.
pub(super) struct ItemAudio {
    /// The audio file.
    pub(super) audio: Vec<u8>,
    /// The file of times, if the request asked for them.
    pub(super) times: Option<Vec<u8>>,
    pub(super) audio_seconds: f64,
}

/// An item between two turns.
pub(super) enum Unfinished {
    /// It is to be spoken on.
    Partly(Box<Partly>),
    /// It has ended, and is to be stored.
    Ended(Option<ItemAudio>, EndRecord),
}

impl Unfinished {
    fn bytes(&self) -> usize {
        let held = match self {
            Self::Partly(partly) => return partly.bytes(),
            Self::Ended(Some(audio), _) => {
                audio.audio.capacity().saturating_add(audio.times.as_ref().map_or(0, Vec::capacity))
            }
            Self::Ended(None, _) => 0,
        };
        held.saturating_add(OVERHEAD_BYTES)
    }
}

/// The items that wait, up to a number of bytes.
pub(super) struct Stash {
    max_bytes: usize,
    bytes: usize,
    items: HashMap<(String, usize), (Unfinished, usize)>,
}

impl Stash {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, bytes: 0, items: HashMap::new() }
    }

    /// Keeps what was made of an item, if there is room for it; returns whether there was.
    pub(super) fn put(&mut self, id: &str, number: usize, unfinished: Unfinished) -> bool {
        let bytes = unfinished.bytes();
        if self.bytes.saturating_add(bytes) > self.max_bytes {
            return false;
        }
        drop(self.take(id, number));
        self.bytes += bytes;
        self.items.insert((id.to_owned(), number), (unfinished, bytes));
        true
    }

    /// Whether there is room for what was made of an item.
    pub(super) fn has_room(&self, partly: &Partly) -> bool {
        self.bytes.saturating_add(partly.bytes()) <= self.max_bytes
    }

    /// Takes what was made of an item, if anything was kept.
    pub(super) fn take(&mut self, id: &str, number: usize) -> Option<Unfinished> {
        let (unfinished, bytes) = self.items.remove(&(id.to_owned(), number))?;
        self.bytes = self.bytes.saturating_sub(bytes);
        Some(unfinished)
    }

    /// Forgets a job's items.
    pub(super) fn forget(&mut self, id: &str) {
        let bytes = &mut self.bytes;
        self.items.retain(|(of, _), (_, held)| {
            let stays = of != id;
            if !stays {
                *bytes = bytes.saturating_sub(*held);
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_found_again() {
        let partly =
            |bytes| Unfinished::Partly(Box::new(Partly { file: vec![0; bytes], ..Partly::default() }));
        let mut stash = Stash::new(2 * OVERHEAD_BYTES + 100);
        assert!(stash.put("a", 0, partly(50)));
        assert!(!stash.put("b", 1, partly(51)));
        assert!(stash.put("b", 1, partly(50)));
        assert!(stash.take("a", 1).is_none() && stash.take("a", 0).is_some());
        stash.forget("b");
        assert!((stash.bytes, stash.items.len()) == (0, 0));
    }
}
