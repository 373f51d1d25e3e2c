use std::fmt::Display;

use mp3lame_encoder::{Bitrate, Builder, FlushGap, Mode, MonoPcm, Quality, max_required_buffer_size};

use super::{Codec, EncodeError, EncoderSpec, Output};
use crate::Format;

/// The most that LAME's flush may write, according to its documentation.
const FLUSH_BYTES: usize = 7_200;

/// MPEG Layer III frames at a constant bit rate. A stream has no Xing/LAME header: that goes first, but needs what is
/// only known at the end. So decoders can remove neither the delay of 1105 samples (LAME's 576, a decoder's 529) nor
/// LAME's padding at the end (576 samples and whatever the last frame lacks). The first frame of a file is that header, with
/// the length and what a decoder must trim at both ends.
pub(super) struct Mp3 {
    encoder: mp3lame_encoder::Encoder,
    output: Output,
}

impl Mp3 {
    pub(super) fn new(spec: &EncoderSpec, output: Output) -> Result<Self, EncodeError> {
        let mut builder = Builder::new().ok_or_else(|| failed("out of memory"))?;
        builder.set_num_channels(1).map_err(failed)?;
        builder.set_mode(Mode::Mono).map_err(failed)?;
        builder.set_sample_rate(spec.rate().hz()).map_err(failed)?;
        builder.set_output_sample_rate(std::num::NonZero::new(spec.rate().hz())).map_err(failed)?;
        builder.set_brate(bitrate(spec)?).map_err(failed)?;
        builder.set_quality(Quality::Good).map_err(failed)?;
        builder.set_to_write_vbr_tag(output == Output::File).map_err(failed)?;
        Ok(Self { encoder: builder.build().map_err(failed)?, output })
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
        if self.output == Output::Stream {
            return Ok(());
        }
        let mut header = Vec::with_capacity(self.encoder.lame_tag_size());
        self.encoder.lame_tag_encode_to_vec(&mut header);
        // LAME starts the file with an empty frame of the header's size.
        let (place, _) =
            out.split_at_mut_checked(header.len()).ok_or_else(|| failed("no room for the LAME header"))?;
        place.copy_from_slice(&header);
        Ok(())
    }
}

/// The binding's name for the bit rate; [`super::Bitrates::of`] lists exactly these.
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
