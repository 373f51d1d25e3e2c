//! How many frames to gather before each decode call. Pure.

use svara_snac::{DecoderInfo, DecoderKind};

/// The hops of a stream: few frames at first, so that the listener hears something soon, more later, because a call
/// for more frames costs less for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HopPlan {
    first: usize,
    ramp: &'static [usize],
    fixed: Option<usize>,
}

/// A stream decoder costs 1.2 one-shot decodes at one frame a call, 1.03 at two, 1.00 at five.
const STREAM_RAMP: &[usize] = &[1, 2, 2, 4];
/// A window repeats six frames of context in every call: the more new ones share them, the better.
const PLAIN_RAMP: &[usize] = &[2, 4, 8];

impl HopPlan {
    /// The plan for a decoder. `fixed` replaces it by calls of so many frames each (at least 1).
    pub fn new(decoder: &DecoderInfo, fixed: Option<usize>) -> Self {
        Self {
            // Earlier calls would give no samples.
            first: decoder.first_audio_frames,
            ramp: match decoder.kind {
                DecoderKind::Stream | DecoderKind::Null => STREAM_RAMP,
                DecoderKind::Plain => PLAIN_RAMP,
            },
            fixed: fixed.map(|frames| frames.max(1)),
        }
    }

    /// Frames to gather for call number `call`, counted from 0.
    pub fn frames(&self, call: usize) -> usize {
        match (self.fixed, call.checked_sub(1)) {
            (Some(fixed), _) => fixed,
            (None, None) => self.first,
            (None, Some(after_first)) => {
                let last = self.ramp.len() - 1;
                self.ramp.get(after_first.min(last)).copied().unwrap_or(1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use svara_snac::onnx::Device;

    use super::*;

    fn hops(kind: DecoderKind, first_audio_frames: usize, fixed: Option<usize>) -> Vec<usize> {
        let (sample_rate_hz, samples_per_frame, codebook_size) = (24_000, 2048, 4096);
        let device = Device::Cpu;
        let info = DecoderInfo {
            kind,
            device,
            sample_rate_hz,
            samples_per_frame,
            first_audio_frames,
            codebook_size,
        };
        let plan = HopPlan::new(&info, fixed);
        (0..7).map(|call| plan.frames(call)).collect()
    }

    #[test]
    fn hops_grow_from_the_first_audio() {
        assert_eq!(hops(DecoderKind::Stream, 3, None), [3, 1, 2, 2, 4, 4, 4]);
        assert_eq!(hops(DecoderKind::Plain, 4, None), [4, 2, 4, 8, 8, 8, 8]);
        assert_eq!(hops(DecoderKind::Stream, 3, Some(7)), [7; 7]);
        assert_eq!(hops(DecoderKind::Stream, 3, Some(0)), [1; 7]);
    }
}
