//! The random draws of SNAC's noise blocks, addressed by position.
//!
//! A noise block adds `n · linear(x)`, n ~ N(0, 1), with a fresh draw for each sample at its layer's rate. Here a draw
//! is a function of (request seed, layer, absolute sample), so decoding in one call, in many, or again later gives the
//! same audio.

use std::f32::consts::TAU;

use crate::onnx::{CodecModel, NoiseLayer};

/// The draws of all noise layers for `frames` frames, one layer after the other.
pub(crate) fn draws(seed: u64, model: &CodecModel, first_latent: i64, frames: usize) -> Vec<f32> {
    let counts = model.noise.iter().map(|layer| draws_in(layer, model, frames));
    let mut draws = Vec::with_capacity(counts.sum());
    for (number, layer) in model.noise.iter().enumerate() {
        let first_sample = first_latent * layer.rate as i64 - layer.delay as i64;
        append(seed, number, first_sample, draws_in(layer, model, frames), &mut draws);
    }
    draws
}

/// Draws of a noise layer for `frames` frames.
pub(crate) fn draws_in(layer: &NoiseLayer, model: &CodecModel, frames: usize) -> usize {
    frames * model.latents_per_frame() * layer.rate
}

/// Appends `count` normal draws of `layer` for the samples `first_sample`, `first_sample + 1`, ….
///
/// `first_sample` may be negative: draws outside the utterance have no effect and only need to be finite.
fn append(seed: u64, layer: usize, first_sample: i64, count: usize, draws: &mut Vec<f32>) {
    let key = mix(seed ^ mix(layer as u64 + 1));
    let draw = |sample: i64| normal(mix(key.wrapping_add((sample as u64).wrapping_mul(GAMMA))));
    draws.extend((first_sample..).take(count).map(draw));
}

/// SplitMix64's increment, 2^64 / golden ratio made odd.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64's output function (Steele, Lea, Flood 2014): a bijection that passes BigCrush on a counter.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Box–Muller on the two halves of 64 random bits.
fn normal(bits: u64) -> f32 {
    // 24 bits each; the first is in (0, 1], so that its logarithm is finite.
    const UNIT: f32 = 1.0 / (1 << 24) as f32;
    let radius = ((((bits >> 40) + 1) as f32) * UNIT).ln() * -2.0;
    let angle = (((bits >> 8) & 0xFF_FFFF) as f32) * UNIT * TAU;
    radius.sqrt() * angle.cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(seed: u64, layer: usize, first: i64, count: usize) -> Vec<f32> {
        let mut draws = Vec::new();
        append(seed, layer, first, count, &mut draws);
        draws
    }

    #[test]
    fn a_draw_depends_on_its_address_only() {
        let whole = draws(7, 2, -100, 1000);
        assert_eq!(draws(7, 2, 23, 50), whole[123..173]);
        assert_ne!(draws(8, 2, 23, 50), whole[123..173]);
        assert_ne!(draws(7, 3, 23, 50), whole[123..173]);
    }

    #[test]
    fn draws_are_standard_normal() {
        let n = 200_000;
        for (seed, layer) in [(0, 0), (1, 0), (1, 3), (u64::MAX, 1)] {
            let draws = draws(seed, layer, 0, n);
            let moment = |power| draws.iter().map(|d| f64::from(*d).powi(power)).sum::<f64>() / n as f64;
            let lag: f64 = draws.windows(2).map(|w| f64::from(w[0] * w[1])).sum::<f64>() / n as f64;
            // Five standard errors of each estimate.
            assert!(moment(1).abs() < 5.0 / (n as f64).sqrt(), "mean {}", moment(1));
            assert!((moment(2) - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt(), "variance {}", moment(2));
            assert!((moment(4) - 3.0).abs() < 5.0 * (96.0 / n as f64).sqrt(), "kurtosis {}", moment(4));
            assert!(lag.abs() < 5.0 / (n as f64).sqrt(), "neighbours are correlated: {lag}");
            assert!(draws.iter().all(|d| d.is_finite()));
        }
    }
}
