use flacenc::{
    bitsink::ByteSink,
    component::{BitRepr, Stream, StreamInfo},
    config,
    error::{Verified, Verify},
    source::{Context, Fill, FrameBuf},
};

use super::{Codec, EncodeError, Output};
use crate::{Format, SampleRate, blocks::Blocks};

const BITS_PER_SAMPLE: usize = 16;

/// A FLAC file: `STREAMINFO`, then one frame per block of samples. In a stream, length and checksum are zero, which
/// means "unknown".
pub(super) struct Flac {
    /// Written by the first push, or by `finish` on an empty stream.
    header: Option<Vec<u8>>,
    blocks: Blocks<i16>,
    frames: Frames,
    /// Of a file: the checksum and number of samples so far.
    sum: Option<Context>,
}

impl Flac {
    pub(super) fn new(rate: SampleRate, output: Output) -> Result<Self, EncodeError> {
        let block_len = block_len(rate);
        let info = stream_info(rate)?;
        Ok(Self {
            header: Some(header(&info)?),
            blocks: Blocks::new(block_len),
            frames: Frames::new(info, block_len)?,
            sum: (output == Output::File).then(|| Context::new(BITS_PER_SAMPLE, 1)),
        })
    }

    fn write_header(&mut self, out: &mut Vec<u8>) {
        if let Some(header) = self.header.take() {
            out.extend_from_slice(&header);
        }
    }
}

/// The bytes in front of the frames.
fn header(info: &StreamInfo) -> Result<Vec<u8>, EncodeError> {
    let mut header = ByteSink::new();
    Stream::with_stream_info(info.clone()).write(&mut header).map_err(failed)?;
    Ok(header.into_inner())
}

impl Codec for Flac {
    fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write_header(out);
        if let Some(sum) = &mut self.sum {
            let wide: Vec<i32> = samples.iter().copied().map(i32::from).collect();
            sum.fill_interleaved(&wide).map_err(failed)?;
        }
        self.blocks.push(samples, |block| self.frames.write(block, out))
    }

    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write_header(out);
        // Only the last block may be shorter than the others.
        match self.blocks.pending() {
            [] => {}
            last => self.frames.write(last, out)?,
        }
        let Some(sum) = self.sum else { return Ok(()) };
        let mut info = self.frames.info;
        info.set_total_samples(sum.total_samples());
        info.set_md5_digest(&sum.md5_digest());
        let header = header(&info)?;
        let (place, _) =
            out.split_at_mut_checked(header.len()).ok_or_else(|| failed("no room for the header"))?;
        place.copy_from_slice(&header);
        Ok(())
    }
}

/// Samples per frame: 43 ms at 24 kHz, so that every SNAC frame completes at least one. All sizes are in the format's
/// streamable subset and have a short code in the frame header.
const fn block_len(rate: SampleRate) -> usize {
    match rate.hz() {
        ..=8_000 => 256,
        8_001..=16_000 => 512,
        16_001..=32_000 => 1_024,
        32_001.. => 2_048,
    }
}

fn stream_info(rate: SampleRate) -> Result<StreamInfo, EncodeError> {
    let mut info = StreamInfo::new(rate.hz() as usize, 1, BITS_PER_SAMPLE).map_err(failed)?;
    let block_len = block_len(rate);
    info.set_block_sizes(block_len, block_len).map_err(failed)?;
    // Zero means "unknown".
    info.set_frame_sizes(0, 0).map_err(failed)?;
    Ok(info)
}

/// Writes frames; holds what they share.
struct Frames {
    info: StreamInfo,
    config: Verified<config::Encoder>,
    buffer: FrameBuf,
    samples: Vec<i32>,
    written: usize,
}

impl Frames {
    fn new(info: StreamInfo, block_len: usize) -> Result<Self, EncodeError> {
        Ok(Self {
            info,
            config: config::Encoder::default().into_verified().map_err(|(_, error)| failed(error))?,
            buffer: FrameBuf::with_size(1, block_len).map_err(failed)?,
            samples: Vec::with_capacity(block_len),
            written: 0,
        })
    }

    fn write(&mut self, block: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.samples.clear();
        self.samples.extend(block.iter().copied().map(i32::from));
        self.buffer.fill_interleaved(&self.samples).map_err(failed)?;
        let frame = flacenc::encode_fixed_size_frame(&self.config, &self.buffer, self.written, &self.info)
            .map_err(failed)?;
        self.written += 1;
        let mut sink = ByteSink::with_capacity(frame.count_bits());
        frame.write(&mut sink).map_err(failed)?;
        out.extend_from_slice(sink.as_slice());
        Ok(())
    }
}

fn failed(error: impl std::fmt::Display) -> EncodeError {
    EncodeError::Codec { format: Format::Flac, detail: error.to_string() }
}
