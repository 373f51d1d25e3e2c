//! Loops: a model that repeats itself, or falls silent, without an end. Pure.
//!
//! Models of this family sometimes fall into a loop: the same frame, or the same few frames, until `max_tokens`. Chance
//! doesn't repeat seven codes many times over, but silence does: a loop must sound, or be far longer than any pause.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering},
};

use svara_snac::Frame;

/// The longest period of a loop: two seconds.
const LONGEST_PERIOD: usize = 24;
/// Frames that repeat what was before them until it is a loop, and at least a whole period: less than a second.
const REPEATED_FRAMES: usize = 11;
/// Frames with the same coarse codes until they are stuck: seven seconds. A sung vowel keeps them, too, but nobody holds one
/// for so long.
const STUCK_FRAMES: usize = 84;
/// Frames of silence, or of any repetition, until it isn't a pause: five seconds.
const ENDLESS_FRAMES: usize = 60;
/// A frame of a loop by which the sound before it has faded.
const FADED_FRAMES: usize = 4;
/// What is softer than this part of the loudest is silence: 30 dB less.
const SILENT_PART: f32 = 0.03;

/// What is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoopKind {
    /// One frame.
    Frame,
    /// Several frames.
    Period,
    /// The three coarse codes of each frame, while the fine ones differ.
    Code,
    /// Silence.
    Silence,
}

/// A loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) kind: LoopKind,
    /// The first frame of the piece that is too much.
    pub(crate) start: usize,
}

/// Watches a piece for loops: its frames, and the samples that they become, which may come later.
#[derive(Debug)]
pub(crate) struct LoopWatch {
    samples_per_frame: usize,
    /// The last frames, the latest first.
    recent: VecDeque<Frame>,
    /// Frames so far.
    frames: usize,
    /// For each period: how many frames up to now equal the one a period before.
    repeated: [usize; LONGEST_PERIOD],
    /// Frames up to now with the coarse codes of the one before.
    stuck: usize,
    /// Frames heard.
    heard: usize,
    /// Samples of the next one, and the loudest of them.
    samples: usize,
    peak: f32,
    loudest: f32,
    /// Frames heard up to the last one that sounded.
    sounded: usize,
}

impl LoopWatch {
    pub(crate) fn new(samples_per_frame: usize) -> Self {
        Self {
            samples_per_frame: samples_per_frame.max(1),
            recent: VecDeque::with_capacity(LONGEST_PERIOD),
            frames: 0,
            repeated: [0; LONGEST_PERIOD],
            stuck: 0,
            heard: 0,
            samples: 0,
            peak: 0.0,
            loudest: 0.0,
            sounded: 0,
        }
    }

    /// Takes the next frame.
    pub(crate) fn frame(&mut self, frame: Frame) {
        self.frames += 1;
        let mut earlier = self.recent.iter();
        for repeated in &mut self.repeated {
            *repeated = if earlier.next() == Some(&frame) { *repeated + 1 } else { 0 };
        }
        let same = self.recent.front().is_some_and(|before| {
            [0, 1].into_iter().all(|codebook| before.codes_of(codebook).eq(frame.codes_of(codebook)))
        });
        self.stuck = if same { self.stuck + 1 } else { 0 };
        self.recent.truncate(LONGEST_PERIOD - 1);
        self.recent.push_front(frame);
    }

    /// Hears the next samples of the piece.
    pub(crate) fn sound(&mut self, samples: &[f32]) {
        for sample in samples {
            self.peak = self.peak.max(sample.abs());
            self.samples += 1;
            if self.samples == self.samples_per_frame {
                self.heard += 1;
                self.loudest = self.loudest.max(self.peak);
                if self.peak > SILENT_PART * self.loudest {
                    self.sounded = self.heard;
                }
                (self.samples, self.peak) = (0, 0.0);
            }
        }
    }

    /// The loop in which the piece is, if any.
    pub(crate) fn found(&self) -> Option<Found> {
        let periods = self.repeated.iter().zip(1..).map(|(repeated, period)| {
            let kind = if period == 1 { LoopKind::Frame } else { LoopKind::Period };
            (kind, *repeated, REPEATED_FRAMES.max(period))
        });
        let loops = periods.chain([(LoopKind::Code, self.stuck, STUCK_FRAMES)]);
        let found =
            loops.filter(|(_, repeated, enough)| repeated >= enough).find_map(|(kind, repeated, _)| {
                let start = self.frames - repeated;
                let sounds = self.sounded > start + FADED_FRAMES;
                (sounds || repeated >= ENDLESS_FRAMES).then_some(Found { kind, start })
            });
        let silent = self.sounded > 0 && self.heard - self.sounded >= ENDLESS_FRAMES;
        found.or_else(|| {
            silent.then_some(Found { kind: LoopKind::Silence, start: self.sounded + FADED_FRAMES })
        })
    }
}

impl LoopKind {
    /// Its name in metrics and logs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Period => "period",
            Self::Code => "code",
            Self::Silence => "silence",
        }
    }
}

/// Counts of loops, by kind, since the start.
#[derive(Debug, Default)]
pub(crate) struct LoopCounts {
    frame: AtomicU64,
    period: AtomicU64,
    code: AtomicU64,
    silence: AtomicU64,
}

impl LoopCounts {
    pub(crate) fn add(&self, kind: LoopKind) {
        self.of(kind).fetch_add(1, Ordering::Relaxed);
    }

    /// The counts with the names of their kinds.
    pub(crate) fn read(&self) -> [(&'static str, u64); 4] {
        [LoopKind::Frame, LoopKind::Period, LoopKind::Code, LoopKind::Silence]
            .map(|kind| (kind.name(), self.of(kind).load(Ordering::Relaxed)))
    }

    fn of(&self, kind: LoopKind) -> &AtomicU64 {
        match kind {
            LoopKind::Frame => &self.frame,
            LoopKind::Period => &self.period,
            LoopKind::Code => &self.code,
            LoopKind::Silence => &self.silence,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;
    use std::path::Path;

    use proptest::prelude::*;
    use svara_audio::{Resampler, SampleRate};
    use svara_snac::{
        EncoderSettings, SnacEncoder,
        onnx::{LibrarySearch, Runtime},
    };
    use svara_testkit::models;

    use super::*;
    use crate::source::demo::Espeak;

    const FRAME: usize = 2048;
    const LOUD: [f32; FRAME] = [0.3; FRAME];
    const SILENT: [f32; FRAME] = [0.001; FRAME];

    fn frame(number: usize) -> Frame {
        Frame(std::array::from_fn(|slot| ((number * 977 + slot * 131 + 1) % 4096) as u16))
    }

    /// What is found, and after how many frames. Samples come `late` frames after their frame.
    fn watch(parts: impl IntoIterator<Item = (Frame, Vec<f32>)>, late: usize) -> Option<(Found, usize)> {
        let mut watch = LoopWatch::new(FRAME);
        let mut waiting = VecDeque::new();
        for (number, (frame, samples)) in parts.into_iter().enumerate() {
            watch.frame(frame);
            waiting.push_back(samples);
            if waiting.len() > late {
                watch.sound(&waiting.pop_front().unwrap());
            }
            if let Some(found) = watch.found() {
                return Some((found, number + 1));
            }
        }
        None
    }

    #[test]
    fn a_pause_isnt_a_loop_but_endless_silence_is() {
        let speech = |count: usize| (0..count).map(|number| (frame(number), LOUD.to_vec()));
        let pause = |count: usize| (0..count).map(|_| (frame(9_999), SILENT.to_vec()));
        assert_eq!(watch(speech(20).chain(pause(50)).chain(speech(20)), 3), None);
        let (found, after) = watch(speech(20).chain(pause(100)), 3).unwrap();
        assert!((21..26).contains(&found.start) && after < 20 + 65, "{found:?} {after}");
        // Softer codes than before, each different.
        let hum = (0..100).map(|number| (frame(500 + number), SILENT.to_vec()));
        let (found, _) = watch(speech(20).chain(hum), 3).unwrap();
        assert_eq!(found, Found { kind: LoopKind::Silence, start: 24 });
    }

    #[test]
    fn a_stuck_code_is_found_and_a_short_one_is_not() {
        let stuck = |count: usize| {
            (0..count).map(|number| {
                let mut frame = frame(number);
                (frame.0[0], frame.0[1], frame.0[4]) = (7, 8, 9);
                (frame, LOUD.to_vec())
            })
        };
        assert_eq!(watch(stuck(70).chain((0..9).map(|number| (frame(number), LOUD.to_vec()))), 3), None);
        assert_eq!(watch(stuck(90), 3).unwrap().0.kind, LoopKind::Code);
    }

    proptest! {
        /// Whatever comes before, whatever the period, and however late samples are: a loop is found within a second of
        /// its beginning, or within a period.
        #[test]
        fn a_loop_is_found_soon(
            before in 0usize..60,
            period in 1usize..=LONGEST_PERIOD,
            late in 0usize..6,
        ) {
            let spoken = (0..before).map(|number| frame(5_000 + number));
            let repeated = (0..200).map(|number| frame(number % period));
            let parts = spoken.chain(repeated).map(|frame| (frame, LOUD.to_vec()));
            let (found, after) = watch(parts, late).unwrap();
            let kind = if period == 1 { LoopKind::Frame } else { LoopKind::Period };
            prop_assert_eq!(found, Found { kind, start: before + period });
            prop_assert!(after - found.start <= REPEATED_FRAMES.max(period), "{}", after);
        }

        /// Codes drawn at random from few are no loop. From fewer still, chance itself would repeat eleven now and then.
        #[test]
        fn chance_is_no_loop(numbers in prop::collection::vec(0usize..32, 0..400)) {
            let parts = numbers.iter().map(|number| (frame(*number), LOUD.to_vec()));
            prop_assert_eq!(watch(parts, 3), None);
        }
    }

    async fn frames_of(encoder: &SnacEncoder, samples: Vec<f32>) -> Vec<(Frame, Vec<f32>)> {
        let frames = encoder.encode(samples.clone()).await.unwrap();
        frames.into_iter().zip(samples.chunks(FRAME).map(<[f32]>::to_vec)).collect()
    }

    /// What the demo voice sends, words said many times over among it, and pauses; and vowels that are sung.
    #[tokio::test]
    async fn speech_and_song_are_no_loops() {
        // Native code encodes for the demo voice, so there need be no library.
        let runtime = Runtime::lazy(&LibrarySearch::default()).unwrap();
        let settings =
            EncoderSettings { model: models::demo_codec("encoder.onnx"), ..EncoderSettings::default() };
        let encoder = SnacEncoder::load(&runtime, &settings).unwrap();
        let espeak = Espeak::find(Path::new("espeak-ng")).await.unwrap();
        for (voice, text) in [
            ("hi+f2", "नहीं नहीं नहीं नहीं नहीं नहीं। आप कैसे हैं? मैं ठीक हूँ, और आप? . . . ठीक।"),
            (
                "en-us+m3",
                "No no no no no no no no. Ha ha ha ha ha ha ha! Mmmmmmmmmmmmm. Aaaaaaaaaaaaaaaaaaaah... well.",
            ),
            ("ta+f2", "இல்லை இல்லை இல்லை இல்லை. இன்று காலை மழை பெய்தது, அதனால் சாலைகள் ஈரமாக இருந்தன."),
        ] {
            let (rate, samples) = espeak.speak(text, voice).await.unwrap();
            let mut resampler = Resampler::new(rate, SampleRate::SNAC).unwrap();
            let mut resampled = Vec::new();
            resampler.push(&samples, &mut resampled).unwrap();
            resampler.finish(&mut resampled).unwrap();
            let parts = frames_of(&encoder, resampled).await;
            assert!(parts.len() > 40);
            assert_eq!(watch(parts, 3), None, "{text}");
        }
        for (pitch_hz, vibrato_hz) in [(220.0, 5.5), (330.0, 6.0), (147.0, 4.5)] {
            let mut phase = 0.0f32;
            let sung: Vec<f32> = (0..FRAME * 60)
                .map(|n| {
                    let seconds = n as f32 / 24_000.0;
                    let pitch = pitch_hz * (1.0 + 0.03 * (TAU * vibrato_hz * seconds).sin());
                    phase = (phase + pitch / 24_000.0).fract();
                    (1..12).map(|k| (TAU * phase * k as f32).sin() / k as f32).sum::<f32>() * 0.2
                })
                .collect();
            assert_eq!(watch(frames_of(&encoder, sung).await, 3), None, "{pitch_hz} Hz");
        }
    }
}
