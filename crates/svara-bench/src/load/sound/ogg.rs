//! Opus in Ogg.

use super::{Found, Framing};

/// Opus counts samples at 48 kHz, whatever the rate of the input.
const RATE_HZ: u32 = 48_000;
const HEADER_BYTES: usize = 27;

/// Finds whole pages: the header of each says which sample it ends with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ogg {
    /// Samples at the start that aren't played; `None` before the first header.
    pre_skip: Option<u64>,
    played: u64,
}

impl Framing for Ogg {
    fn next(&mut self, bytes: &[u8]) -> Found {
        let Some(header) = bytes.get(..HEADER_BYTES) else { return Found::More };
        if !header.starts_with(b"OggS") {
            return Found::Skip(1);
        }
        let segments = usize::from(header.last().copied().unwrap_or_default());
        let Some(sizes) = bytes.get(HEADER_BYTES..HEADER_BYTES + segments) else { return Found::More };
        let start = HEADER_BYTES + segments;
        let end = start + sizes.iter().map(|size| usize::from(*size)).sum::<usize>();
        let Some(body) = bytes.get(start..end) else { return Found::More };
        let granule = header.get(6..14).and_then(<[u8]>::first_chunk).map_or(0, |b| u64::from_le_bytes(*b));
        let mut samples = 0;
        match self.pre_skip {
            None if body.starts_with(b"OpusHead") => {
                let skip = body.get(10..12).and_then(<[u8]>::first_chunk);
                self.pre_skip = Some(skip.map_or(0, |bytes| u64::from(u16::from_le_bytes(*bytes))));
            }
            // All ones: no packet ends on the page.
            Some(skip) if granule != u64::MAX => {
                let played = granule.saturating_sub(skip);
                samples = played.saturating_sub(self.played);
                self.played = played.max(self.played);
            }
            _ => {}
        }
        Found::Unit { bytes: end, samples }
    }

    fn rate_hz(&self) -> Option<u32> {
        self.pre_skip.map(|_| RATE_HZ)
    }
}
