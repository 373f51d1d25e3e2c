//! One piece of speech on its way: tokens to frames to samples.

use std::time::Instant;

use futures::StreamExt;
use svara_snac::{AssemblerStats, DecodeStream, Frame, FrameAssembler, TokenLayout};

use crate::{
    HopPlan, SpeakError,
    source::{FinishReason, SourceError, TokenEvent, TokenStream},
};

/// The tokens of one generation, and how far they have been decoded.
///
/// N whole frames of tokens become exactly N · 2048 samples, whatever the engine's chunks and the decoder's load.
pub(crate) struct Piece {
    tokens: TokenStream,
    assembler: FrameAssembler,
    hops: HopPlan,
    calls: usize,
    frames: Vec<Frame>,
    finish: Option<FinishReason>,
    first_tokens_at: Option<Instant>,
    /// The last samples were made.
    ended: bool,
}

impl Piece {
    pub(crate) fn new(tokens: TokenStream, layout: TokenLayout, hops: HopPlan) -> Self {
        let assembler = FrameAssembler::new(layout);
        let (frames, finish, first_tokens_at) = (Vec::new(), None, None);
        Self { tokens, assembler, hops, calls: 0, frames, finish, first_tokens_at, ended: false }
    }

    /// Why the generation ended; none while it hasn't.
    pub(crate) fn finish(&self) -> Option<FinishReason> {
        self.finish
    }

    /// When the first tokens came.
    pub(crate) fn first_tokens_at(&self) -> Option<Instant> {
        self.first_tokens_at
    }

    /// What the tokens were so far.
    pub(crate) fn stats(&self) -> AssemblerStats {
        self.assembler.stats()
    }

    /// Gathers frames and decodes them until there are samples; `None` at the end.
    pub(crate) async fn next(&mut self, decode: &mut DecodeStream) -> Result<Option<Vec<f32>>, SpeakError> {
        while self.finish.is_none() {
            let hop = self.hops.frames(self.calls);
            if self.frames.len() < hop {
                self.gather().await?;
                continue;
            }
            self.calls += 1;
            let samples = decode.push(self.frames.get(..hop).unwrap_or_default()).await?;
            self.frames.drain(..hop);
            if !samples.is_empty() {
                return Ok(Some(samples));
            }
        }
        if self.ended {
            return Ok(None);
        }
        self.ended = true;
        let samples = decode.finish(&self.frames).await?;
        Ok((!samples.is_empty()).then_some(samples))
    }

    /// Takes the next tokens, or learns that there are no more.
    async fn gather(&mut self) -> Result<(), SpeakError> {
        match self.tokens.next().await {
            Some(Ok(TokenEvent::Tokens(tokens))) => {
                self.first_tokens_at.get_or_insert_with(Instant::now);
                self.frames.extend(tokens.into_iter().filter_map(|token| self.assembler.push(token)));
            }
            Some(Ok(TokenEvent::End(reason))) => self.finish = Some(reason),
            Some(Err(error)) => return Err(error.into()),
            None => {
                return Err(SourceError::just_stopped().into());
            }
        }
        Ok(())
    }
}
