//! From codes to latents.

use super::{affine::Affine, buffer::Aligned};
use crate::{frame::CODEBOOKS, simd::VectorUnit};

/// The codebooks, and the layer that makes a latent of an entry of each. A latent takes `CODEBOOKS` · `entry_len` multiply-adds
/// for each of its channels.
#[derive(Debug)]
pub(crate) struct Embed {
    pub(super) codebooks: [Vec<f32>; CODEBOOKS],
    /// Floats in an entry of a codebook.
    pub(super) entry_len: usize,
    /// From the entries of all codebooks to a latent.
    pub(super) layer: Affine,
}

impl Embed {
    /// Channels of a latent, with those that fill up a panel.
    pub(super) fn channels(&self) -> usize {
        self.layer.outputs()
    }

    /// Writes a latent for each element of `mask` to `x`, multiplied by it. `codes` gives a codebook's codes, one for each latent;
    /// `entries` is a buffer.
    pub(super) fn run<I: Iterator<Item = u16>>(
        &self,
        unit: VectorUnit,
        codes: impl Fn(usize) -> I,
        mask: &[f32],
        entries: &mut Aligned,
        x: &mut [f32],
    ) {
        let entry = self.entry_len;
        let entries = entries.of_len(mask.len() * CODEBOOKS * entry);
        for (level, codebook) in self.codebooks.iter().enumerate() {
            for (row, code) in entries.chunks_exact_mut(CODEBOOKS * entry).zip(codes(level)) {
                let of_code = codebook.chunks_exact(entry).nth(usize::from(code)).unwrap_or_default();
                let to = row.chunks_exact_mut(entry).nth(level).unwrap_or_default();
                to.iter_mut().zip(of_code).for_each(|(to, from)| *to = *from);
            }
        }
        self.layer.run(unit, entries, CODEBOOKS * entry, mask, x);
    }
}
