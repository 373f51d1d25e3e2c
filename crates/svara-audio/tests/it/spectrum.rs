//! Distance and lag between two sounds.

use realfft::RealFftPlanner;

const WINDOW: usize = 512;
const HOP: usize = 256;
/// Bins this far below the reference's loudest bin count as silence: codecs drop them and nobody hears them.
const FLOOR_DB: f32 = -50.0;

/// Log-spectral distance in dB between two sounds that are aligned: the mean over frames (Hann, 512 samples, hop 256)
/// of the root mean square over bins of the difference in level, bins up to `top` of the Nyquist frequency, levels
/// floored at 50 dB below the reference's loudest bin. 0 is equal; below about 2 dB few people can tell speech apart.
pub(crate) fn distance_db(reference: &[f32], other: &[f32], top: f32) -> f32 {
    let bins = ((WINDOW / 2) as f32 * top) as usize;
    let (reference, other) = (levels_db(reference, bins), levels_db(other, bins));
    let floor = reference.iter().flatten().copied().fold(f32::MIN, f32::max) + FLOOR_DB;
    let frames: Vec<f32> = reference
        .iter()
        .zip(&other)
        .map(|(a, b)| {
            let squares = a.iter().zip(b).map(|(a, b)| (a.max(floor) - b.max(floor)).powi(2));
            (squares.sum::<f32>() / bins as f32).sqrt()
        })
        .collect();
    assert!(!frames.is_empty(), "too short to compare");
    frames.iter().sum::<f32>() / frames.len() as f32
}

/// How many samples `other` lags behind `reference`, by cross-correlation over lags from -`max` to `max`.
pub(crate) fn lag(reference: &[f32], other: &[f32], max: isize) -> isize {
    let correlation = |lag: isize| -> f64 {
        (0..reference.len().min(24_000))
            .map(|n| {
                let at = n as isize + lag;
                let other = usize::try_from(at).ok().and_then(|at| other.get(at)).copied().unwrap_or(0.0);
                f64::from(reference[n]) * f64::from(other)
            })
            .sum()
    };
    (-max..=max).max_by(|a, b| correlation(*a).total_cmp(&correlation(*b))).expect("lags")
}

fn levels_db(samples: &[f32], bins: usize) -> Vec<Vec<f32>> {
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(WINDOW);
    let mut spectrum = fft.make_output_vec();
    samples
        .windows(WINDOW)
        .step_by(HOP)
        .map(|window| {
            let mut input: Vec<f32> = window
                .iter()
                .enumerate()
                .map(|(n, s)| s * (0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / WINDOW as f32).cos()))
                .collect();
            fft.process(&mut input, &mut spectrum).expect("lengths fit");
            spectrum[..bins].iter().map(|bin| 10.0 * (bin.norm_sqr() + 1e-12).log10()).collect()
        })
        .collect()
}
