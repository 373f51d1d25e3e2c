use std::fmt::Display;

use fdk_aac::enc::{AudioObjectType, BitRate, ChannelMode, Encoder, EncoderParams, Transport};

use super::{Codec, EncodeError, EncoderSpec};
use crate::{Format, blocks::Blocks};

/// Samples per frame of AAC-LC.
const FRAME_SAMPLES: usize = 1_024;
/// Larger than any frame: 6144 bits of payload for one channel, the ADTS header, one ancillary element.
const MAX_FRAME_BYTES: usize = 2_048;
/// Leading frames that hold only encoder delay and overlap with no later frame; they aren't sent.
const SKIPPED_FRAMES: u64 = 1;

/// AAC-LC frames, each behind an ADTS header.
///
/// ADTS can't tell a decoder how many samples of encoder delay to drop. Of the delay's two frames the first is left
/// out here; the second must stay, since the first audio overlaps with it. So playback starts one frame late (43 ms at
/// 24 kHz) and ends on a frame boundary.
pub(super) struct Aac {
    blocks: Blocks<i16>,
    frames: Frames,
    samples_in: u64,
}

impl Aac {
    pub(super) fn new(spec: &EncoderSpec) -> Result<Self, EncodeError> {
        Ok(Self { blocks: Blocks::new(FRAME_SAMPLES), frames: Frames::new(spec)?, samples_in: 0 })
    }
}

impl Codec for Aac {
    fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.samples_in += samples.len() as u64;
        self.blocks.push(samples, |block| self.frames.write(block, out))
    }

    /// Pads the last block, then feeds silence until the last sample has passed the encoder's delay.
    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let frames = (self.samples_in + self.frames.delay_samples).div_ceil(FRAME_SAMPLES as u64);
        let mut block = vec![0; FRAME_SAMPLES];
        let (head, _) = block.split_at_mut(self.blocks.pending().len());
        head.copy_from_slice(self.blocks.pending());
        // One block in, one frame out: as many iterations as frames are missing.
        for _ in self.frames.encoded..frames {
            self.frames.write(&block, out)?;
            block.fill(0);
        }
        Ok(())
    }
}

struct Frames {
    encoder: Encoder,
    delay_samples: u64,
    encoded: u64,
    buffer: Box<[u8; MAX_FRAME_BYTES]>,
}

impl Frames {
    fn new(spec: &EncoderSpec) -> Result<Self, EncodeError> {
        let bitrate_bps = spec.bitrate_bps().ok_or_else(|| failed("no bit rate"))?;
        let encoder = Encoder::new(EncoderParams {
            bit_rate: BitRate::Cbr(bitrate_bps),
            sample_rate: spec.rate().hz(),
            transport: Transport::Adts,
            channels: ChannelMode::Mono,
            audio_object_type: AudioObjectType::Mpeg4LowComplexity,
        })
        .map_err(failed)?;
        let delay_samples = u64::from(encoder.info().map_err(failed)?.nDelay);
        Ok(Self { encoder, delay_samples, encoded: 0, buffer: Box::new([0; MAX_FRAME_BYTES]) })
    }

    fn write(&mut self, block: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let info = self.encoder.encode(block, self.buffer.as_mut_slice()).map_err(failed)?;
        let frame = self.buffer.get(..info.output_size).unwrap_or_default();
        if info.input_consumed != block.len() || frame.is_empty() {
            return Err(failed(format_args!(
                "{} of {} samples taken, {} bytes given",
                info.input_consumed,
                block.len(),
                info.output_size
            )));
        }
        if self.encoded >= SKIPPED_FRAMES {
            out.extend_from_slice(frame);
        }
        self.encoded += 1;
        Ok(())
    }
}

fn failed(error: impl Display) -> EncodeError {
    EncodeError::Codec { format: Format::Aac, detail: error.to_string() }
}
