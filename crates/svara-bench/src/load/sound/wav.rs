//! RIFF WAVE: a header, then samples to the end.

use super::WrongFormat;

/// Bytes of the longest header that is read; encoders' own chunks before the samples are small.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Reads a header, then counts samples.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wav {
    format: Option<WavFormat>,
    /// Bytes of an incomplete sample.
    started_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct WavFormat {
    rate_hz: u32,
    /// Bytes of one sample in every channel.
    block_bytes: usize,
}

impl Wav {
    pub(super) fn rate_hz(&self) -> Option<u32> {
        self.format.map(|format| format.rate_hz)
    }

    /// The samples that these bytes complete; `header` keeps an incomplete header.
    pub(super) fn push(&mut self, header: &mut Vec<u8>, bytes: &[u8]) -> Result<u64, WrongFormat> {
        let (format, bytes) = match self.format {
            Some(format) => (format, bytes.len()),
            None => {
                header.extend_from_slice(bytes);
                let Some((format, header_bytes)) = parse(header)? else {
                    let too_long = header.len() > MAX_HEADER_BYTES;
                    return if too_long { Err(WrongFormat("a WAV file")) } else { Ok(0) };
                };
                self.format = Some(format);
                let bytes = header.len() - header_bytes;
                *header = Vec::new();
                (format, bytes)
            }
        };
        let whole = self.started_bytes + bytes;
        self.started_bytes = whole % format.block_bytes;
        Ok((whole / format.block_bytes) as u64)
    }
}

/// The format, and the number of bytes before the first sample; `None` while the header is incomplete.
fn parse(bytes: &[u8]) -> Result<Option<(WavFormat, usize)>, WrongFormat> {
    let wrong = Err(WrongFormat("a WAV file"));
    if bytes.len() < 12 {
        return if b"RIFF".starts_with(bytes.get(..4).unwrap_or(bytes)) { Ok(None) } else { wrong };
    }
    if !(bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE".as_slice())) {
        return wrong;
    }
    let (mut at, mut format) = (12, None);
    while let Some((header, rest)) = bytes.get(at..).and_then(<[u8]>::split_first_chunk::<8>) {
        let [id @ .., s0, s1, s2, s3] = header;
        let size = u32::from_le_bytes([*s0, *s1, *s2, *s3]) as usize;
        match (id, format) {
            (b"data", Some(format)) => return Ok(Some((format, at + 8))),
            (b"data", None) => return wrong,
            (b"fmt ", _) => {
                let Some((fields, _)) = rest.split_first_chunk::<16>() else { return Ok(None) };
                let [_, _, _, _, r0, r1, r2, r3, _, _, _, _, b0, b1, ..] = fields;
                let rate_hz = u32::from_le_bytes([*r0, *r1, *r2, *r3]);
                let block_bytes = usize::from(u16::from_le_bytes([*b0, *b1]));
                if rate_hz == 0 || block_bytes == 0 {
                    return wrong;
                }
                format = Some(WavFormat { rate_hz, block_bytes });
            }
            _ => {}
        }
        at = at.saturating_add(8).saturating_add(size).saturating_add(size % 2);
    }
    Ok(None)
}
