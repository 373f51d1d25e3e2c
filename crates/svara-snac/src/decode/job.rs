//! A call that waits for a thread.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{plan::Call, queue::Batching, state::StreamState};
use crate::{DecodeError, onnx::CodecModel};

/// The rows of a call of native code whose listeners wait for it.
pub(crate) const LATE_ROWS: usize = 2;

/// One call for one stream.
pub(crate) struct Job {
    pub(crate) call: Call,
    /// The draws of the call's noise layers; none if noise is off.
    pub(crate) draws: Vec<f32>,
    pub(crate) state: StreamState,
    /// The call's samples are appended to these.
    pub(crate) samples: Vec<f32>,
    pub(crate) reply: oneshot::Sender<Result<Done, DecodeError>>,
    pub(crate) queued_at: Instant,
    pub(crate) sharing: Sharing,
}

/// With whom a job may share its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// With all others, whatever it leaves to other threads.
    Freely,
    /// With as many others as can be decoded before the listener's audio runs out, which is then; with one where it is too
    /// late for that.
    InTime(Instant),
    /// Only where a further row makes the others hardly later: a listener waits for their first audio, or nobody waits.
    IfCheap,
    /// With none.
    Never,
}

impl Sharing {
    /// The most rows of a call that begins at `now`, at least one, if each takes up to `row`.
    pub(crate) fn most_rows(self, batching: Batching, row: Duration, now: Instant) -> usize {
        match self {
            Self::Never => 1,
            Self::Freely => batching.max,
            _ if !batching.urgent_alone => batching.max,
            Self::IfCheap => 1,
            Self::InTime(runs_out) => {
                let rows = runs_out.saturating_duration_since(now).div_duration_f64(row) as usize;
                // One that is late even alone shares: where many are, alone they would be later still.
                if rows == 0 { batching.max.min(LATE_ROWS) } else { rows.min(batching.max) }
            }
        }
    }
}

impl Job {
    /// The most rows of the call that takes the job at `now`, if a row of one frame takes up to `row`, and this is the thread's
    /// part of what waits.
    pub(crate) fn most_rows(&self, batching: Batching, row: Duration, now: Instant, part: usize) -> usize {
        let frames = u32::try_from(self.call.frames.len()).unwrap_or(u32::MAX);
        let most = self.sharing.most_rows(batching, row.saturating_mul(frames), now);
        if self.sharing == Sharing::Freely { most } else { most.min(part) }
    }

    /// New frames of audio in the call. Context isn't new; frames that flush the end of a stream cost as much as others.
    pub(crate) fn new_frames(&self, model: &CodecModel) -> usize {
        if model.is_stream() {
            self.call.frames.len()
        } else {
            self.call.keep.len().div_ceil(model.samples_per_frame.max(1))
        }
    }
}

/// The result of a job: the state after the call, and all samples so far.
pub(crate) struct Done {
    pub(crate) state: StreamState,
    pub(crate) samples: Vec<f32>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Frame;

    #[test]
    fn a_listener_waits_for_no_more_rows_than_their_audio_lasts() {
        let native = Batching { max: 4, wait: Duration::ZERO, takers: 2, urgent_alone: true };
        let row = Duration::from_millis(10);
        let now = Instant::now() + Duration::from_secs(10);
        let in_ms = |ms| Sharing::InTime(now + Duration::from_millis(ms)).most_rows(native, row, now);
        assert_eq!([12, 25, 45, 1000].map(in_ms), [1, 2, 4, 4]);
        let late = Sharing::InTime(now - Duration::from_millis(5));
        assert_eq!([in_ms(5), late.most_rows(native, row, now)], [2, 2]);
        assert_eq!(Sharing::IfCheap.most_rows(native, row, now), 1);
        assert_eq!(Sharing::Freely.most_rows(native, row, now), 4);
        let on_gpu = Batching { max: 64, urgent_alone: false, ..native };
        assert_eq!([late, Sharing::IfCheap].map(|sharing| sharing.most_rows(on_gpu, row, now)), [64, 64]);
        assert_eq!(Sharing::Never.most_rows(on_gpu, row, now), 1);
    }

    /// 30 ms of audio are two rows of one frame each, but not even one of three.
    #[test]
    fn rows_of_several_frames_take_as_much_longer() {
        let native = Batching { max: 4, wait: Duration::ZERO, takers: 2, urgent_alone: true };
        let now = Instant::now();
        let most_rows = |frames, sharing, part| {
            let call = Call {
                frames: vec![Frame::default(); frames],
                first_latent: 0,
                total_latents: 0,
                keep: 0..0,
            };
            let state = StreamState::start(0, None).unwrap();
            let (reply, _) = oneshot::channel();
            let (draws, samples) = (Vec::new(), Vec::new());
            let job = Job { call, draws, state, samples, reply, queued_at: now, sharing };
            job.most_rows(native, Duration::from_millis(12), now, part)
        };
        let in_ms = |ms| Sharing::InTime(now + Duration::from_millis(ms));
        assert_eq!([1, 2, 4].map(|frames| most_rows(frames, in_ms(50), 9)), [4, 2, 1]);
        assert_eq!(most_rows(3, in_ms(40), 9), 1, "three rows of one frame would be in time");
        assert_eq!(most_rows(1, in_ms(50), 2), 2, "the rest is for other threads");
        assert_eq!(most_rows(1, Sharing::Freely, 1), 4);
    }
}
