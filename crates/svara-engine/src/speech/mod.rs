//! A speech: its pieces, one after the other, without a gap.

pub(crate) mod audience;
mod declick;
mod early_start;
mod generation;
pub(crate) mod loops;
pub(crate) mod pace;
mod piece;
pub(crate) mod pieces;
pub(crate) mod playback;
mod playout;
mod report;
pub(crate) mod retry;
pub(crate) mod script;

use std::sync::Arc;

use svara_audio::SampleRate;
use svara_snac::{DecodeError, DecodeStream};

pub use self::report::SpeechReport;
use self::{
    audience::Audience,
    declick::Declick,
    generation::Generated,
    pace::Pace,
    piece::{Listener, Piece},
    pieces::Pieces,
    playback::Playback,
    retry::{Fault, Planned},
    script::ScriptText,
};
use crate::{
    error::SpeakError,
    source::FinishReason,
    timing::{Listening, PieceTiming, Sound, Tempo},
};

/// A speech in progress: call [`Speech::next`] until it returns `None`. Dropping it ends the generation and frees the
/// decoder's slot.
///
/// A long text is spoken in pieces. While one is spoken, a bounded number of the next ones are generated. A piece that
/// fails is generated again, unless samples of it were given out.
pub struct Speech {
    pieces: Pieces,
    /// `None` between two pieces.
    current: Option<Current>,
    decode: DecodeStream,
    noise_seed: u64,
    pace: Pace,
    /// Whether the samples of a piece are held back until it is complete.
    holds_back: bool,
    declick: Declick,
    /// Silence before the first piece.
    lead: Vec<f32>,
    /// What was made before the caller got the speech: the first chunk, or silence if there is nothing to say.
    ready: Option<Made>,
    report: SpeechReport,
    /// Timings of the completed pieces that nobody has taken yet.
    timings: Vec<PieceTiming>,
    /// Samples decoded so far, before the change of speed.
    made_samples: u64,
    /// Those of completed pieces.
    timed_samples: u64,
    /// The text, and how much of what was typed belongs to completed pieces, in bytes.
    text: Arc<ScriptText>,
    typed_bytes: usize,
    playback: Playback,
    /// How fast the voice speaks.
    tempo: Tempo,
    /// The silence behind the last piece.
    end_pause_ms: u32,
    listener: Listener,
    /// A call of [`Speech::next`] is running, or was dropped half-way.
    under_way: bool,
    ended: bool,
}

/// The piece that is being spoken.
struct Current {
    planned: Planned,
    piece: Piece,
    /// What is heard of its samples, for the times of its words.
    listening: Listening,
    /// Its samples, if they are held back.
    held: Vec<f32>,
    has_audio: bool,
    /// Whether samples of it were given out.
    heard: bool,
}

/// What a speech is made of.
enum Made {
    /// Decoded samples.
    Samples(Vec<f32>),
    /// Silence, and how fast the next piece is said.
    Pause { pause_ms: u32, rate: f32 },
}

/// The parts of a speech.
pub(crate) struct Start {
    pub(crate) pieces: Pieces,
    pub(crate) decode: DecodeStream,
    pub(crate) noise_seed: u64,
    pub(crate) pace: Pace,
    pub(crate) text: Arc<ScriptText>,
    pub(crate) end_pause_ms: u32,
    pub(crate) playback: Playback,
    pub(crate) audience: Audience,
}

impl Speech {
    /// Waits for the first samples, so that a failure before them is an error here.
    pub(crate) async fn start(start: Start) -> Result<Self, SpeakError> {
        let Start { mut pieces, decode, noise_seed, pace, text, end_pause_ms, mut playback, audience } =
            start;
        let lead =
            pieces.take_break().map_or_else(Vec::new, |(pause_ms, rate)| playback.pause(pause_ms, rate));
        let sample_rate_hz = playback.sample_rate().hz();
        let mut speech = Self {
            pieces,
            current: None,
            decode,
            noise_seed,
            pace,
            holds_back: false,
            declick: Declick::default(),
            lead,
            ready: None,
            report: SpeechReport::default(),
            timings: Vec::new(),
            made_samples: 0,
            timed_samples: 0,
            text,
            typed_bytes: 0,
            playback,
            tempo: Tempo::default(),
            end_pause_ms,
            listener: Listener::new(sample_rate_hz, audience),
            under_way: false,
            ended: false,
        };
        speech.ready = Some(speech.make().await?.ok_or(SpeakError::NoAudio)?);
        Ok(speech)
    }

    /// Returns the next samples (mono, −1 to 1), `None` after the last. An error is the last item.
    ///
    /// Not cancel-safe: dropping a call half-way ends the speech with an error.
    pub async fn next(&mut self) -> Option<Result<Vec<f32>, SpeakError>> {
        self.listener.asks();
        while !self.ended {
            let made = match self.ready.take() {
                Some(made) => Ok(Some(made)),
                None if self.under_way => Err(DecodeError::Ended.into()),
                None => {
                    self.under_way = true;
                    let made = self.make().await;
                    self.under_way = false;
                    made
                }
            };
            let made = made.map(|made| self.heard(made));
            match made {
                Ok(samples) if samples.is_empty() => {}
                Ok(samples) => {
                    self.report.samples += samples.len() as u64;
                    if !self.holds_back {
                        self.listener.gets(samples.len());
                    }
                    return Some(Ok(samples));
                }
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }

    /// What is heard of what was made, with what is held back at the end. It may be nothing.
    fn heard(&mut self, made: Option<Made>) -> Vec<f32> {
        let mut heard = std::mem::take(&mut self.lead);
        let samples = match made {
            Some(Made::Samples(samples)) => self.playback.push(samples),
            Some(Made::Pause { pause_ms, rate }) => self.playback.pause(pause_ms, rate),
            None => {
                self.ended = true;
                // Where there was nothing to say, no piece has ended.
                self.report.finish.get_or_insert(FinishReason::Stop);
                self.playback.finish()
            }
        };
        if heard.is_empty() {
            return samples;
        }
        heard.extend(samples);
        heard
    }

    /// The sample rate of the audio.
    pub fn sample_rate(&self) -> SampleRate {
        self.playback.sample_rate()
    }

    /// Summarizes the speech so far.
    pub fn report(&self) -> SpeechReport {
        SpeechReport { redone: self.pieces.redone(), ..self.report }
    }

    /// Holds back the samples of each piece until it is complete, so that any piece that fails can be generated again.
    /// For callers that send nothing before the end; from now on, it gives way to all speech that is heard.
    pub fn hold_back(&mut self) {
        self.holds_back = true;
        self.listener.leaves();
        match (&mut self.current, self.ready.take()) {
            (Some(current), Some(Made::Samples(samples))) => {
                // The first chunk is ready, but nobody has taken it yet.
                self.made_samples = 0;
                self.declick = Declick::default();
                (current.held, current.heard) = (samples, false);
            }
            (_, ready) => self.ready = ready,
        }
    }

    /// Takes the timings of the pieces completed since the last call, in order. The timing of a piece is there when
    /// [`Speech::next`] returns the first samples after the piece, or `None`.
    pub fn take_timings(&mut self) -> Vec<PieceTiming> {
        std::mem::take(&mut self.timings)
    }

    /// Makes the next samples, of this piece or a later one. `None` at the end.
    async fn make(&mut self) -> Result<Option<Made>, SpeakError> {
        loop {
            let Some(current) = &mut self.current else {
                if let Some(pause) = self.pause() {
                    return Ok(Some(pause));
                }
                let Some((planned, generated)) = self.pieces.next().await? else { return Ok(None) };
                self.begin(planned, generated)?;
                continue;
            };
            let samples = match current.piece.next(&mut self.decode, &self.listener).await {
                Ok(samples) => samples,
                Err(error) => {
                    self.again(error)?;
                    continue;
                }
            };
            let first_tokens_at = current.piece.first_tokens_at();
            self.report.first_tokens_at = self.report.first_tokens_at.or(first_tokens_at);
            if let Some(samples) = samples {
                self.pieces.look_ahead();
                current.listening.hear(&samples);
                let is_first = !std::mem::replace(&mut current.has_audio, true);
                if !self.holds_back {
                    current.heard = true;
                    return Ok(Some(Made::Samples(self.give(samples, is_first))));
                }
                // Count it as delivered, so that held-back audio never outranks a listener who waits.
                self.listener.gets(samples.len());
                current.held.extend(samples);
            } else if let Some(samples) = self.end()? {
                return Ok(Some(Made::Samples(self.give(samples, true))));
            }
        }
    }
}

impl Speech {
    /// The silence that comes next, and the speed behind it.
    fn pause(&mut self) -> Option<Made> {
        let (pause_ms, rate) = match self.pieces.take_break() {
            Some((pause_ms, rate)) => (pause_ms, Some(rate)),
            None => (std::mem::take(&mut self.end_pause_ms), None),
        };
        let changes = rate.is_some_and(|rate| rate != self.playback.rate());
        if pause_ms > 0 {
            // The next piece begins out of silence.
            self.declick.pass(&[0.0; declick::WINDOW_SAMPLES]);
        }
        (pause_ms > 0 || changes)
            .then(|| Made::Pause { pause_ms, rate: rate.unwrap_or(self.playback.rate()) })
    }

    /// Starts the next piece.
    fn begin(&mut self, planned: Planned, generated: Generated) -> Result<(), SpeakError> {
        let watch = self.pieces.watch();
        let piece = Piece::new(generated.into_tokens(), self.pieces.layout(), self.pace.clone(), watch);
        self.decode.restart(self.noise_seed.wrapping_add(self.report.pieces as u64))?;
        let listening = Listening::new(self.sample_rate().hz());
        self.current =
            Some(Current { planned, piece, listening, held: Vec::new(), has_audio: false, heard: false });
        Ok(())
    }

    /// Queues the piece again in whose middle the engine failed, if nothing of it was heard.
    fn again(&mut self, error: SpeakError) -> Result<(), SpeakError> {
        match self.current.take() {
            Some(current) if !current.heard && self.pieces.survive(&current.planned, &error) => {
                self.pieces.again(&current.planned, Fault::Engine)
            }
            _ => Err(error),
        }
    }

    /// Completes the piece and returns its held-back samples. A piece that failed before any sample was given out is
    /// queued again instead.
    fn end(&mut self) -> Result<Option<Vec<f32>>, SpeakError> {
        let Some(Current { planned, piece, listening, held, has_audio, heard }) = self.current.take() else {
            return Ok(None);
        };
        if let Some(fault) = self.pieces.fault(&planned, &piece, has_audio) {
            if heard {
                self.report.add(&piece);
                return self.go_on(&planned, &piece, &listening.end(), fault).map(|()| None);
            }
            self.pieces.again(&planned, fault)?;
            return Ok(None);
        }
        self.report.add(&piece);
        let samples = self.made_samples + held.len() as u64;
        let sound = listening.end();
        self.tempo.learn(&planned.words, &sound);
        self.time_piece(&planned, samples, sound);
        Ok((!held.is_empty()).then_some(held))
    }

    /// Goes on behind a loop that was heard, with the words that weren't said before it.
    ///
    /// # Errors
    /// The piece failed otherwise, or has gone on already.
    fn go_on(
        &mut self,
        planned: &Planned,
        piece: &Piece,
        sound: &Sound,
        fault: Fault,
    ) -> Result<(), SpeakError> {
        let split = piece.looped().and_then(|found| {
            let sound = sound.up_to(found.start.saturating_mul(self.pieces.samples_per_frame()) as u64);
            let (said, rest) = planned.split(self.tempo.said_until(&planned.words, &sound))?;
            Some((said, rest, sound))
        });
        let Some((said, rest, sound)) = split else { return Err(self.pieces.error(planned, fault)) };
        if let Some(rest) = rest {
            self.pieces.go_on(rest, fault);
        }
        if !said.words.is_empty() {
            let end_samples = (self.timed_samples + sound.samples()).min(self.made_samples);
            self.time_piece(&said, end_samples, sound);
        }
        // What was heard of the loop belongs to no word.
        self.timed_samples = self.made_samples;
        Ok(())
    }

    /// Gives out samples. The first ones of a piece are joined to the previous piece without a click.
    fn give(&mut self, mut samples: Vec<f32>, first_of_piece: bool) -> Vec<f32> {
        if first_of_piece {
            self.declick.smooth(&mut samples);
        }
        self.declick.pass(&samples);
        self.made_samples += samples.len() as u64;
        samples
    }

    /// Records the timing of a piece that ends after `end_samples` of the decoded samples.
    fn time_piece(&mut self, planned: &Planned, end_samples: u64, sound: Sound) {
        let ScriptText { typed, said } = &*self.text;
        let said_end = planned.said_at + planned.words.len();
        let typed_end = if self.pieces.are_over() {
            typed.len()
        } else {
            self.text.typed_until(said_end, self.typed_bytes)
        };
        let range = self.typed_bytes..typed_end;
        let before = typed.get(..range.start).unwrap_or_default();
        let timing = PieceTiming {
            text: planned.words.clone(),
            start_samples: self.playback.heard(self.timed_samples),
            end_samples: self.playback.heard(end_samples),
            typed_start: before.chars().count(),
            typed: typed.get(range.clone()).unwrap_or_default().to_owned(),
            edits: said.edits.part(&range, planned.said_at, planned.words.len()),
            sound,
        };
        self.typed_bytes = typed_end;
        self.timed_samples = end_samples;
        self.timings.push(timing);
    }
}
