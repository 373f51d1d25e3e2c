use super::{Codec, EncodeError, Output};
use crate::{Format, SampleRate, sample::extend_s16_le};

/// A WAV file: one header, then samples. In a stream, its sizes are unknown (0xFFFFFFFF), and players read such a file to its end.
pub(super) struct Wav {
    /// Written by the first push, or by `finish` on an empty stream.
    header: Option<Vec<u8>>,
    output: Output,
}

impl Wav {
    pub(super) fn new(rate: SampleRate, output: Output) -> Self {
        Self { header: Some(wav_spec(rate).into_header_for_infinite_file()), output }
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
        match self.output {
            Output::Stream => Ok(()),
            Output::File => settle_sizes(out),
        }
    }
}

/// The size fields of the header: each one's offset, and the byte it counts from.
const SIZES: [(usize, usize); 2] = [(4, 8), (40, 44)];

/// Fills in the sizes, which have 32 bits.
fn settle_sizes(file: &mut [u8]) -> Result<(), EncodeError> {
    let bytes = file.len();
    for (at, from) in SIZES {
        let size = bytes.checked_sub(from).and_then(|size| u32::try_from(size).ok());
        let (Some(size), Some(place)) = (size, file.get_mut(at..at + 4)) else {
            let detail = format!("{bytes} bytes don't fit into a WAV file, which holds at most {}", u32::MAX);
            return Err(EncodeError::Codec { format: Format::Wav, detail });
        };
        place.copy_from_slice(&size.to_le_bytes());
    }
    Ok(())
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
        let mut wav = Box::new(Wav::new(SampleRate::HZ_24000, Output::Stream));
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
        let mut out = Vec::new();
        let mut wav = Box::new(Wav::new(SampleRate::HZ_24000, Output::File));
        wav.push(&[0x4000, -0x4000], &mut out).expect("push");
        wav.finish(&mut out).expect("short");
        assert_eq!(&out[4..8], &40u32.to_le_bytes());
        assert_eq!(&out[36..], b"data\x04\0\0\0\x00\x40\x00\xc0");
    }
}
