//! Latents to the codes of a codebook, and what they leave for the next one.

use super::layers::Scratch;
use crate::{
    native::{affine::Affine, buffer::Aligned},
    simd::VectorUnit,
};

/// Latents whose scores are computed at once.
const TILE: usize = 12;

/// A codebook that is looked up every `stride` latents.
#[derive(Debug)]
pub(crate) struct Quantizer {
    pub(super) stride: usize,
    /// A latent to the few dimensions of an entry.
    pub(super) project: Affine,
    /// The scores of all `codes` entries w for a z: 2 z·w − |w|², the largest of which is the nearest one's.
    pub(super) nearest: Affine,
    pub(super) codes: usize,
    /// What the next codebook needs.
    pub(super) restore: Option<Restore>,
}

/// From an entry back to a latent.
#[derive(Debug)]
pub(crate) struct Restore {
    pub(super) codebook: Vec<f32>,
    /// Floats in an entry.
    pub(super) entry_len: usize,
    pub(super) expand: Affine,
}

/// Buffers that calls leave for the next ones.
#[derive(Debug, Default)]
pub(crate) struct QuantizerBuffers {
    pooled: Aligned,
    z: Aligned,
    scores: Aligned,
    latents: Aligned,
}

impl Quantizer {
    /// The codes of rows of `width` floats, from which what they stand for is subtracted.
    pub(super) fn run(
        &self,
        unit: VectorUnit,
        residual: &mut [f32],
        width: usize,
        scratch: &mut Scratch,
        buffers: &mut QuantizerBuffers,
    ) -> Vec<u16> {
        let QuantizerBuffers { pooled, z, scores, latents } = buffers;
        let group = self.stride * width;
        let count = residual.len() / group;
        let pooled = pooled.of_len(count * width);
        let share = 1.0 / self.stride as f32;
        for (pooled, rows) in pooled.chunks_exact_mut(width).zip(residual.chunks_exact(group)) {
            pooled.fill(0.0);
            for row in rows.chunks_exact(width) {
                pooled.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
            pooled.iter_mut().for_each(|sum| *sum *= share);
        }
        let z_width = self.project.outputs();
        let z = z.of_len(count * z_width);
        self.project.run(unit, pooled, width, scratch.ones(count), z);
        let mut codes = Vec::with_capacity(count);
        let wide = self.nearest.outputs();
        for z in z.chunks(TILE * z_width) {
            let rows = z.len() / z_width;
            let scores = scores.of_len(rows * wide);
            self.nearest.run(unit, z, z_width, scratch.ones(rows), scores);
            codes.extend(scores.chunks_exact(wide).map(|scores| largest(scores.iter().take(self.codes))));
        }
        if let Some(Restore { codebook, entry_len, expand }) = &self.restore {
            for (z, code) in z.chunks_exact_mut(z_width).zip(&codes) {
                let entry = codebook.chunks_exact(*entry_len).nth(usize::from(*code)).unwrap_or_default();
                // As the graph does it, which rounds.
                z.iter_mut().zip(entry).for_each(|(z, entry)| *z += entry - *z);
            }
            let latents = latents.of_len(count * width);
            expand.run(unit, z, z_width, scratch.ones(count), latents);
            for (latent, rows) in latents.chunks_exact(width).zip(residual.chunks_exact_mut(group)) {
                for row in rows.chunks_exact_mut(width) {
                    row.iter_mut().zip(latent).for_each(|(x, latent)| *x -= latent);
                }
            }
        }
        codes
    }
}

/// The number of the largest score, of the first one if there are several.
fn largest<'a>(scores: impl Iterator<Item = &'a f32>) -> u16 {
    let mut best = (0, f32::NEG_INFINITY);
    for (code, score) in (0..=u16::MAX).zip(scores) {
        if *score > best.1 {
            best = (code, *score);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_codebook_has_a_last_code() {
        let mut scores = vec![0.0; usize::from(u16::MAX)];
        assert_eq!(largest(scores.iter()), 0);
        scores[65_534] = 1.0;
        assert_eq!(largest(scores.iter()), 65_534);
    }
}
