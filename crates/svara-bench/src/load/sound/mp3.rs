//! MPEG audio, layer III.

use super::{Found, Framing, big_endian};

const RATES_HZ: [u32; 3] = [44_100, 48_000, 32_000];
const KBITS_MPEG1: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KBITS_MPEG2: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/// Finds whole frames. A first frame with Xing's or LAME's table holds no audio.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mp3 {
    rate_hz: Option<u32>,
}

impl Framing for Mp3 {
    fn next(&mut self, bytes: &[u8]) -> Found {
        if bytes.starts_with(b"ID3") {
            // Seven bits to a byte.
            let Some(size) = bytes.get(6..10) else { return Found::More };
            let size = size.iter().fold(0, |size, byte| size << 7 | usize::from(*byte));
            return if bytes.len() < 10 + size {
                Found::More
            } else {
                Found::Unit { bytes: 10 + size, samples: 0 }
            };
        }
        let Some(header) = bytes.get(..4) else { return Found::More };
        let Some(frame) = parse(big_endian(header) as u32) else { return Found::Skip(1) };
        let Some(body) = bytes.get(..frame.bytes) else { return Found::More };
        let is_table = self.rate_hz.is_none()
            && body
                .get(..64.min(frame.bytes))
                .is_some_and(|start| start.windows(4).any(|word| word == b"Xing" || word == b"Info"));
        self.rate_hz = Some(frame.rate_hz);
        Found::Unit { bytes: frame.bytes, samples: if is_table { 0 } else { frame.samples } }
    }

    fn rate_hz(&self) -> Option<u32> {
        self.rate_hz
    }
}

struct Frame {
    bytes: usize,
    samples: u64,
    rate_hz: u32,
}

fn parse(header: u32) -> Option<Frame> {
    let (sync, version, layer) = (header >> 21, header >> 19 & 3, header >> 17 & 3);
    if sync != 0x7ff || version == 1 || layer != 1 {
        return None;
    }
    let is_mpeg1 = version == 3;
    let kbits = if is_mpeg1 { &KBITS_MPEG1 } else { &KBITS_MPEG2 }.get((header >> 12 & 15) as usize)?;
    // MPEG 2 halves the rates, 2.5 quarters them.
    let divisor = [4, 1, 2, 1].get(version as usize)?;
    let rate_hz = RATES_HZ.get((header >> 10 & 3) as usize)? / divisor;
    let samples: u32 = if is_mpeg1 { 1152 } else { 576 };
    let padding = header >> 9 & 1;
    let bytes = samples / 8 * kbits * 1000 / rate_hz + padding;
    (*kbits > 0).then_some(Frame { bytes: bytes as usize, samples: u64::from(samples), rate_hz })
}
