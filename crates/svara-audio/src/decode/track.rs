use symphonia::core::{
    audio::GenericAudioBufferRef,
    codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions},
    errors::Error as SymphoniaError,
    packet::Packet,
};

use super::{DecodeError, opus::OpusDecoder};
use crate::SampleRate;

/// The decoder of one track: packets in, mono samples out.
pub(super) enum TrackDecoder {
    Symphonia { decoder: Box<dyn AudioDecoder>, interleaved: Vec<f32> },
    Opus(OpusDecoder),
}

impl TrackDecoder {
    pub(super) fn symphonia(parameters: &AudioCodecParameters) -> Result<Self, DecodeError> {
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &AudioDecoderOptions::default())
            .map_err(DecodeError::from_codec)?;
        Ok(Self::Symphonia { decoder, interleaved: Vec::new() })
    }

    pub(super) fn opus(parameters: &AudioCodecParameters) -> Result<Self, DecodeError> {
        OpusDecoder::new(parameters).map(Self::Opus)
    }

    /// Appends the packet's samples to `out` and returns their rate.
    pub(super) fn decode(&mut self, packet: &Packet, out: &mut Vec<f32>) -> Result<SampleRate, DecodeError> {
        match self {
            Self::Opus(decoder) => decoder.decode(packet, out),
            Self::Symphonia { decoder, interleaved } => match decoder.decode(packet) {
                Ok(buffer) => {
                    mix_to_mono(&buffer, interleaved, out);
                    Ok(SampleRate::new(buffer.spec().rate())?)
                }
                Err(SymphoniaError::Unsupported(detail)) => {
                    Err(DecodeError::Unsupported { detail: detail.to_owned() })
                }
                Err(error) => Err(DecodeError::damaged(error)),
            },
        }
    }
}

/// Appends the mean of all channels. Samples that aren't finite (possible in floating-point files) become silence.
fn mix_to_mono(buffer: &GenericAudioBufferRef<'_>, interleaved: &mut Vec<f32>, out: &mut Vec<f32>) {
    let channels = buffer.num_planes();
    if channels == 0 {
        return;
    }
    interleaved.resize(buffer.samples_interleaved(), 0.0);
    buffer.copy_to_slice_interleaved(&mut *interleaved);
    let gain = 1.0 / channels as f32;
    out.extend(interleaved.chunks_exact(channels).map(|frame| {
        let mean = frame.iter().sum::<f32>() * gain;
        if mean.is_finite() { mean } else { 0.0 }
    }));
}
