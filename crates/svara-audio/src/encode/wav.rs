use std::io::Cursor;

use super::{Codec, EncodeError};
use crate::{Format, SampleRate, sample::extend_s16_le};

/// A WAV stream: one header with unknown sizes (0xFFFFFFFF), then samples. Players read such a file to its end.
pub(super) struct Wav {
    /// Written by the first push, or by `finish` on an empty stream.
    header: Option<Vec<u8>>,
}

impl Wav {
    pub(super) fn new(rate: SampleRate) -> Self {
        Self { header: Some(wav_spec(rate).into_header_for_infinite_file()) }
    }

    fn write_header(&mut self, out: &mut Vec<u8>) {
        if let Some(header) = self.header.take() {
            out.extend_from_slice(&header);
        }
    }
}

impl Codec for Wav {
    fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write_header(out);
        extend_s16_le(samples, out);
        Ok(())
    }

    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write_header(out);
        Ok(())
    }
}

/// The size fields of the header: each one's offset, and the byte it counts from.
const SIZES: [(usize, usize); 2] = [(4, 8), (40, 44)];

/// Fills in the sizes of a finished stream; one too long for them stays as it is.
pub(super) fn settle_sizes(file: &mut [u8]) {
    if u32::try_from(file.len()).is_err() {
        return;
    }
    for (at, from) in SIZES {
        let size = file.len().checked_sub(from).and_then(|size| u32::try_from(size).ok());
        if let (Some(size), Some(place)) = (size, file.get_mut(at..at + 4)) {
            place.copy_from_slice(&size.to_le_bytes());
        }
    }
}

/// What the 32-bit size of the RIFF chunk can hold, minus the header.
const MAX_SAMPLES: usize = (u32::MAX as usize - 44) / 2;

/// A whole file with exact sizes.
pub(super) fn whole(samples: &[i16], rate: SampleRate) -> Result<Vec<u8>, EncodeError> {
    if samples.len() > MAX_SAMPLES {
        let detail =
            format!("{} samples don't fit into a WAV file, which holds at most {MAX_SAMPLES}", samples.len());
        return Err(EncodeError::Codec { format: Format::Wav, detail });
    }
    write_whole(samples, rate)
        .map_err(|error| EncodeError::Codec { format: Format::Wav, detail: error.to_string() })
}

fn write_whole(samples: &[i16], rate: SampleRate) -> hound::Result<Vec<u8>> {
    let mut file = Vec::with_capacity(44 + samples.len() * 2);
    let mut writer = hound::WavWriter::new(Cursor::new(&mut file), wav_spec(rate))?;
    for sample in samples {
        writer.write_sample(*sample)?;
    }
    writer.finalize()?;
    Ok(file)
}

const fn wav_spec(rate: SampleRate) -> hound::WavSpec {
    hound::WavSpec {
        channels: 1,
        sample_rate: rate.hz(),
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_has_one_header_with_open_sizes() {
        let mut out = Vec::new();
        let mut wav = Box::new(Wav::new(SampleRate::HZ_24000));
        wav.push(&[0x4000], &mut out).expect("push");
        wav.push(&[-0x4000], &mut out).expect("push");
        wav.finish(&mut out).expect("finish");
        assert_eq!(&out[..4], b"RIFF");
        assert_eq!(&out[4..8], &[0xff; 4]);
        assert_eq!(&out[36..44], b"data\xff\xff\xff\xff");
        assert_eq!(&out[44..], &[0x00, 0x40, 0x00, 0xc0]);
    }

    #[test]
    fn a_whole_file_has_exact_sizes() {
        let out = whole(&[0x4000, -0x4000], SampleRate::HZ_24000).expect("short");
        assert_eq!(&out[4..8], &40u32.to_le_bytes());
        assert_eq!(&out[36..], b"data\x04\0\0\0\x00\x40\x00\xc0");
    }
}
