//! What is wrong with a generation that doesn't fail: it ends as a good one does, but listeners may hear it. Pure.

use std::time::Duration;

use smallvec::SmallVec;
use svara_snac::{FrameAssembler, TokenLayout};

use crate::source::FinishReason;

/// Silence in the middle of a generation that is a stutter: six frames' worth. An engine that keeps real time needs 85 ms
/// for a frame.
const STUTTER: Duration = Duration::from_millis(500);

/// A kind of flaw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// An audio token was in the wrong slot of its frame, which is lost.
    WrongSlot,
    /// There were tokens other than audio.
    ForeignToken,
    /// It ended in the middle of a frame.
    TornEnd,
    /// It ended sooner than its text can be said.
    EarlyEnd,
    /// No tokens came for half a second, while somebody waited for them.
    Stutter,
}

impl Flaw {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::WrongSlot, Self::ForeignToken, Self::TornEnd, Self::EarlyEnd, Self::Stutter];

    /// A stable name, for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::WrongSlot => "wrong_slot",
            Self::ForeignToken => "foreign_token",
            Self::TornEnd => "torn_end",
            Self::EarlyEnd => "early_end",
            Self::Stutter => "stutter",
        }
    }
}

/// The flaws of one generation, each once.
pub(super) type Flaws = SmallVec<[Flaw; Flaw::ALL.len()]>;

/// Watches one generation.
pub(super) struct Watch {
    assembler: FrameAssembler,
    least_frames: u32,
    stuttered: bool,
}

impl Watch {
    /// For a text that can't be said in fewer frames than `least_frames`.
    pub(super) fn new(layout: TokenLayout, least_frames: u32) -> Self {
        Self { assembler: FrameAssembler::new(layout), least_frames, stuttered: false }
    }

    pub(super) fn tokens(&mut self, tokens: &[u32]) {
        for token in tokens {
            self.assembler.push(*token);
        }
    }

    /// Notes how long a reader waited for tokens that were not the first.
    pub(super) fn waited(&mut self, wait: Duration) {
        self.stuttered |= wait >= STUTTER;
    }

    /// Whether there was any audio.
    pub(super) fn has_audio(&self) -> bool {
        self.assembler.stats().frames > 0
    }

    /// What was wrong, now that it is over.
    pub(super) fn over(&self, finish: FinishReason) -> Flaws {
        let stats = self.assembler.stats();
        let stopped = finish == FinishReason::Stop;
        let found = |flaw: &Flaw| match flaw {
            Flaw::WrongSlot => stats.misaligned_tokens > 0,
            Flaw::ForeignToken => stats.foreign_tokens > 0,
            Flaw::TornEnd => stopped && self.assembler.pending_tokens() > 0,
            Flaw::EarlyEnd => stopped && stats.frames < u64::from(self.least_frames),
            Flaw::Stutter => self.stuttered,
        };
        Flaw::ALL.into_iter().filter(found).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use svara_snac::FRAME_CODES;

    use super::*;

    fn frames(count: usize) -> Vec<u32> {
        let frame = || (0..FRAME_CODES).filter_map(|slot| TokenLayout::default().token(slot, 7));
        (0..count).flat_map(|_| frame()).collect()
    }

    fn flaws(tokens: &[u32], finish: FinishReason) -> Vec<Flaw> {
        let mut watch = Watch::new(TokenLayout::default(), 3);
        watch.tokens(tokens);
        watch.over(finish).to_vec()
    }

    #[test]
    fn each_flaw_is_told_apart() {
        assert_eq!(flaws(&frames(3), FinishReason::Stop), []);
        assert_eq!(flaws(&frames(2), FinishReason::Stop), [Flaw::EarlyEnd]);
        assert_eq!(flaws(&frames(2), FinishReason::Length), [], "the caller's limit cut it");
        let mut tokens = frames(5);
        tokens.remove(9);
        assert_eq!(flaws(&tokens, FinishReason::Stop), [Flaw::WrongSlot]);
        let torn = &frames(4)[..25];
        assert_eq!(flaws(torn, FinishReason::Stop), [Flaw::TornEnd]);
        assert_eq!(flaws(torn, FinishReason::Length), []);
        assert_eq!(flaws(&[&[5], &frames(3)[..]].concat(), FinishReason::Stop), [Flaw::ForeignToken]);
        let mut watch = Watch::new(TokenLayout::default(), 0);
        watch.waited(STUTTER - Duration::from_millis(1));
        assert!(watch.over(FinishReason::Stop).is_empty());
        watch.waited(STUTTER);
        watch.waited(Duration::ZERO);
        assert_eq!(watch.over(FinishReason::Stop)[..], [Flaw::Stutter]);
    }

    proptest! {
        #[test]
        fn whole_frames_have_no_flaw_however_they_are_cut(count in 3usize..40, chunk in 1usize..20) {
            let mut watch = Watch::new(TokenLayout::default(), 3);
            frames(count).chunks(chunk).for_each(|tokens| watch.tokens(tokens));
            prop_assert!(watch.over(FinishReason::Stop).is_empty());
        }
    }
}
