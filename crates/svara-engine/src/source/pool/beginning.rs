//! The beginning of a stream, up to its first frame of audio. Pure.
//!
//! Until then nothing can have been heard, so another engine may still take the request.

use svara_snac::{FRAME_CODES, FrameAssembler, TokenLayout};

use crate::source::{FinishReason, SourceError, TokenEvent, TokenIds};

/// A generation that may have fewer tokens may just have no room for its first frame: models may emit some other tokens
/// before it.
const ROOM_TOKENS: usize = 4 * FRAME_CODES;

/// The events of a stream that has no frame yet.
pub(super) struct Beginning {
    assembler: FrameAssembler,
    tokens: TokenIds,
    max_tokens: usize,
}

impl Beginning {
    /// The beginning of a stream that was asked for at most `max_tokens`.
    pub(super) fn new(layout: TokenLayout, max_tokens: u32) -> Self {
        Self {
            assembler: FrameAssembler::new(layout),
            tokens: TokenIds::new(),
            max_tokens: usize::try_from(max_tokens).unwrap_or(usize::MAX),
        }
    }

    /// Adds an event. Returns all events so far once there is a frame, or once it is the caller's limit that leaves no
    /// room for one.
    ///
    /// # Errors
    /// The stream ended without audio.
    pub(super) fn add(&mut self, event: TokenEvent) -> Result<Option<Vec<TokenEvent>>, SourceError> {
        let end = match event {
            TokenEvent::Tokens(tokens) => {
                let mut heard = false;
                for token in &tokens {
                    heard |= self.assembler.push(*token).is_some();
                }
                self.tokens.extend(tokens);
                if heard {
                    return Ok(Some(self.events(None)));
                }
                if self.tokens.len() < self.max_tokens {
                    return Ok(None);
                }
                // The engine ignores the limit.
                FinishReason::Length
            }
            TokenEvent::End(reason) => reason,
        };
        // An engine that cuts a generation off before its limit has a fault, such as a context that is too short.
        if end == FinishReason::Length && self.max_tokens < ROOM_TOKENS {
            return Ok(Some(self.events(Some(end))));
        }
        Err(SourceError::Silent { tokens: self.tokens.len() })
    }

    fn events(&mut self, end: Option<FinishReason>) -> Vec<TokenEvent> {
        let tokens = std::mem::take(&mut self.tokens);
        let tokens = (!tokens.is_empty()).then_some(TokenEvent::Tokens(tokens));
        tokens.into_iter().chain(end.map(TokenEvent::End)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use smallvec::smallvec;

    use super::*;

    fn frame() -> impl Iterator<Item = u32> {
        (0..FRAME_CODES).filter_map(|slot| TokenLayout::default().token(slot, 7))
    }

    fn add_all(
        max_tokens: u32,
        chunk: usize,
        tokens: &[u32],
        end: FinishReason,
    ) -> Result<Option<Vec<TokenEvent>>, SourceError> {
        let mut beginning = Beginning::new(TokenLayout::default(), max_tokens);
        for chunk in tokens.chunks(chunk) {
            if let Some(events) = beginning.add(TokenEvent::Tokens(chunk.into()))? {
                return Ok(Some(events));
            }
        }
        beginning.add(TokenEvent::End(end))
    }

    #[test]
    fn a_cut_before_the_first_frame_is_the_limits_fault_only_where_it_is_low() {
        let few: Vec<u32> = frame().take(FRAME_CODES - 1).collect();
        let events = add_all(7, 1, &few, FinishReason::Length).unwrap().unwrap();
        assert_eq!(
            events,
            [TokenEvent::Tokens(few.as_slice().into()), TokenEvent::End(FinishReason::Length)]
        );
        assert!(add_all(1000, 1, &few, FinishReason::Length).is_err());
        assert!(add_all(1000, 1, &[5; ROOM_TOKENS], FinishReason::Length).is_err());
    }

    #[test]
    fn an_engine_that_ignores_the_limit_is_not_read_for_ever() {
        let mut beginning = Beginning::new(TokenLayout::default(), 100);
        for _ in 0..99 {
            assert_eq!(beginning.add(TokenEvent::Tokens(smallvec![5])).unwrap(), None);
        }
        assert!(beginning.add(TokenEvent::Tokens(smallvec![5])).is_err());
    }

    proptest! {
        #[test]
        fn a_whole_frame_is_audio_and_nothing_is_lost(
            before in prop::collection::vec(0u32..1000, 0..50), chunk in 1usize..20, cut in 0usize..FRAME_CODES
        ) {
            let part: Vec<u32> = before.iter().copied().chain(frame().take(cut)).collect();
            prop_assert!(add_all(1000, chunk, &part, FinishReason::Stop).is_err());
            let whole: Vec<u32> = before.into_iter().chain(frame()).collect();
            let events = add_all(1000, chunk, &whole, FinishReason::Stop).unwrap().unwrap();
            prop_assert_eq!(events, [TokenEvent::Tokens(whole.into())]);
        }
    }
}
