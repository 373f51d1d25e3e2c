//! FLAC. Frames don't state their length: each is found by its header, which has its own checksum.

use super::{Found, Framing, big_endian};

/// Bytes of the longest frame header.
const MAX_HEADER_BYTES: usize = 16;
/// Bytes of the magic word and the first metadata block.
const STREAM_INFO_BYTES: usize = 4 + 4 + 34;

/// Finds frame headers; a frame counts once its header is complete.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flac {
    rate_hz: Option<u32>,
    /// The metadata blocks are over.
    audio: bool,
    /// The number that the next frame must have.
    next_frame: u64,
}

impl Framing for Flac {
    fn next(&mut self, bytes: &[u8]) -> Found {
        if self.rate_hz.is_none() {
            let Some(header) = bytes.get(..STREAM_INFO_BYTES) else { return Found::More };
            if !header.starts_with(b"fLaC") {
                return Found::Skip(1);
            }
            self.rate_hz = header.get(18..21).map(|bytes| (big_endian(bytes) >> 4) as u32);
            self.audio = header.get(4).is_some_and(|kind| kind & 0x80 != 0);
            return Found::Unit { bytes: STREAM_INFO_BYTES, samples: 0 };
        }
        if !self.audio {
            let Some([kind, size @ ..]) = bytes.first_chunk::<4>() else { return Found::More };
            let length = 4 + big_endian(size) as usize;
            if bytes.len() < length {
                return Found::More;
            }
            self.audio = kind & 0x80 != 0;
            return Found::Unit { bytes: length, samples: 0 };
        }
        match frame(bytes, self.next_frame) {
            Some((bytes, samples)) => {
                self.next_frame += 1;
                Found::Unit { bytes, samples }
            }
            None if bytes.len() < MAX_HEADER_BYTES => Found::More,
            // Up to where the next header may start.
            None => Found::Skip(bytes.iter().skip(1).take_while(|byte| **byte != 0xff).count() + 1),
        }
    }

    fn rate_hz(&self) -> Option<u32> {
        self.rate_hz
    }
}

/// The header of frame `number`, if there is one here: its bytes, and the frame's samples. Blocks of a fixed size only,
/// as encoders of streams write.
fn frame(bytes: &[u8], number: u64) -> Option<(usize, u64)> {
    let [0xff, 0xf8, sizes, _, ..] = bytes else { return None };
    let (coded_number, number_bytes) = utf8_number(bytes.get(4..)?)?;
    let mut at = 4 + number_bytes;
    let mut field = |length: usize| {
        let value = bytes.get(at..at + length).map(big_endian);
        at += length;
        value
    };
    let samples = match sizes >> 4 {
        1 => 192,
        code @ 2..=5 => 576 << (code - 2),
        6 => field(1)? + 1,
        7 => field(2)? + 1,
        code @ 8..=15 => 256 << (code - 8),
        _ => return None,
    };
    match sizes & 15 {
        12 => field(1),
        13 | 14 => field(2),
        15 => None,
        _ => Some(0),
    }?;
    let checksum = bytes.get(at)?;
    (coded_number == number && crc8(bytes.get(..at)?) == *checksum).then_some((at + 1, samples))
}

/// A number as UTF-8 codes it, in up to seven bytes: the number, and its bytes.
fn utf8_number(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = match first.leading_ones() as usize {
        0 => return Some((u64::from(first), 1)),
        length @ 2..=7 => length,
        _ => return None,
    };
    let start = u64::from(first) & ((1 << (7 - length)) - 1);
    let rest = bytes.get(1..length)?;
    let number = rest.iter().fold(start, |number, byte| number << 6 | u64::from(byte & 0x3f));
    rest.iter().all(|byte| byte >> 6 == 2).then_some((number, length))
}

fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc: u8, _| if crc & 0x80 == 0 { crc << 1 } else { crc << 1 ^ 0x07 })
    })
}
