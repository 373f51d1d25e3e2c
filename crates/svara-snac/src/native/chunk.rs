//! What a call decodes of a stream.

use std::{
    iter::repeat_n,
    mem::take,
    ops::Range,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use crate::{Frame, frame::CODEBOOKS};

/// Latents in a frame: SNAC's codebooks have a code for four, two and one of them.
pub(super) const LATENTS: usize = 1 << (CODEBOOKS - 1);

/// How many layers the first half of a chunk may be ahead of the second.
const LAYERS_AHEAD: usize = 8;

/// Frames of one stream, or half of their latents.
pub(crate) struct Chunk<'a> {
    frames: &'a [Frame],
    /// Those of the frames' latents that are decoded.
    latents: Range<usize>,
    /// Latents of the utterance before these frames.
    latents_before: i64,
    /// Latents of the whole utterance.
    pub(super) total_latents: i64,
    /// The draws of all noise blocks, one block after the other; none for a decoder without noise.
    draws: &'a [f32],
    pub(super) state: State<'a>,
}

impl<'a> Chunk<'a> {
    /// Frames behind `latents_before` latents of an utterance of `total_latents`. `draws` has those of all noise blocks, one
    /// block after the other, or none; `state` has [`Net::state_len`](super::Net::state_len) floats, zeros at the stream's
    /// start.
    pub(crate) fn new(
        frames: &'a [Frame],
        latents_before: i64,
        total_latents: i64,
        draws: &'a [f32],
        state: &'a mut [f32],
    ) -> Self {
        let latents = 0..frames.len() * LATENTS;
        Self { frames, latents, latents_before, total_latents, draws, state: State::of(state) }
    }

    /// The first half of the latents and the second one, which takes each part of the state once the first half is done with
    /// it.
    pub(super) fn halves(self) -> [Self; 2] {
        let Self { frames, latents, latents_before, total_latents, draws, mut state } = self;
        let middle = latents.start + latents.len().div_ceil(2);
        let behind = state.followed();
        let half = |latents, state| Self { frames, latents, latents_before, total_latents, draws, state };
        [half(latents.start..middle, state), half(middle..latents.end, behind)]
    }

    /// How many latents are decoded.
    pub(super) fn latents(&self) -> usize {
        self.latents.len()
    }

    /// The first of them, as a latent of the utterance.
    pub(super) fn first_latent(&self) -> i64 {
        self.latents_before.saturating_add(i64::try_from(self.latents.start).unwrap_or(i64::MAX))
    }

    /// A code of one codebook for each latent.
    pub(super) fn codes(&self, level: usize) -> impl Iterator<Item = u16> {
        codes_of(self.frames, level).skip(self.latents.start).take(self.latents.len())
    }

    /// The draws of the next noise block, `rate` for each latent.
    pub(super) fn take_draws(&mut self, rate: usize) -> &'a [f32] {
        let len = self.frames.len() * LATENTS * rate;
        let (part, rest) = self.draws.split_at_checked(len).unwrap_or_default();
        self.draws = rest;
        part.get(self.latents.start * rate..self.latents.end * rate).unwrap_or_default()
    }
}

/// A stream's state, which the layers take part by part, in their order.
pub(super) struct State<'a> {
    rest: Rest<'a>,
    /// The part of the layer that runs.
    part: &'a mut [f32],
    /// Who takes the parts afterwards.
    next: Option<SyncSender<&'a mut [f32]>>,
}

enum Rest<'a> {
    Here(&'a mut [f32]),
    /// With the half that goes ahead.
    Ahead(Receiver<&'a mut [f32]>),
}

impl<'a> State<'a> {
    fn of(state: &'a mut [f32]) -> Self {
        Self { rest: Rest::Here(state), part: &mut [], next: None }
    }

    /// The same state as it is behind this one.
    fn followed(&mut self) -> Self {
        let (next, ahead) = sync_channel(LAYERS_AHEAD);
        self.next = Some(next);
        Self { rest: Rest::Ahead(ahead), part: &mut [], next: None }
    }

    /// The part of the layer that runs, `len` floats. Waits for it where another half goes ahead.
    pub(super) fn part(&mut self, len: usize) -> &mut [f32] {
        if self.part.is_empty() {
            self.part = match &mut self.rest {
                Rest::Here(rest) => {
                    let (part, others) = take(rest).split_at_mut_checked(len).unwrap_or_default();
                    *rest = others;
                    part
                }
                // Fails if the other half has panicked, and then so does the call.
                Rest::Ahead(ahead) => ahead.recv().unwrap_or_default(),
            };
        }
        self.part
    }

    /// The layer is done with its part.
    pub(super) fn pass_on(&mut self) {
        let part = take(&mut self.part);
        if let Some(next) = &self.next {
            // Fails if the other half has panicked, and then so does the call.
            let _ = next.send(part);
        }
    }
}

/// A codebook's code for each latent of some frames.
pub(super) fn codes_of(frames: &[Frame], level: usize) -> impl Iterator<Item = u16> {
    let codes = frames.iter().flat_map(move |frame| frame.codes_of(level));
    codes.flat_map(move |code| repeat_n(code, LATENTS >> level))
}
