//! How many frames to gather before each decode call. Pure: times are values.
//!
//! More frames a call cost less for each; fewer come sooner, and leave room for other streams. So: first audio as soon as it
//! can be; after that calls of more and more frames, where the device gains by them; and never a call so large that the listener would fall silent while it is gathered and decoded.

use std::time::Duration;

use svara_snac::{DecoderInfo, DecoderKind, onnx::Device};

/// When the first audio leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstAudio {
    /// As soon as there are samples that nothing later can change.
    #[default]
    Exact,
    /// After so many frames (at least 2) the first one as it would sound if nothing followed, then a cross-fade into the
    /// exact samples. All after the cross-fade is exact.
    Early {
        /// Frames to wait for.
        frames: usize,
    },
}

/// Decides the calls of a stream.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    decoder: DecoderInfo,
    /// Frames for the first calls that give samples; the last counts for all after it.
    ramp: &'static [usize],
    fixed: Option<usize>,
    first_audio: FirstAudio,
    /// Whether the calls depend on nothing but the number of frames.
    repeatable: bool,
}

/// How far a stream of frames has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DecodeProgress {
    /// Frames that the decoder got.
    pub(crate) pushed: usize,
    /// Calls that gave samples.
    pub(crate) sounding_calls: usize,
    /// Frames that wait for the next call.
    pub(crate) gathered: usize,
    /// Audio that the listener has, as far as is known; none before he hears anything.
    pub(crate) in_hand: Option<Duration>,
    /// How far apart the frames come. Zero: at once, or not known yet.
    pub(crate) frame_period: Duration,
    /// What a decode call takes lately, for each of its frames, with the wait for a thread.
    pub(crate) frame_cost: Duration,
}

/// Launching a call costs a GPU much, a frame more in it little.
const GPU_RAMP: &[usize] = &[1, 2, 2, 4];
/// On a CPU two frames in one call cost a tenth less than in two, and nobody else gets the core before they are through: a
/// listener who has little in hand would wait for those who have plenty. With larger calls, there were gaps at half load.
const CPU_RAMP: &[usize] = &[1];
/// Silence costs nothing: the fewer calls, the better.
const NULL_RAMP: &[usize] = GPU_RAMP;
/// A window repeats six frames of context in every call: the more new ones share them, the better.
const PLAIN_RAMP: &[usize] = &[2, 4, 8];
/// How many frames first audio may be held back, so that it doesn't run out before the next frame is there.
const MAX_HELD_BACK: usize = 2;

impl Pace {
    /// The plan for a decoder. `fixed` replaces it by calls of so many frames each (at least 1).
    pub(crate) fn new(decoder: &DecoderInfo, fixed: Option<usize>, first_audio: FirstAudio) -> Self {
        Self {
            decoder: decoder.clone(),
            ramp: match (decoder.kind, decoder.device) {
                (DecoderKind::Stream, Device::Cuda(_)) => GPU_RAMP,
                (DecoderKind::Stream, Device::Cpu | Device::Auto) => CPU_RAMP,
                (DecoderKind::Null, _) => NULL_RAMP,
                (DecoderKind::Plain, _) => PLAIN_RAMP,
            },
            fixed: fixed.map(|frames| frames.max(1)),
            first_audio,
            repeatable: false,
        }
    }

    /// The same whenever the frames come: different cuts of the frames into calls differ in rounding, so this is what makes
    /// the same codes the same samples to the bit. First audio is exact, and held back by a frame, for engines whose
    /// frames come further apart than the first sound lasts.
    pub(crate) fn repeatable(self) -> Self {
        Self { repeatable: true, ..self }
    }

    /// Frames that the next call should have, at least 1. Until they are there, gather.
    pub(crate) fn frames(&self, at: &DecodeProgress) -> usize {
        if let Some(fixed) = self.fixed {
            return fixed;
        }
        let sounding = self.decoder.first_audio_frames();
        if self.repeatable {
            return self.repeatable_frames(at.pushed, sounding);
        }
        match at.in_hand {
            // A stream decoder takes the first frames as they come: when the last one is there, less is left to do.
            None if self.decoder.kind != DecoderKind::Plain && at.pushed + 1 < sounding => 1,
            None => self.first_audio_frames(at).saturating_sub(at.pushed).max(1),
            Some(in_hand) => {
                let missing = sounding.saturating_sub(at.pushed);
                // Before the first samples of a piece, what is there goes in at once: one by one is never sooner.
                let (wanted, least) = if missing > 0 {
                    (missing, at.gathered.min(missing))
                } else {
                    (self.ramp(at.sounding_calls), 1)
                };
                // Half of it: frames don't come like clockwork, and other streams are being decoded, too.
                let affordable = (1..=wanted).rev().find(|frames| self.wait(at, *frames) <= in_hand / 2);
                affordable.unwrap_or(1).max(least)
            }
        }
    }

    /// Whether to start early now: with the frames that are there, before anything is exact.
    pub(crate) fn starts_early(&self, at: &DecodeProgress) -> bool {
        let FirstAudio::Early { frames } = self.first_audio else { return false };
        let there = at.pushed + at.gathered;
        if self.repeatable
            || at.in_hand.is_some()
            || at.gathered == 0
            || there < frames.max(2)
            || self.decoder.samples_after(there) > 0
        {
            return false;
        }
        // One frame is given now. The exact samples must be past it when it has been heard: by then the frames have to be
        // there and decoded. What the early call takes is left out, it only gives the frames more time.
        let frame = self.decoder.samples_per_frame;
        let Some(past) = (there..).find(|frames| self.decoder.samples_after(*frames) > frame) else {
            return false;
        };
        let arrive = at.frame_period * count(past - there);
        let decoded = at.frame_cost * count(past - at.pushed);
        arrive.max(decoded) <= self.audio(frame)
    }

    fn repeatable_frames(&self, pushed: usize, sounding: usize) -> usize {
        match self.decoder.kind {
            // Small windows are dear, large ones leave gaps.
            DecoderKind::Plain => 2,
            DecoderKind::Stream | DecoderKind::Null if pushed + 1 == sounding => 2,
            DecoderKind::Stream | DecoderKind::Null => 1,
        }
    }

    /// Frames of the utterance to have before its first samples are made.
    fn first_audio_frames(&self, at: &DecodeProgress) -> usize {
        let first = self.decoder.first_audio_frames();
        // The next call is one frame. It begins when that has come and the call before it is through, and takes as long
        // as that; half as much more, for calls aren't all alike.
        let next = at.frame_period.max(at.frame_cost) + at.frame_cost / 2;
        let lasts = |frames: &usize| self.audio(self.decoder.samples_after(*frames)) >= next;
        (first..first + MAX_HELD_BACK).find(lasts).unwrap_or(first + MAX_HELD_BACK)
    }

    fn ramp(&self, call: usize) -> usize {
        let last = self.ramp.len() - 1;
        self.ramp.get(call.saturating_sub(1).min(last)).copied().unwrap_or(1)
    }

    /// How long a call of so many frames takes from now on: to gather what is missing, and to be decoded.
    fn wait(&self, at: &DecodeProgress, frames: usize) -> Duration {
        at.frame_period * count(frames.saturating_sub(at.gathered)) + at.frame_cost * count(frames)
    }

    fn audio(&self, samples: usize) -> Duration {
        Duration::from_secs_f64(samples as f64 / f64::from(self.decoder.sample_rate_hz.max(1)))
    }
}

/// Frames of a call, for arithmetic with times.
fn count(frames: usize) -> u32 {
    u32::try_from(frames).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
