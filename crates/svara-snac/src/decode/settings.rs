//! A decoder's settings, and facts about a loaded one.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use crate::{
    onnx::{CodecModel, Device, GpuSettings},
    simd::Vectors,
};

/// What runs a decoder: `auto`, `native` or `onnx`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// Native code for a stream decoder of `scripts/export_snac.py` and for the demo voice's codec, on a CPU with vectors; ONNX
    /// Runtime for all else.
    #[default]
    Auto,
    /// This crate's own code. Only on a CPU, and only for such files.
    Native,
    /// ONNX Runtime.
    Onnx,
}

/// Text that isn't a backend's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown backend {0:?}: expected auto, native or onnx")]
pub struct UnknownBackend(String);

impl FromStr for Backend {
    type Err = UnknownBackend;

    fn from_str(text: &str) -> Result<Self, UnknownBackend> {
        match text.to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "native" => Ok(Self::Native),
            "onnx" => Ok(Self::Onnx),
            _ => Err(UnknownBackend(text.to_owned())),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Native => "native",
            Self::Onnx => "onnx",
        })
    }
}

/// How to run a decoder.
#[derive(Clone, Debug)]
pub struct DecoderSettings {
    /// The ONNX file: a stream or plain decoder.
    pub model: PathBuf,
    /// Where it runs.
    pub device: Device,
    /// What runs it.
    pub backend: Backend,
    /// The processor's vectors that native code uses. Each unit rounds differently, so machines that must give the same
    /// bits need the same.
    pub vectors: Vectors,
    /// Threads, each with a session. 0: one per core on a CPU, one on a GPU; more for a stream decoder on a GPU is an error.
    pub threads: usize,
    /// Streams that may be open at once.
    pub max_streams: usize,
    /// Streams that may share a call. 0: 64 on a GPU; on a CPU 1 in ONNX Runtime and for the demo voice, where sharing
    /// gains nothing, and up to 4 in native code, of those that wait anyway.
    pub max_batch: usize,
    /// How long a call may wait for others to share it. With `max_batch` 0 on a CPU, none waits.
    pub batch_wait: Duration,
    /// Whether noise blocks get random draws, as in the reference implementation, or zeros.
    pub noise: bool,
    /// Settings that only matter on a GPU.
    pub gpu: GpuSettings,
}

impl DecoderSettings {
    /// Rows for states on a device: two per stream, one of them for its preview.
    pub(crate) fn state_rows(&self) -> usize {
        2 * self.max_streams
    }
}

impl Default for DecoderSettings {
    /// The server's defaults; `model` is empty.
    fn default() -> Self {
        Self {
            model: PathBuf::new(),
            device: Device::Auto,
            backend: Backend::Auto,
            vectors: Vectors::Auto,
            threads: 0,
            max_streams: 64,
            max_batch: 0,
            batch_wait: Duration::from_millis(2),
            noise: true,
            gpu: GpuSettings::default(),
        }
    }
}

/// What a decoder runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecoderKind {
    /// A graph that carries its past; each frame is decoded once.
    Stream,
    /// A graph that decodes windows: each call repeats the context of its frames.
    Plain,
    /// Nothing: silence, for load tests of everything else. See [`Decoder::null`](crate::Decoder::null).
    Null,
}

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// Facts about a loaded decoder.
#[derive(Clone, Debug)]
pub struct DecoderInfo {
    /// What it runs.
    pub kind: DecoderKind,
    /// The device it runs on; never [`Device::Auto`].
    pub device: Device,
    /// Sample rate of the audio, in Hz.
    pub sample_rate_hz: u32,
    /// Samples per frame (the codec's hop length).
    pub samples_per_frame: usize,
    /// Samples by which exact output lags the frames, because later frames still influence them.
    pub late_samples: usize,
    /// Entries in a codebook; codes are smaller than this.
    pub codebook_size: u16,
}

impl DecoderInfo {
    pub(crate) fn new(kind: DecoderKind, device: Device, model: &CodecModel) -> Self {
        Self {
            kind,
            device,
            sample_rate_hz: model.sample_rate_hz,
            samples_per_frame: model.samples_per_frame,
            late_samples: if model.is_stream() {
                model.delay_samples
            } else {
                model.context_frames * model.samples_per_frame
            },
            codebook_size: model.codebook_size,
        }
    }

    /// Frames per second of audio: 11.71875 for SNAC 24 kHz.
    pub fn frames_per_second(&self) -> f64 {
        f64::from(self.sample_rate_hz) / self.samples_per_frame as f64
    }

    /// Frames needed to hold this much audio, rounded up.
    pub fn frames_in(&self, audio: Duration) -> usize {
        let frames = (audio.as_nanos() * u128::from(self.sample_rate_hz))
            .div_ceil(NANOS_PER_SECOND * self.samples_per_frame.max(1) as u128);
        usize::try_from(frames).unwrap_or(usize::MAX)
    }

    /// Samples returned once `frames` frames of an utterance have been pushed and more are to come.
    pub fn samples_after(&self, frames: usize) -> usize {
        (frames * self.samples_per_frame).saturating_sub(self.late_samples)
    }

    /// Frames needed before the first samples come out.
    pub fn first_audio_frames(&self) -> usize {
        self.late_samples / self.samples_per_frame.max(1) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_become_whole_frames() {
        let info = DecoderInfo::new(DecoderKind::Null, Device::Cpu, &CodecModel::snac_24khz_stream());
        assert_eq!(info.frames_per_second(), 11.718_75);
        assert_eq!(info.frames_in(Duration::ZERO), 0);
        assert_eq!(info.frames_in(Duration::from_nanos(1)), 1);
        // 2048 samples at 24 kHz are 85⅓ ms.
        assert_eq!(info.frames_in(Duration::from_millis(256)), 3);
        assert_eq!(info.frames_in(Duration::from_micros(256_001)), 4);
        assert_eq!(info.frames_in(Duration::from_secs(30)), 352);
    }
}
