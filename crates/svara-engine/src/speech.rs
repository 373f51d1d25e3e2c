//! Speech on its way: tokens to frames to samples.

use futures::StreamExt;
use svara_snac::{AssemblerStats, DecodeStream, Frame, FrameAssembler};

use crate::{
    HopPlan, SpeakError,
    source::{FinishReason, SourceError, TokenEvent, TokenStream},
};

/// Speech as it is being made: ask for [`Speech::next`] until there is no more. Dropping it ends the generation and
/// frees the decoder's slot.
///
/// N whole frames of tokens become exactly N · 2048 samples, whatever the engine's chunks and the decoder's load.
pub struct Speech {
    tokens: TokenStream,
    assembler: FrameAssembler,
    decode: DecodeStream,
    hops: HopPlan,
    calls: usize,
    frames: Vec<Frame>,
    /// The first chunk, made before the caller got this.
    ready: Option<Vec<f32>>,
    finish: Option<FinishReason>,
    samples: u64,
    sample_rate_hz: u32,
    /// Nothing more will come: the last samples were made, or something failed.
    ended: bool,
}

/// What became of a speech so far.
#[derive(Clone, Copy, Debug)]
pub struct SpeechReport {
    /// Why it ended; none while it hasn't.
    pub finish: Option<FinishReason>,
    /// What the tokens were.
    pub tokens: AssemblerStats,
    /// Tokens of a last frame that was never completed.
    pub unfinished_tokens: usize,
    /// Samples given out.
    pub samples: u64,
}

impl Speech {
    /// Waits for the first samples, so that what fails before them fails here.
    pub(crate) async fn start(
        tokens: TokenStream,
        assembler: FrameAssembler,
        decode: DecodeStream,
        hops: HopPlan,
        sample_rate_hz: u32,
    ) -> Result<Self, SpeakError> {
        let mut speech = Self {
            tokens,
            assembler,
            decode,
            hops,
            calls: 0,
            frames: Vec::new(),
            ready: None,
            finish: None,
            samples: 0,
            sample_rate_hz,
            ended: false,
        };
        speech.ready = Some(speech.make().await?.ok_or(SpeakError::NoAudio)?);
        Ok(speech)
    }

    /// The next samples (mono, −1 to 1); none after the last. An error is the last item.
    ///
    /// Not cancel-safe: a call given up half-way ends the speech with an error.
    pub async fn next(&mut self) -> Option<Result<Vec<f32>, SpeakError>> {
        let chunk = match self.ready.take() {
            Some(chunk) => Ok(Some(chunk)),
            None => self.make().await,
        };
        if let Ok(Some(samples)) = &chunk {
            self.samples += samples.len() as u64;
        }
        self.ended |= chunk.is_err();
        chunk.transpose()
    }

    /// Sample rate of the audio.
    pub fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// What became of it so far.
    pub fn report(&self) -> SpeechReport {
        SpeechReport {
            finish: self.finish,
            tokens: self.assembler.stats(),
            unfinished_tokens: self.assembler.pending_tokens(),
            samples: self.samples,
        }
    }

    /// Gathers frames and decodes them until there are samples; `None` at the end.
    async fn make(&mut self) -> Result<Option<Vec<f32>>, SpeakError> {
        while self.finish.is_none() && !self.ended {
            if self.frames.len() < self.hops.frames(self.calls) {
                self.gather().await?;
                continue;
            }
            let hop = self.hops.frames(self.calls).min(self.frames.len());
            self.calls += 1;
            let samples = self.decode.push(self.frames.get(..hop).unwrap_or_default()).await?;
            self.frames.drain(..hop);
            if !samples.is_empty() {
                return Ok(Some(samples));
            }
        }
        if self.ended {
            return Ok(None);
        }
        self.ended = true;
        let samples = self.decode.finish(&self.frames).await?;
        Ok((!samples.is_empty()).then_some(samples))
    }

    /// Takes the next tokens, or learns that there are no more.
    async fn gather(&mut self) -> Result<(), SpeakError> {
        match self.tokens.next().await {
            Some(Ok(TokenEvent::Tokens(tokens))) => {
                self.frames.extend(tokens.into_iter().filter_map(|token| self.assembler.push(token)));
            }
            Some(Ok(TokenEvent::End(reason))) => self.finish = Some(reason),
            Some(Err(error)) => return Err(error.into()),
            None => {
                return Err(SourceError::BrokeOff { reason: "the token stream just stopped".into() }.into());
            }
        }
        Ok(())
    }
}
