//! How a decoder is to run, and what it turned out to be.

use std::{path::PathBuf, time::Duration};

use crate::onnx::{CodecModel, Device, GpuSettings};

/// How to run a decoder.
#[derive(Clone, Debug)]
pub struct DecoderSettings {
    /// The ONNX file: a stream or plain decoder.
    pub model: PathBuf,
    /// Where it runs.
    pub device: Device,
    /// Threads with a session each. 0: one for each core on a CPU, one on a GPU.
    pub threads: usize,
    /// Streams that may be open at once.
    pub max_streams: usize,
    /// Streams that may share a call. 0: 1 on a CPU, where sharing gains nothing, 16 on a GPU.
    pub max_batch: usize,
    /// How long a call may wait for others to share it.
    pub batch_wait: Duration,
    /// Whether noise blocks draw noise, as the reference does, or get zeros.
    pub noise: bool,
    /// What only matters on a GPU.
    pub gpu: GpuSettings,
}

impl DecoderSettings {
    /// Rows for states on a device: one for each stream, and one for its preview.
    pub(crate) fn slots(&self) -> usize {
        2 * self.max_streams
    }
}

impl Default for DecoderSettings {
    /// What the server does unless told otherwise; `model` is empty.
    fn default() -> Self {
        Self {
            model: PathBuf::new(),
            device: Device::Auto,
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
    /// Carries its past; each frame is decoded once.
    Stream,
    /// Decodes windows: each call repeats the context of the frames it gives.
    Plain,
    /// Decodes nothing: silence, for load tests of all else. See [`Decoder::null`](crate::Decoder::null).
    Null,
}

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// What a decoder is.
#[derive(Clone, Debug)]
pub struct DecoderInfo {
    /// What it runs.
    pub kind: DecoderKind,
    /// The device it runs on; never [`Device::Auto`].
    pub device: Device,
    /// Sample rate of the audio.
    pub sample_rate_hz: u32,
    /// Samples that a frame becomes.
    pub samples_per_frame: usize,
    /// Samples by which the exact output is behind the frames: what comes later still has a say in them.
    pub late_samples: usize,
    /// Entries of a codebook; codes are below it.
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

    /// Frames in a second of audio; not a whole number (11.71875 for SNAC 24 kHz).
    pub fn frames_per_second(&self) -> f64 {
        f64::from(self.sample_rate_hz) / self.samples_per_frame as f64
    }

    /// Frames that hold `audio`; the last one may be only partly filled.
    pub fn frames_in(&self, audio: Duration) -> usize {
        let frames = (audio.as_nanos() * u128::from(self.sample_rate_hz))
            .div_ceil(NANOS_PER_SECOND * self.samples_per_frame.max(1) as u128);
        usize::try_from(frames).unwrap_or(usize::MAX)
    }

    /// Samples that are out once so many frames of an utterance were pushed and more are to come.
    pub fn samples_after(&self, frames: usize) -> usize {
        (frames * self.samples_per_frame).saturating_sub(self.late_samples)
    }

    /// Frames that must be there before the first samples come out.
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
