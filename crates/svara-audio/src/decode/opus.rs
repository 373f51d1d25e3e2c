use opus::{Channels, Decoder};
use symphonia::core::{codecs::audio::AudioCodecParameters, packet::Packet};

use super::DecodeError;
use crate::SampleRate;

/// Opus is decoded straight to one channel at this rate, whatever it was encoded from; libopus needs no resampler.
const RATE: SampleRate = SampleRate::SNAC;
/// The longest packet is 120 ms (RFC 6716 section 3.2.5).
const MAX_PACKET_SAMPLES: usize = (RATE.hz() as usize * 120) / 1_000;
/// Containers count Opus time at 48 kHz (RFC 7845 section 4).
const TICKS_PER_SAMPLE: u64 = 48_000 / RATE.hz() as u64;

/// Opus through libopus; Symphonia has no decoder for it.
pub(super) struct OpusDecoder {
    decoder: Decoder,
    samples: Box<[f32; MAX_PACKET_SAMPLES]>,
    /// Samples of pre-skip still to be dropped.
    skip: usize,
}

impl OpusDecoder {
    pub(super) fn new(parameters: &AudioCodecParameters) -> Result<Self, DecodeError> {
        let channels = parameters.channels.as_ref().map_or(1, |channels| channels.count());
        if channels > 2 {
            let detail = format!("Opus with {channels} channels; at most 2 are supported");
            return Err(DecodeError::Unsupported { detail });
        }
        let decoder = Decoder::new(RATE.hz(), Channels::Mono)
            .map_err(|error| DecodeError::Unreadable { detail: error.to_string() })?;
        let skip = samples(pre_skip_ticks(parameters));
        Ok(Self { decoder, samples: Box::new([0.0; MAX_PACKET_SAMPLES]), skip })
    }

    pub(super) fn decode(&mut self, packet: &Packet, out: &mut Vec<f32>) -> Result<SampleRate, DecodeError> {
        // libopus takes an empty packet as a request to conceal a lost one.
        if packet.data.is_empty() {
            return Err(DecodeError::damaged("empty Opus packet"));
        }
        let decoded = self
            .decoder
            .decode_float(&packet.data, self.samples.as_mut_slice(), false)
            .map_err(DecodeError::damaged)?;
        // The Ogg reader leaves the pre-skip to the decoder; other readers put it into the packet's trim.
        let skip = self.skip.max(samples(packet.trim_start.get())).min(decoded);
        self.skip = self.skip.saturating_sub(skip);
        let end = decoded.saturating_sub(samples(packet.trim_end.get()));
        out.extend_from_slice(self.samples.get(skip..end).unwrap_or_default());
        Ok(RATE)
    }
}

/// Pre-skip from the identification header (RFC 7845 section 5.1), which WebM uses as well.
fn pre_skip_ticks(parameters: &AudioCodecParameters) -> u64 {
    match parameters.extra_data.as_deref() {
        Some([b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', _, _, low, high, ..]) => {
            u64::from(u16::from_le_bytes([*low, *high]))
        }
        _ => 0,
    }
}

fn samples(ticks: u64) -> usize {
    usize::try_from(ticks / TICKS_PER_SAMPLE).unwrap_or(usize::MAX)
}
