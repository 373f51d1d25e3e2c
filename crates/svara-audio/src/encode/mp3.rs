use std::fmt::Display;

use mp3lame_encoder::{Bitrate, Builder, FlushGap, Mode, MonoPcm, Quality, max_required_buffer_size};

use super::{Codec, EncodeError, EncoderSpec};
use crate::Format;

/// What LAME's flush may need at most, by its documentation.
const FLUSH_BYTES: usize = 7_200;

/// Frames of MPEG Layer III at a constant bit rate, without a Xing/LAME header: that one belongs at the start and says
/// what is only known at the end. So a decoder can't cut off LAME's delay of 1105 samples nor the padding of the last
/// frame.
pub(super) struct Mp3 {
    encoder: mp3lame_encoder::Encoder,
}

impl Mp3 {
    pub(super) fn new(spec: &EncoderSpec) -> Result<Self, EncodeError> {
        let mut builder = Builder::new().ok_or_else(|| failed("out of memory"))?;
        builder.set_num_channels(1).map_err(failed)?;
        builder.set_mode(Mode::Mono).map_err(failed)?;
        builder.set_sample_rate(spec.rate().hz()).map_err(failed)?;
        builder.set_output_sample_rate(std::num::NonZero::new(spec.rate().hz())).map_err(failed)?;
        builder.set_brate(bitrate(spec)?).map_err(failed)?;
        builder.set_quality(Quality::Good).map_err(failed)?;
        builder.set_to_write_vbr_tag(false).map_err(failed)?;
        Ok(Self { encoder: builder.build().map_err(failed)? })
    }
}

impl Codec for Mp3 {
    fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.reserve(max_required_buffer_size(samples.len()));
        self.encoder.encode_to_vec(MonoPcm(samples), out).map_err(failed)?;
        Ok(())
    }

    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.reserve(FLUSH_BYTES);
        self.encoder.flush_to_vec::<FlushGap>(out).map_err(failed)?;
        Ok(())
    }
}

/// The binding's name for the bit rate; [`super::Bitrates::of`] lists just these.
fn bitrate(spec: &EncoderSpec) -> Result<Bitrate, EncodeError> {
    Ok(match spec.bitrate_bps() {
        Some(8_000) => Bitrate::Kbps8,
        Some(16_000) => Bitrate::Kbps16,
        Some(24_000) => Bitrate::Kbps24,
        Some(32_000) => Bitrate::Kbps32,
        Some(40_000) => Bitrate::Kbps40,
        Some(48_000) => Bitrate::Kbps48,
        Some(64_000) => Bitrate::Kbps64,
        Some(80_000) => Bitrate::Kbps80,
        Some(96_000) => Bitrate::Kbps96,
        Some(112_000) => Bitrate::Kbps112,
        Some(128_000) => Bitrate::Kbps128,
        Some(160_000) => Bitrate::Kbps160,
        Some(192_000) => Bitrate::Kbps192,
        Some(224_000) => Bitrate::Kbps224,
        Some(256_000) => Bitrate::Kbps256,
        Some(320_000) => Bitrate::Kbps320,
        other => return Err(failed(format_args!("no such bit rate: {other:?} bit/s"))),
    })
}

fn failed(error: impl Display) -> EncodeError {
    EncodeError::Codec { format: Format::Mp3, detail: error.to_string() }
}
