//! The whole stream decoder: what `scripts/export_snac.py` writes as a graph, layer by layer.
//!
//! Signals are rows of channels, one row a sample; the channels of each layer are filled up with zeros to whole panels.
//! Each layer keeps the end of its input as its part of the stream's state, and delays its output by as many samples as it
//! looks ahead. So at `rate` and `delay`, row j of a call is sample first_latent · rate − delay + j of the utterance, and
//! rows outside the utterance are masked.
//!
//! 103.5 million multiply-adds a latent at full size: 50.3 in the transposed convolutions, 37.7 in the pointwise ones of
//! the residual units, 12.6 in the noise blocks, and 2.9 in all others; 9.7 GFLOP for a second of audio.

use super::{
    affine::{Affine, Upsample},
    buffer::Aligned,
    depthwise::KERNEL,
    embed::Embed,
    ends::{First, Last, Noise},
    residual::{Residual, Scratch},
};
use crate::{Frame, frame::CODEBOOKS, simd::VectorUnit};

/// Latents in a frame: SNAC's codebooks have a code for four, two and one of them.
pub(super) const LATENTS: usize = 1 << (CODEBOOKS - 1);
/// The rows that a convolution of width 7 takes from the past.
const PAST: usize = KERNEL - 1;

/// The weights of a stream decoder, ready for the vector unit. Threads share them.
#[derive(Debug)]
pub(crate) struct Net {
    pub(super) unit: VectorUnit,
    pub(super) embed: Embed,
    pub(super) front: Front,
    pub(super) blocks: Vec<Block>,
    pub(super) last: Last,
}

/// The convolution before the blocks.
#[derive(Debug)]
pub(crate) enum Front {
    /// One in each channel, and one of width 1 across them.
    Depthwise { first: First, pointwise: Affine },
    /// One of width 7 across all channels: its rows are seven adjacent ones of its input.
    Full { channels: usize, taps: Affine },
}

/// What raises the rate by `up.stride`.
#[derive(Debug)]
pub(crate) struct Block {
    pub(super) up: Upsample,
    pub(super) noise: Option<Noise>,
    pub(super) residuals: Vec<Residual>,
}

/// The frames of one stream in a call.
pub(crate) struct Chunk<'a> {
    pub(crate) frames: &'a [Frame],
    /// Latents of the utterance before these frames.
    pub(crate) first_latent: i64,
    /// Latents of the whole utterance.
    pub(crate) total_latents: i64,
    /// The draws of all noise blocks, one block after the other; none for a decoder without noise.
    pub(crate) draws: &'a [f32],
    /// The stream's state: [`Net::state_len`] floats, zeros at its start.
    pub(crate) state: &'a mut [f32],
}

impl<'a> Chunk<'a> {
    /// The next layer's part of the state.
    fn take_state(&mut self, len: usize) -> &'a mut [f32] {
        let (part, rest) = std::mem::take(&mut self.state).split_at_mut_checked(len).unwrap_or_default();
        self.state = rest;
        part
    }

    fn take_draws(&mut self, len: usize) -> &'a [f32] {
        let (part, rest) = self.draws.split_at_checked(len).unwrap_or_default();
        self.draws = rest;
        part
    }
}

/// Buffers of a thread, which calls leave for the next ones.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    x: Aligned,
    y: Aligned,
    /// The past and the present of a layer's input.
    joined: Aligned,
    mask: Vec<f32>,
    audio: Vec<f32>,
    scratch: Scratch,
}

/// Where a signal is in time.
#[derive(Clone, Copy)]
struct Clock {
    /// Rows in a stream's part of it.
    rows: usize,
    /// Rows for a latent.
    rate: usize,
    delay: usize,
}

impl Net {
    /// Floats in a stream's state.
    pub(crate) fn state_len(&self) -> usize {
        let block = |block: &Block| {
            let residuals = block.residuals.iter().map(|residual| residual.past_rows() * residual.channels);
            block.up.channels + residuals.sum::<usize>()
        };
        let front = PAST * self.front.channels();
        front + self.blocks.iter().map(block).sum::<usize>() + PAST * self.last.channels
    }

    /// The vector unit that it uses.
    pub(crate) fn unit(&self) -> VectorUnit {
        self.unit
    }

    /// Decodes one chunk of each stream, all of equally many frames. Returns the samples, stream after stream.
    pub(crate) fn run<'b>(&self, chunks: &mut [Chunk<'_>], buffers: &'b mut Buffers) -> &'b [f32] {
        let frames = chunks.first().map_or(0, |chunk| chunk.frames.len());
        let mut clock = Clock { rows: frames * LATENTS, rate: 1, delay: 0 };
        buffers.audio.clear();
        if frames > 0 {
            self.embed(chunks, clock, buffers);
            self.run_front(chunks, &mut clock, buffers);
            for block in &self.blocks {
                self.run_block(block, chunks, &mut clock, buffers);
            }
            self.run_last(chunks, clock, buffers);
        }
        &buffers.audio
    }

    /// Codes to latents in `x`.
    fn embed(&self, chunks: &[Chunk<'_>], clock: Clock, buffers: &mut Buffers) {
        let Buffers { x, joined, mask, .. } = buffers;
        masks(chunks, clock, mask);
        let x = x.of_len(mask.len() * self.front.channels());
        let codes = |level: usize| chunks.iter().flat_map(move |chunk| codes_of(chunk.frames, level));
        self.embed.run(self.unit, codes, mask, joined, x);
    }

    fn run_front(&self, chunks: &mut [Chunk<'_>], clock: &mut Clock, buffers: &mut Buffers) {
        let Buffers { x, y, joined, mask, scratch, .. } = buffers;
        let (channels, rows) = (self.front.channels(), clock.rows);
        clock.delay += PAST / 2;
        masks(chunks, *clock, mask);
        let joined = join(chunks, PAST, rows, channels, x, joined);
        keep_ends(chunks, PAST * channels, joined);
        let latents = chunks.len() * rows;
        match &self.front {
            Front::Depthwise { first, pointwise } => {
                let y = y.of_len(latents * channels);
                let streams = joined.chunks_exact((PAST + rows) * channels);
                for (joined, y) in streams.zip(y.chunks_exact_mut(rows * channels)) {
                    first.run(self.unit, joined, y, scratch.columns());
                }
                let x = x.of_len(latents * pointwise.outputs());
                pointwise.run(self.unit, y, channels, mask, x);
            }
            Front::Full { taps, .. } => {
                let x = x.of_len(latents * taps.outputs());
                let start = |row: usize| (row + row / rows * PAST) * channels;
                taps.run_at(self.unit, joined, start, mask, x);
            }
        }
    }

    fn run_block(&self, block: &Block, chunks: &mut [Chunk<'_>], clock: &mut Clock, buffers: &mut Buffers) {
        let Buffers { x, y, joined, mask, scratch, .. } = buffers;
        let Block { up, noise, residuals } = block;
        let joined = join(chunks, 1, clock.rows, up.channels, x, joined);
        let rows_in_stream = 1 + clock.rows;
        clock.rows *= up.stride;
        clock.rate *= up.stride;
        clock.delay = clock.delay * up.stride + up.stride.div_ceil(2);
        masks(chunks, *clock, mask);
        let stream_len = clock.rows * up.out_channels;
        let len = chunks.len() * stream_len;
        up.run(self.unit, joined, rows_in_stream, mask, x.of_len(len));
        keep_ends(chunks, up.channels, joined);
        if let Some(noise) = noise {
            let streams =
                x.first(len).chunks_exact(stream_len).zip(y.of_len(len).chunks_exact_mut(stream_len));
            let mut noisy = false;
            for (chunk, (x, y)) in chunks.iter_mut().zip(streams) {
                let draws = chunk.take_draws(clock.rows);
                noise.run(self.unit, x, draws, y);
                noisy = !draws.is_empty();
            }
            if noisy {
                std::mem::swap(x, y);
            }
        }
        for residual in residuals {
            clock.delay += residual.past_rows() / 2;
            masks(chunks, *clock, mask);
            let streams =
                x.first(len).chunks_exact(stream_len).zip(y.of_len(len).chunks_exact_mut(stream_len));
            for ((chunk, mask), (x, y)) in chunks.iter_mut().zip(mask.chunks_exact(clock.rows)).zip(streams) {
                let past = chunk.take_state(residual.past_rows() * residual.channels);
                residual.run(self.unit, past, x, mask, y, scratch);
                remember(past, x);
            }
            std::mem::swap(x, y);
        }
    }

    fn run_last(&self, chunks: &mut [Chunk<'_>], clock: Clock, buffers: &mut Buffers) {
        let Buffers { x, joined, audio, .. } = buffers;
        let channels = self.last.channels;
        let joined = join(chunks, PAST, clock.rows, channels, x, joined);
        audio.resize(chunks.len() * clock.rows, 0.0);
        let streams = joined.chunks_exact_mut((PAST + clock.rows) * channels);
        for (joined, audio) in streams.zip(audio.chunks_exact_mut(clock.rows)) {
            self.last.run(self.unit, joined, audio);
        }
        keep_ends(chunks, PAST * channels, joined);
    }
}

impl Front {
    /// Channels of the latents.
    fn channels(&self) -> usize {
        match self {
            Self::Depthwise { first, .. } => first.channels,
            Self::Full { channels, .. } => *channels,
        }
    }
}

/// A codebook's code for each latent of some frames.
pub(super) fn codes_of(frames: &[Frame], level: usize) -> impl Iterator<Item = u16> {
    frames
        .iter()
        .flat_map(move |frame| frame.codes_of(level))
        .flat_map(move |code| std::iter::repeat_n(code, LATENTS >> level))
}

/// For each stream its past, `past` rows, and the `rows` rows of `x`.
fn join<'b>(
    chunks: &[Chunk<'_>],
    past: usize,
    rows: usize,
    channels: usize,
    x: &Aligned,
    joined: &'b mut Aligned,
) -> &'b mut [f32] {
    let joined = joined.of_len(chunks.len() * (past + rows) * channels);
    let streams = joined.chunks_exact_mut((past + rows) * channels);
    for ((chunk, x), joined) in chunks.iter().zip(x.floats().chunks_exact(rows * channels)).zip(streams) {
        let (before, now) = joined.split_at_mut_checked(past * channels).unwrap_or_default();
        copy(chunk.state, before);
        copy(x, now);
    }
    joined
}

/// Puts the end of each stream's joined rows into its part of the state, `len` floats.
fn keep_ends(chunks: &mut [Chunk<'_>], len: usize, joined: &[f32]) {
    let streams = joined.chunks_exact(joined.len() / chunks.len().max(1));
    for (chunk, joined) in chunks.iter_mut().zip(streams) {
        let (_, end) = joined.split_at_checked(joined.len().saturating_sub(len)).unwrap_or_default();
        copy(end, chunk.take_state(len));
    }
}

/// The end of `past` and `x` together, as long as `past`, becomes the new `past`.
fn remember(past: &mut [f32], x: &[f32]) {
    let new = x.len().min(past.len());
    past.rotate_left(new);
    let (_, to) = past.split_at_mut_checked(past.len() - new).unwrap_or_default();
    let (_, from) = x.split_at_checked(x.len() - new).unwrap_or_default();
    copy(from, to);
}

/// One mask for each row: 1 within the utterance, 0 outside.
fn masks(chunks: &[Chunk<'_>], clock: Clock, mask: &mut Vec<f32>) {
    let wide = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    mask.clear();
    for chunk in chunks {
        let first = chunk.first_latent.saturating_mul(wide(clock.rate)).saturating_sub(wide(clock.delay));
        let end = chunk.total_latents.saturating_mul(wide(clock.rate));
        let inside = |sample: i64| if (0..end).contains(&sample) { 1.0 } else { 0.0 };
        mask.extend((first..first.saturating_add(wide(clock.rows))).map(inside));
    }
}

fn copy(from: &[f32], to: &mut [f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}
