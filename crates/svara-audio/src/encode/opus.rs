use std::fmt::Display;

use ogg::{PacketWriteEndInfo, PacketWriter};
use opus::{Application, Bitrate, Channels};

use super::{Codec, EncodeError, EncoderSpec};
use crate::{Format, SampleRate, blocks::Blocks};

/// Ogg Opus counts time in samples at 48 kHz, whatever the encoder's input rate (RFC 7845 section 4).
const GRANULES_PER_S: u32 = 48_000;
/// One packet is 20 ms: what libopus is tuned for.
const PACKETS_PER_S: u32 = 50;
const PACKET_GRANULES: u64 = (GRANULES_PER_S / PACKETS_PER_S) as u64;
/// A page ends every 80 ms, slightly less than one SNAC frame, so that every decoded frame completes at least one.
/// Fixed, so that the file doesn't depend on how the samples arrived. Only the first packet gets its own page, so that
/// the first audio leaves as early as possible.
const PAGE_GRANULES: u64 = 4 * PACKET_GRANULES;
/// The serial number of the one logical stream: ASCII "svra". Constant, so that equal audio gives equal bytes.
const SERIAL: u32 = u32::from_le_bytes(*b"svra");
/// A quarter of the CPU time of libopus's default (9), at the same spectral distance (0.7 dB for 24 kHz speech in
/// tests/it/formats.rs). Below 7, libopus also skips the analysis that saves bits: it uses the bit rate it's given.
const COMPLEXITY: i32 = 5;
/// Larger than any 20 ms packet at the allowed bit rates (RFC 6716 section 3.4 limits a frame to 1275 bytes).
const MAX_PACKET_BYTES: usize = 1_280;

/// Opus packets in one logical Ogg stream (RFC 7845).
pub(super) struct Opus {
    blocks: Blocks<i16>,
    packets: Packets,
    samples_in: u64,
}

impl Opus {
    pub(super) fn new(spec: &EncoderSpec) -> Result<Self, EncodeError> {
        let block_len = (spec.rate().hz() / PACKETS_PER_S) as usize;
        Ok(Self { blocks: Blocks::new(block_len), packets: Packets::new(spec)?, samples_in: 0 })
    }
}

impl Codec for Opus {
    fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.packets.write_headers()?;
        self.samples_in += samples.len() as u64;
        self.blocks.push(samples, |block| self.packets.write(block, None))?;
        self.packets.drain(out);
        Ok(())
    }

    /// Pads the last block, then feeds silence until the encoder's look-ahead has come out. The last page's granule
    /// position trims the audio to the samples that were pushed.
    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.packets.write_headers()?;
        let end_granule = self.packets.pre_skip + self.samples_in * self.packets.granules_per_sample;
        let mut block = vec![0; self.blocks.block_len()];
        let (head, _) = block.split_at_mut(self.blocks.pending().len());
        head.copy_from_slice(self.blocks.pending());
        // At least one more packet is due: the look-ahead is never empty.
        loop {
            let is_last = self.packets.granule + PACKET_GRANULES >= end_granule;
            self.packets.write(&block, is_last.then_some(end_granule))?;
            if is_last {
                break;
            }
            block.fill(0);
        }
        self.packets.drain(out);
        Ok(())
    }
}

/// Encodes 20 ms blocks and puts them into pages.
struct Packets {
    encoder: opus::Encoder,
    pages: PacketWriter<'static, Vec<u8>>,
    rate: SampleRate,
    headers_written: bool,
    /// Granules a decoder drops at the start: the encoder's look-ahead.
    pre_skip: u64,
    granules_per_sample: u64,
    /// Where the last packet written ends, in granules.
    granule: u64,
}

impl Packets {
    fn new(spec: &EncoderSpec) -> Result<Self, EncodeError> {
        let rate = spec.rate();
        let mut encoder =
            opus::Encoder::new(rate.hz(), Channels::Mono, Application::Audio).map_err(failed)?;
        encoder.set_complexity(COMPLEXITY).map_err(failed)?;
        if let Some(bitrate_bps) = spec.bitrate_bps() {
            let bitrate_bps = i32::try_from(bitrate_bps).map_err(failed)?;
            encoder.set_bitrate(Bitrate::Bits(bitrate_bps)).map_err(failed)?;
        }
        let granules_per_sample = u64::from(GRANULES_PER_S / rate.hz());
        let look_ahead_samples = u64::try_from(encoder.get_lookahead().map_err(failed)?).map_err(failed)?;
        Ok(Self {
            encoder,
            pages: PacketWriter::new(Vec::new()),
            rate,
            headers_written: false,
            pre_skip: look_ahead_samples * granules_per_sample,
            granules_per_sample,
            granule: 0,
        })
    }

    /// Writes the identification and comment headers, each on its own page, the first time it is called.
    fn write_headers(&mut self) -> Result<(), EncodeError> {
        if self.headers_written {
            return Ok(());
        }
        self.headers_written = true;
        for header in [self.identification_header()?, comment_header()?] {
            self.pages.write_packet(header, SERIAL, PacketWriteEndInfo::EndPage, 0).map_err(failed)?;
        }
        Ok(())
    }

    /// Encodes one block. `end_granule` makes it the last packet of the stream.
    fn write(&mut self, block: &[i16], end_granule: Option<u64>) -> Result<(), EncodeError> {
        let packet = self.encoder.encode_vec(block, MAX_PACKET_BYTES).map_err(failed)?;
        self.granule += PACKET_GRANULES;
        let page_ends = self.granule == PACKET_GRANULES || self.granule.is_multiple_of(PAGE_GRANULES);
        let (end, granule) = match end_granule {
            Some(end_granule) => (PacketWriteEndInfo::EndStream, end_granule),
            None if page_ends => (PacketWriteEndInfo::EndPage, self.granule),
            None => (PacketWriteEndInfo::NormalPacket, self.granule),
        };
        self.pages.write_packet(packet, SERIAL, end, granule).map_err(failed)
    }

    /// Moves the complete pages to `out`.
    fn drain(&mut self, out: &mut Vec<u8>) {
        out.append(self.pages.inner_mut());
    }

    /// RFC 7845 section 5.1.
    fn identification_header(&self) -> Result<Vec<u8>, EncodeError> {
        let pre_skip = u16::try_from(self.pre_skip).map_err(failed)?;
        let mut header = b"OpusHead".to_vec();
        header.push(1); // version
        header.push(1); // channels
        header.extend_from_slice(&pre_skip.to_le_bytes());
        header.extend_from_slice(&self.rate.hz().to_le_bytes());
        header.extend_from_slice(&0i16.to_le_bytes()); // output gain
        header.push(0); // channel mapping family: mono or stereo
        Ok(header)
    }
}

/// RFC 7845 section 5.2: the encoder's name, no comments.
fn comment_header() -> Result<Vec<u8>, EncodeError> {
    let vendor = opus::version();
    let mut header = b"OpusTags".to_vec();
    header.extend_from_slice(&u32::try_from(vendor.len()).map_err(failed)?.to_le_bytes());
    header.extend_from_slice(vendor.as_bytes());
    header.extend_from_slice(&0u32.to_le_bytes());
    Ok(header)
}

fn failed(error: impl Display) -> EncodeError {
    EncodeError::Codec { format: Format::Opus, detail: error.to_string() }
}
