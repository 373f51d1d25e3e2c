//! Plans calls: what to feed, and which output samples are new. Pure: no model, no threads.
//!
//! Two kinds of graph decode a stream exactly:
//!
//! * A *stream* graph carries its own past. It is fed each frame once; its output lags by `delay_samples`, so the end
//!   is flushed with dummy frames.
//! * A *plain* graph has no memory. It is fed windows: the new frames with `context_frames` of context on each side, of
//!   which only the middle is kept. Frames with too little context after them wait for the next call.

use std::ops::Range;

use crate::{Frame, onnx::CodecModel};

/// Most frames in a stream graph's call. More frames cost more per frame: the activations of 4 frames fit into a core's
/// cache, and the allocator reuses their memory, while larger blocks would be fresh pages from the system every time.
pub(crate) const MAX_STREAM_FRAMES: usize = 4;
/// Frames in each call of a stream that must repeat, see [`Position::in_lots`]: of a stream graph and of a plain one. Smaller
/// windows of a plain graph would be expensive, larger ones would leave gaps.
const STREAM_LOT: usize = 1;
const PLAIN_LOT: usize = 2;
/// More latents than any stream has, meaning that the end isn't known yet.
const UNKNOWN_TOTAL: i64 = 1 << 40;

/// One call of a graph for one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) frames: Vec<Frame>,
    /// Latents of the stream before this call's first frame.
    pub(crate) first_latent: i64,
    /// Latents of the whole stream; [`UNKNOWN_TOTAL`] while that isn't known.
    pub(crate) total_latents: i64,
    /// Which of the output samples to keep.
    pub(crate) keep: Range<usize>,
}

impl Call {
    /// Splits the call into calls of at most `max_frames` each, for a graph that carries its past.
    pub(crate) fn cut(self, model: &CodecModel, max_frames: usize) -> Vec<Self> {
        if self.frames.len() <= max_frames {
            return vec![self];
        }
        let mut start = 0;
        let cut = |frames: &[Frame]| {
            let samples = start * model.samples_per_frame..(start + frames.len()) * model.samples_per_frame;
            let within = |sample: usize| sample.clamp(samples.start, samples.end) - samples.start;
            let call = Self {
                frames: frames.to_vec(),
                first_latent: self.first_latent + (start * model.latents_per_frame()) as i64,
                total_latents: self.total_latents,
                keep: within(self.keep.start)..within(self.keep.end),
            };
            start += frames.len();
            call
        };
        self.frames.chunks(max_frames).map(cut).collect()
    }
}

/// Where a stream stands between two calls.
#[derive(Clone, Debug)]
pub(crate) struct Position {
    /// Frames pushed so far.
    pushed: usize,
    /// Samples kept by all calls planned so far.
    given_samples: usize,
    /// Plain graphs only: the frames that later windows need.
    window: Vec<Frame>,
    /// Frames in each call, if they must not depend on how the frames come.
    lot: Option<usize>,
    /// Frames that wait for the rest of their lot.
    held: Vec<Frame>,
}

impl Position {
    pub(crate) fn start() -> Self {
        Self { pushed: 0, given_samples: 0, window: Vec::new(), lot: None, held: Vec::new() }
    }

    /// A start whose calls depend on the frames alone, and not on how many of them come at once. For graphs that round
    /// differently when a stream is cut differently: so the same frames give the same bits.
    pub(crate) fn in_lots(model: &CodecModel) -> Self {
        let lot = if model.is_stream() { STREAM_LOT } else { PLAIN_LOT };
        Self { lot: Some(lot), ..Self::start() }
    }

    /// The calls for the next `frames`, to be made in order; `last` means that no more frames will come. Empty if there
    /// is nothing to decode.
    pub(crate) fn plan(&mut self, model: &CodecModel, frames: &[Frame], last: bool) -> Vec<Call> {
        let Some(lot) = self.lot else { return self.plan_at_once(model, frames, last) };
        let mut waiting = std::mem::take(&mut self.held);
        waiting.extend_from_slice(frames);
        let ready = if last { waiting.len() } else { waiting.len() - waiting.len() % lot };
        self.held = waiting.split_off(ready);
        let mut calls = Vec::new();
        for frames in waiting.chunks(lot) {
            calls.extend(self.plan_at_once(model, frames, false));
        }
        if last {
            calls.extend(self.plan_at_once(model, &[], true));
        }
        calls
    }

    fn plan_at_once(&mut self, model: &CodecModel, frames: &[Frame], last: bool) -> Vec<Call> {
        let calls = if model.is_stream() {
            let call = self.plan_stream(model, frames, last);
            call.map(|call| call.cut(model, MAX_STREAM_FRAMES)).unwrap_or_default()
        } else {
            self.plan_window(model, frames, last).into_iter().collect()
        };
        self.given_samples += calls.iter().map(|call| call.keep.len()).sum::<usize>();
        calls
    }

    /// The calls for the first `samples` samples of the stream as if it ended after `frames`, without moving the
    /// position. Empty if samples were already returned.
    pub(crate) fn preview(&self, model: &CodecModel, frames: &[Frame], samples: usize) -> Vec<Call> {
        if self.given_samples > 0 {
            return Vec::new();
        }
        let mut left = samples;
        let mut calls = self.clone().plan(model, frames, true);
        calls.retain_mut(|call| {
            call.keep.end = call.keep.end.min(call.keep.start.saturating_add(left));
            let wanted = left > 0;
            left -= call.keep.len();
            if left == 0 && model.is_stream() {
                // Frames that only flush later samples aren't needed.
                call.frames.truncate(call.keep.end.div_ceil(model.samples_per_frame).max(1));
            }
            wanted
        });
        calls
    }

    fn plan_stream(&mut self, model: &CodecModel, frames: &[Frame], last: bool) -> Option<Call> {
        let before = self.pushed;
        self.pushed += frames.len();
        let flush =
            if last && self.pushed > 0 { model.delay_samples.div_ceil(model.samples_per_frame) } else { 0 };
        if frames.len() + flush == 0 {
            return None;
        }
        let mut fed = frames.to_vec();
        fed.resize(frames.len() + flush, Frame::default());
        // Sample j of the output is sample `start + j - delay` of the stream.
        let start = before * model.samples_per_frame;
        let produced = fed.len() * model.samples_per_frame;
        let wanted = if last { self.pushed * model.samples_per_frame } else { usize::MAX };
        let skip = model.delay_samples.saturating_sub(start).min(produced);
        let end = (wanted.saturating_add(model.delay_samples) - start).min(produced);
        Some(Call {
            frames: fed,
            first_latent: (before * model.latents_per_frame()) as i64,
            total_latents: if last {
                (self.pushed * model.latents_per_frame()) as i64
            } else {
                UNKNOWN_TOTAL
            },
            keep: skip..end.max(skip),
        })
    }

    fn plan_window(&mut self, model: &CodecModel, frames: &[Frame], last: bool) -> Option<Call> {
        self.pushed += frames.len();
        self.window.extend_from_slice(frames);
        let context = model.context_frames;
        let given = self.given_samples / model.samples_per_frame;
        let ready = if last { self.pushed } else { self.pushed.saturating_sub(context) };
        if ready <= given {
            return None;
        }
        let first = self.pushed - self.window.len();
        let call = Call {
            frames: self.window.clone(),
            first_latent: (first * model.latents_per_frame()) as i64,
            total_latents: UNKNOWN_TOTAL,
            keep: (given - first) * model.samples_per_frame..(ready - first) * model.samples_per_frame,
        };
        // The next window starts `context` frames before the next frame to give.
        let unneeded = ready.saturating_sub(context).saturating_sub(first);
        self.window.drain(..unneeded.min(self.window.len()));
        Some(call)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn model(state_len: usize) -> CodecModel {
        CodecModel {
            kind: if state_len > 0 { "stream" } else { "plain" }.to_owned(),
            delay_samples: if state_len > 0 { 4757 } else { 0 },
            state_len,
            ..CodecModel::snac_24khz_stream()
        }
    }

    /// Runs the calls of a stream split into `pushes` on a mock graph that returns sample positions. A window's sample
    /// counts as exact only if it has its context.
    fn given(model: &CodecModel, start: Position, pushes: &[usize]) -> Vec<i64> {
        let total: usize = pushes.iter().sum();
        let (mut position, mut given, mut pushed) = (start, Vec::new(), 0);
        for (i, count) in pushes.iter().enumerate() {
            let frames: Vec<Frame> = (pushed..pushed + count).map(|n| Frame([n as u16; 7])).collect();
            pushed += count;
            let last = i + 1 == pushes.len();
            for call in position.plan(model, &frames, last) {
                let first = call.first_latent as usize / 4;
                assert!(call.frames.len() <= MAX_STREAM_FRAMES || model.state_len == 0);
                for (at, frame) in call.frames.iter().enumerate() {
                    if first + at < total {
                        assert_eq!(usize::from(frame.0[0]), first + at, "the wrong frame at this place");
                    }
                }
                assert!(model.state_len > 0 || call.total_latents == UNKNOWN_TOTAL);
                let known = call.total_latents == (total * 4) as i64;
                assert!(
                    known || first + call.frames.len() <= total || model.state_len == 0,
                    "the end is unknown"
                );
                assert!(known == (last && model.state_len > 0) || position.lot.is_some());
                for sample in call.keep {
                    let absolute = (first * 2048 + sample) as i64 - model.delay_samples as i64;
                    if model.state_len == 0 {
                        let frame = absolute as usize / 2048;
                        assert!(first == 0 || frame - first >= 3, "too little context before frame {frame}");
                        let after = first + call.frames.len() - 1 - frame;
                        assert!(after >= 3 || last, "too little context after frame {frame}");
                    }
                    given.push(absolute);
                }
            }
        }
        given
    }

    proptest! {
        #[test]
        fn every_sample_once_and_in_order(
            pushes in prop::collection::vec(0usize..12, 1..12), stateful: bool, lots: bool,
        ) {
            let total: usize = pushes.iter().sum();
            let expected: Vec<i64> = (0..(total * 2048) as i64).collect();
            let model = model(usize::from(stateful));
            let start = if lots { Position::in_lots(&model) } else { Position::start() };
            prop_assert_eq!(given(&model, start, &pushes), expected);
        }

        #[test]
        fn in_lots_the_calls_depend_on_the_frames_alone(
            pushes in prop::collection::vec(0usize..5, 1..12), stateful: bool, end_apart: bool,
        ) {
            let model = model(usize::from(stateful));
            let frames: Vec<Frame> = (0..pushes.iter().sum()).map(|n| Frame([n as u16; 7])).collect();
            let at_once = Position::in_lots(&model).plan(&model, &frames, true);
            let (mut position, mut left, mut calls) = (Position::in_lots(&model), &frames[..], Vec::new());
            for (i, count) in pushes.iter().enumerate() {
                let (now, later) = left.split_at(*count);
                calls.extend(position.plan(&model, now, i + 1 == pushes.len() && !end_apart));
                left = later;
            }
            if end_apart {
                calls.extend(position.plan(&model, &[], true));
            }
            prop_assert_eq!(calls, at_once);
        }
    }

    proptest! {
        /// Plans the start of what an end would plan, with no more calls than needed, and doesn't move the position.
        #[test]
        fn a_preview_is_the_start_of_what_an_end_would_give(
            pushed in 0usize..3, frames in 1usize..6, samples in 1usize..9000, stateful: bool,
        ) {
            let (model, mut position) = (model(usize::from(stateful)), Position::start());
            let early = position.plan(&model, &vec![Frame([1; 7]); pushed], false);
            prop_assume!(early.iter().all(|call| call.keep.is_empty()));
            let before = position.clone();
            let frames = vec![Frame([2; 7]); frames];
            let preview = position.preview(&model, &frames, samples);
            prop_assert_eq!(&position.pushed, &before.pushed);
            let end = position.plan(&model, &frames, true);
            let kept = |calls: &[Call]| calls.iter().map(|call| call.keep.len()).sum::<usize>();
            prop_assert_eq!(kept(&preview), samples.min(kept(&end)));
            let fed = |calls: &[Call]| calls.iter().map(|call| call.frames.len()).sum::<usize>();
            prop_assert!(fed(&preview) <= fed(&end));
            for (preview, end) in preview.iter().zip(&end) {
                prop_assert_eq!(preview.keep.start, end.keep.start);
                prop_assert!(preview.keep.end <= preview.frames.len() * 2048);
                prop_assert!(end.frames.starts_with(&preview.frames));
                prop_assert_eq!(preview.total_latents, end.total_latents);
            }
        }
    }

    #[test]
    fn a_preview_of_all_there_is_may_be_asked_for() {
        for stateful in [0, 1] {
            let model = model(stateful);
            let calls = Position::start().preview(&model, &[Frame::default(); 2], usize::MAX);
            assert_eq!(calls.iter().map(|call| call.keep.len()).sum::<usize>(), 2 * 2048);
            let mut position = Position::start();
            position.plan(&model, &[Frame::default(); 8], false);
            assert!(position.preview(&model, &[], usize::MAX).is_empty());
        }
    }

    #[test]
    fn a_preview_of_two_frames_feeds_two_more() {
        let (model, mut position) = (model(1), Position::start());
        position.plan(&model, &[Frame::default()], false);
        let calls = position.preview(&model, &[Frame::default()], 2048 + 256);
        assert_eq!(calls.iter().map(|call| call.frames.len()).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn a_stream_graph_speaks_after_three_frames() {
        let (model, mut position) = (model(1), Position::start());
        let kept: Vec<usize> =
            (0..4).map(|_| position.plan(&model, &[Frame::default()], false)[0].keep.len()).collect();
        assert_eq!(kept, [0, 0, 3 * 2048 - 4757, 2048]);
    }

    #[test]
    fn a_window_never_grows() {
        let (model, mut position) = (model(0), Position::start());
        for _ in 0..50 {
            for call in position.plan(&model, &[Frame::default()], false) {
                assert!(call.frames.len() <= 7);
            }
        }
    }
}
