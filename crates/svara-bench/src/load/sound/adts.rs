//! AAC in ADTS.

use super::{Found, Framing};

const RATES_HZ: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// Finds whole frames of 1024 samples.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Adts {
    rate_hz: Option<u32>,
}

impl Framing for Adts {
    fn next(&mut self, bytes: &[u8]) -> Found {
        let Some([b0, b1, b2, b3, b4, b5, b6]) = bytes.first_chunk::<7>() else { return Found::More };
        let length = usize::from(b3 & 3) << 11 | usize::from(*b4) << 3 | usize::from(b5 >> 5);
        let rate_hz = RATES_HZ.get(usize::from(b2 >> 2 & 15));
        let (true, 0xf0, Some(rate_hz), 7..) = (*b0 == 0xff, b1 & 0xf6, rate_hz, length) else {
            return Found::Skip(1);
        };
        if bytes.len() < length {
            return Found::More;
        }
        self.rate_hz = Some(*rate_hz);
        Found::Unit { bytes: length, samples: 1024 * (u64::from(b6 & 3) + 1) }
    }

    fn rate_hz(&self) -> Option<u32> {
        self.rate_hz
    }
}
