//! How many frames to gather before each decode call. Pure: times are values.
//!
//! Larger calls cost less per frame. Smaller calls give audio sooner and leave room for other streams. So the first
//! audio comes as soon as possible, later calls grow where the device gains by it, and no call is so large that the
//! listener would run out of audio while it is gathered and decoded.

use std::time::Duration;

use svara_snac::{DecoderInfo, DecoderKind};

/// When the first audio is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstAudio {
    /// As soon as there are samples that later frames can't change.
    #[default]
    Exact,
    /// After a few frames. The first frame is decoded as if nothing followed, then cross-faded into the exact samples.
    /// Everything after the cross-fade is exact.
    Early {
        /// Frames to wait for, at least 2.
        frames: usize,
    },
}

/// Decides how many frames each decode call of a stream has.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    decoder: DecoderInfo,
    /// Frames of the first calls that give samples. The last value holds for all further calls.
    ramp: &'static [usize],
    fixed: Option<usize>,
    first_audio: FirstAudio,
}

/// How far the decoding of a stream has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DecodeProgress {
    /// Frames pushed to the decoder.
    pub(crate) pushed: usize,
    /// Decode calls that gave samples.
    pub(crate) sounding_calls: usize,
    /// Frames gathered for the next call.
    pub(crate) gathered: usize,
    /// The listener's buffered audio, estimated. `None` before the first audio.
    pub(crate) in_hand: Option<Duration>,
    /// The time between frames. Zero if they come at once, or if it isn't known yet.
    pub(crate) frame_period: Duration,
    /// The time per frame of the last decode call, including the wait for a thread.
    pub(crate) frame_cost: Duration,
}

/// On a CPU, two frames in one call cost only a tenth less than in two calls, but block the core for longer: streams
/// with little buffered audio would wait for streams with plenty. Larger calls led to gaps at half load. On a GPU, calls
/// of one length can all be shared, and each length would be a recording of its own.
const STREAM_RAMP: &[usize] = &[1];
/// Silence costs nothing, so fewer calls are better.
const NULL_RAMP: &[usize] = &[1, 2, 2, 4];
/// Each call repeats six frames of context: more new frames share that cost.
const PLAIN_RAMP: &[usize] = &[2, 4, 8];
/// How many frames the first audio may be held back, so that it lasts until the next frame is decoded.
const MAX_HELD_BACK: usize = 2;

impl Pace {
    /// The pace for a decoder. `fixed` sets a constant number of frames per call instead (at least 1).
    pub(crate) fn new(decoder: &DecoderInfo, fixed: Option<usize>, first_audio: FirstAudio) -> Self {
        Self {
            decoder: decoder.clone(),
            ramp: match decoder.kind {
                DecoderKind::Stream => STREAM_RAMP,
                DecoderKind::Null => NULL_RAMP,
                DecoderKind::Plain => PLAIN_RAMP,
            },
            fixed: fixed.map(|frames| frames.max(1)),
            first_audio,
        }
    }

    /// The same without an early start, which depends on time: for speech that must repeat.
    pub(crate) fn exact(self) -> Self {
        Self { first_audio: FirstAudio::Exact, ..self }
    }

    /// The number of frames to gather for the next call, at least 1.
    pub(crate) fn frames(&self, at: &DecodeProgress) -> usize {
        if let Some(fixed) = self.fixed {
            return fixed;
        }
        let sounding = self.decoder.first_audio_frames();
        match at.in_hand {
            // A stream decoder takes the first frames one by one, which leaves less to do when the last one arrives.
            None if self.decoder.kind != DecoderKind::Plain && at.pushed + 1 < sounding => 1,
            None => self.first_audio_frames(at).saturating_sub(at.pushed).max(1),
            Some(in_hand) => {
                let missing = sounding.saturating_sub(at.pushed);
                // Before the first samples of a piece, push all frames that are there: one by one is never sooner.
                let (wanted, least) = if missing > 0 {
                    (missing, at.gathered.min(missing))
                } else {
                    (self.ramp(at.sounding_calls), 1)
                };
                // Half of the buffer: frames jitter, and other streams need the decoder, too.
                let affordable = (1..=wanted).rev().find(|frames| self.wait(at, *frames) <= in_hand / 2);
                affordable.unwrap_or(1).max(least)
            }
        }
    }

    /// Whether to start early now, with the frames that are there, before any sample is exact.
    pub(crate) fn starts_early(&self, at: &DecodeProgress) -> bool {
        let FirstAudio::Early { frames } = self.first_audio else { return false };
        let there = at.pushed + at.gathered;
        if at.in_hand.is_some()
            || at.gathered == 0
            || there < frames.max(2)
            || self.decoder.samples_after(there) > 0
        {
            return false;
        }
        // The listener gets one frame now. By the time it has been heard, enough frames must have arrived and been
        // decoded for the exact samples to be past it. The cost of the early call is left out: it only gives the frames
        // more time.
        let frame = self.decoder.samples_per_frame;
        let Some(past) = (there..).find(|frames| self.decoder.samples_after(*frames) > frame) else {
            return false;
        };
        let arrive = at.frame_period * count(past - there);
        let decoded = at.frame_cost * count(past - at.pushed);
        arrive.max(decoded) <= self.audio(frame)
    }

    /// The number of frames to gather before the first samples.
    fn first_audio_frames(&self, at: &DecodeProgress) -> usize {
        let first = self.decoder.first_audio_frames();
        // The next call has one frame. It begins when that frame has arrived and this call is over, and costs as much
        // as this one. As much is added, because a call of somebody else may be under way.
        let next = at.frame_period.max(at.frame_cost) + at.frame_cost;
        let lasts = |frames: &usize| self.audio(self.decoder.samples_after(*frames)) >= next;
        (first..first + MAX_HELD_BACK).find(lasts).unwrap_or(first + MAX_HELD_BACK)
    }

    fn ramp(&self, call: usize) -> usize {
        let last = self.ramp.len() - 1;
        self.ramp.get(call.saturating_sub(1).min(last)).copied().unwrap_or(1)
    }

    /// How long a call of `frames` takes from now on: to gather the missing frames, and to decode them all.
    fn wait(&self, at: &DecodeProgress, frames: usize) -> Duration {
        at.frame_period * count(frames.saturating_sub(at.gathered)) + at.frame_cost * count(frames)
    }

    fn audio(&self, samples: usize) -> Duration {
        Duration::from_secs_f64(samples as f64 / f64::from(self.decoder.sample_rate_hz.max(1)))
    }
}

/// A number of frames, as a factor of durations.
fn count(frames: usize) -> u32 {
    u32::try_from(frames).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
