//! Long texts on a paused clock: pieces ahead, no gaps, pieces that fail.
#![allow(clippy::unwrap_used, reason = "helpers of tests are test code too")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, ready},
    stream,
};
use svara_engine::{
    CloningUnavailable, Engine, EngineParts, FirstAudio, ModelProfile, OwnWords, SamplingOverrides,
    SpeakError, Speech, SpeechRequest, Voices,
    source::{FinishReason, SourceError, SourceInfo, TokenEvent, TokenSource, TokenStream, Utterance},
};
use svara_snac::Decoder;
use svara_testkit::{fake_vllm::frame_tokens, models::workspace};
use tokio::time::{Instant, advance, sleep, sleep_until};

const FRAME_SAMPLES: u64 = 2048;
const RATE_HZ: f64 = 24_000.0;

/// How one generation goes.
#[derive(Clone)]
struct Take {
    frames: usize,
    end: Result<FinishReason, SourceError>,
    first_after: Duration,
    frame_every: Duration,
}

impl Take {
    fn frames(frames: usize) -> Self {
        Self { frames, end: Ok(FinishReason::Stop), first_after: Duration::ZERO, frame_every: Duration::ZERO }
    }

    fn length(frames: usize) -> Self {
        Self { end: Ok(FinishReason::Length), ..Self::frames(frames) }
    }
}

/// An engine with a scripted take for each utterance.
struct Scripted {
    take: Box<dyn Fn(&Utterance) -> Take + Send + Sync>,
    asked: Mutex<Vec<Utterance>>,
    frames_given: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
}

struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl TokenSource for Scripted {
    fn open(&self, utterance: Utterance) -> BoxFuture<'_, Result<TokenStream, SourceError>> {
        let take = (self.take)(&utterance);
        self.asked.lock().unwrap().push(utterance);
        self.open.fetch_add(1, Ordering::SeqCst);
        let (open, given) = (Open(Arc::clone(&self.open)), Arc::clone(&self.frames_given));
        let started = Instant::now();
        let frames = stream::iter(0..take.frames).then(move |number| {
            let given = Arc::clone(&given);
            async move {
                let due = started + take.first_after + take.frame_every * u32::try_from(number).unwrap();
                sleep_until(due).await;
                given.fetch_add(1, Ordering::SeqCst);
                Ok(TokenEvent::Tokens(frame_tokens(1).into()))
            }
        });
        let tokens = frames.chain(stream::once(ready(take.end.map(TokenEvent::End))));
        let tokens = tokens.map(move |event| {
            let _ = &open;
            event
        });
        ready(Ok(tokens.boxed())).boxed()
    }

    fn cloning(&self) -> Result<(), CloningUnavailable> {
        Ok(())
    }

    fn health(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        ready(Ok(())).boxed()
    }

    fn about(&self) -> SourceInfo {
        SourceInfo { kind: "test", model: String::new(), url: None, notice: None }
    }
}

struct Setup {
    engine: Engine,
    source: Arc<Scripted>,
}

impl Setup {
    fn new(pieces_ahead: usize, take: impl Fn(&Utterance) -> Take + Send + Sync + 'static) -> Self {
        let profile = ModelProfile::load(&workspace().join("config/models/svara-v1.toml")).unwrap();
        let directory = workspace().join("config/voices");
        let voices = Voices::load(&directory, &profile.id, |voice| profile.speaker_id(voice)).unwrap();
        let source = Arc::new(Scripted {
            take: Box::new(take),
            asked: Mutex::default(),
            frames_given: Arc::default(),
            open: Arc::default(),
        });
        let engine = Engine::new(EngineParts {
            profile: Arc::new(profile),
            voices,
            own_words: OwnWords::default(),
            source: Arc::clone(&source) as Arc<dyn TokenSource>,
            decoder: Decoder::null(4),
            text_max_characters: 100_000,
            pieces_ahead,
            hop_frames: None,
            first_audio: FirstAudio::Exact,
            end_loops: true,
        })
        .unwrap();
        Self { engine, source }
    }

    async fn speak(&self, text: &str) -> Result<Speech, SpeakError> {
        let (text, voice) = (text.to_owned(), "hi_female".to_owned());
        self.engine.speak(SpeechRequest { text, voice, seed: Some(5), ..SpeechRequest::default() }).await
    }

    /// The texts that the engine was asked for, and their seeds.
    fn asked(&self) -> Vec<(String, u64)> {
        let asked = self.source.asked.lock().unwrap();
        asked.iter().map(|utterance| (utterance.text.clone(), utterance.seed.unwrap())).collect()
    }
}

/// Returns the number of samples, the words, and the error that ended the speech. The listener is slow: pieces ahead
/// are over before their turn.
async fn hear(speech: &mut Speech) -> (u64, String, Option<SpeakError>) {
    let (mut samples, mut said) = (0, Vec::new());
    let mut error = None;
    while let Some(chunk) = speech.next().await {
        match chunk {
            Ok(chunk) => {
                samples += chunk.len() as u64;
                sleep(Duration::from_secs(60)).await;
            }
            Err(broken) => error = Some(broken),
        }
        said.extend(speech.take_timings().into_iter().map(|piece| piece.text));
    }
    said.extend(speech.take_timings().into_iter().map(|piece| piece.text));
    (samples, said.join(" "), error)
}

/// Different sentences of about 210 characters, so that each is a piece.
fn sentences(count: usize) -> String {
    let names = ["पहला", "दूसरा", "तीसरा", "चौथा", "पाँचवाँ"];
    let sentence =
        |name: &str| format!("यह {name} वाक्य है, {}और यहाँ वह समाप्त होता है।", "जो बहुत लंबा है, ".repeat(10));
    names.into_iter().cycle().take(count).map(sentence).collect::<Vec<_>>().join(" ")
}

fn is(utterance: &Utterance, name: &str) -> bool {
    utterance.text.starts_with(&format!("यह {name}"))
}

/// Plays a speech with a buffer of `in_hand`. Returns how often the buffer ran out, and the seconds of audio.
async fn gaps(speech: &mut Speech, in_hand: Duration) -> (u32, f64) {
    let (mut plays_until, mut gaps, mut seconds) = (None, 0, 0.0);
    while let Some(chunk) = speech.next().await {
        let audio = Duration::from_secs_f64(chunk.unwrap().len() as f64 / RATE_HZ);
        seconds += audio.as_secs_f64();
        let now = Instant::now();
        let until = *plays_until.get_or_insert(now);
        gaps += u32::from(now > until);
        let until = until.max(now) + audio;
        plays_until = Some(until);
        if let Some(room_at) = until.checked_sub(in_hand) {
            sleep_until(room_at).await;
        }
    }
    (gaps, seconds)
}

/// A little faster than real time, with 300 ms until the first token.
fn at_pace(utterance: &Utterance) -> Take {
    let frames = utterance.text.chars().count();
    let (first_after, frame_every) = (Duration::from_millis(300), Duration::from_millis(40));
    Take { first_after, frame_every, ..Take::frames(frames) }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_characters_play_without_a_gap() {
    let text: String = sentences(500).chars().take(100_000).collect();
    assert_eq!(text.chars().count(), 100_000);
    for in_hand in [Duration::from_millis(300), Duration::from_hours(10)] {
        let setup = Setup::new(1, at_pace);
        let mut speech = setup.speak(&text).await.unwrap();
        let (gaps, seconds) = gaps(&mut speech, in_hand).await;
        assert_eq!(gaps, 0, "{in_hand:?}");
        let pieces = speech.take_timings();
        assert!(pieces.len() > 400 && pieces.len() == setup.asked().len(), "{} pieces", pieces.len());
        let said: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(said.join(" "), text, "all of it is said once, in order");
        let frames: usize = said.iter().map(|piece| piece.chars().count()).sum();
        let samples = frames as u64 * FRAME_SAMPLES;
        assert_eq!(pieces.last().unwrap().end_samples, samples);
        assert!((seconds - samples as f64 / RATE_HZ).abs() < 0.001, "{seconds} s of {samples} samples");
    }
    let alone = Setup::new(0, at_pace);
    let mut speech = alone.speak(&sentences(4)).await.unwrap();
    let (gaps, _) = gaps(&mut speech, Duration::from_millis(300)).await;
    assert_eq!(gaps, 3, "the listener waits for what isn't generated ahead");
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_pieces_ahead_is_generated() {
    for ahead in 1..=3 {
        let setup = Setup::new(ahead, |_| Take::frames(100));
        let mut speech = setup.speak(&sentences(40)).await.unwrap();
        speech.next().await.unwrap().unwrap();
        // Nobody listens for an hour.
        sleep(Duration::from_hours(1)).await;
        let (asked, given) = (setup.asked().len(), setup.source.frames_given.load(Ordering::SeqCst));
        assert_eq!(asked, 1 + ahead);
        assert!((ahead * 100..=ahead * 100 + 10).contains(&given), "{given} frames");
        drop(speech);
        sleep(Duration::from_millis(1)).await;
        assert_eq!(
            setup.source.open.load(Ordering::SeqCst),
            0,
            "a listener who leaves stops all generations"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_piece_ahead_that_exceeds_max_tokens_is_halved() {
    let text = sentences(3);
    // The ceiling of 200 characters is above the profile's 2048 tokens, which are the limit here.
    let setup = Setup::new(1, |utterance| {
        if is(utterance, "दूसरा") && utterance.text.chars().count() > 120 {
            Take::length(9)
        } else {
            Take::frames(9)
        }
    });
    let mut speech = setup.speak(&text).await.unwrap();
    let (samples, said, error) = hear(&mut speech).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(said, text, "all of it is said, in order");
    let failed = 1;
    assert_eq!(samples, (setup.asked().len() as u64 - failed) * 9 * FRAME_SAMPLES, "{:?}", setup.asked());
    let redone = setup.engine.pieces_redone();
    assert_eq!((redone.length, redone.runaway, speech.report().redone), (1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_runaway_piece_ahead_is_retried_with_another_seed() {
    let short = "यह चौथा वाक्य है, और वह बहुत छोटा है, जैसा कि सब देखते हैं।";
    let text = format!("{} {short}", sentences(1));
    // The engine ignores max_tokens: the ceiling is enforced here.
    let setup = Setup::new(1, move |utterance| {
        let runs_away = utterance.text == short && utterance.seed == Some(5);
        Take::frames(if runs_away { 100_000 } else { 9 })
    });
    let mut speech = setup.speak(&text).await.unwrap();
    let (samples, said, error) = hear(&mut speech).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!((said, samples), (text, 2 * 9 * FRAME_SAMPLES));
    assert_eq!(setup.engine.pieces_redone().runaway, 1);
    let seeds: Vec<u64> = setup.asked().into_iter().map(|(_, seed)| seed).collect();
    assert_eq!(seeds, [5, 5, 6]);
}

#[tokio::test(start_paused = true)]
async fn a_second_failure_is_reported_after_the_pieces_before_it() {
    let setup =
        Setup::new(2, |utterance| if is(utterance, "तीसरा") { Take::frames(0) } else { Take::frames(9) });
    let mut speech = setup.speak(&sentences(5)).await.unwrap();
    let (samples, said, error) = hear(&mut speech).await;
    assert!(matches!(error, Some(SpeakError::NoAudio)), "{error:?}");
    assert_eq!((said, samples), (sentences(2), 2 * 9 * FRAME_SAMPLES));
    assert_eq!(setup.engine.pieces_redone().silent, 1);
}

#[tokio::test(start_paused = true)]
async fn max_tokens_below_a_frame_is_an_error_of_the_caller() {
    let setup = Setup::new(1, |_| Take::length(0));
    let request = SpeechRequest {
        text: "नमस्ते".to_owned(),
        voice: "hi_female".to_owned(),
        sampling: SamplingOverrides { max_tokens: Some(8), ..SamplingOverrides::default() },
        ..SpeechRequest::default()
    };
    let error = setup.engine.speak(request).await.err().unwrap();
    assert!(matches!(error, SpeakError::Invalid { field: "max_tokens", .. }), "{error:?}");
    assert_eq!(setup.source.asked.lock().unwrap().len(), 1, "a second try would end there too");
}

#[tokio::test(start_paused = true)]
async fn a_piece_ahead_that_the_engine_fails_is_retried() {
    let broken = || Err(SourceError::BrokeOff { reason: "gone".into() });
    let tries = AtomicUsize::new(0);
    let setup = Setup::new(1, move |utterance| {
        let fails = is(utterance, "दूसरा") && tries.fetch_add(1, Ordering::SeqCst) == 0;
        if fails { Take { end: broken(), ..Take::frames(5) } } else { Take::frames(9) }
    });
    let mut speech = setup.speak(&sentences(3)).await.unwrap();
    let (samples, said, error) = hear(&mut speech).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!((said, samples), (sentences(3), 3 * 9 * FRAME_SAMPLES));
    assert_eq!(setup.engine.pieces_redone().engine, 1);
}

#[tokio::test(start_paused = true)]
async fn only_what_was_not_heard_is_retried() {
    let setup = || {
        Setup::new(1, |utterance| {
            let bad = is(utterance, "पहला") && utterance.text.chars().count() > 120;
            if bad { Take::length(30) } else { Take::frames(9) }
        })
    };
    let (streamed, whole) = (setup(), setup());
    let mut speech = streamed.speak(&sentences(2)).await.unwrap();
    let (samples, _, error) = hear(&mut speech).await;
    assert!(matches!(error, Some(SpeakError::CutOff { .. })), "{error:?}");
    assert!(samples > 0);

    let mut speech = whole.speak(&sentences(2)).await.unwrap();
    speech.hold_back();
    let (samples, said, error) = hear(&mut speech).await;
    assert!(error.is_none(), "{error:?}");
    let failed = 1;
    let expected = (whole.asked().len() as u64 - failed) * 9 * FRAME_SAMPLES;
    assert_eq!((said, samples), (sentences(2), expected));
}

#[tokio::test(start_paused = true)]
async fn holding_back_changes_neither_times_nor_samples() {
    let mut heard = Vec::new();
    for hold_back in [false, true, false] {
        let setup = Setup::new(1, |utterance| {
            if is(utterance, "तीसरा") && utterance.seed == Some(5) {
                Take::frames(0)
            } else {
                at_pace(utterance)
            }
        });
        let mut speech = setup.speak(&sentences(4)).await.unwrap();
        if hold_back {
            speech.hold_back();
        }
        let (mut samples, mut timings) = (0, Vec::new());
        while let Some(chunk) = speech.next().await {
            samples += chunk.unwrap().len() as u64;
            timings.extend(speech.take_timings());
        }
        timings.extend(speech.take_timings());
        assert_eq!(timings.last().unwrap().end_samples, samples);
        assert!(timings.windows(2).all(|pair| pair[0].end_samples == pair[1].start_samples));
        heard.push((samples, timings, setup.asked()));
    }
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0], heard[2]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_ends_the_speech() {
    let setup = Setup::new(1, at_pace);
    let mut speech = setup.speak(&sentences(2)).await.unwrap();
    speech.next().await.unwrap().unwrap();
    assert!(speech.next().now_or_never().is_none(), "the next frame isn't there yet");
    advance(Duration::from_mins(1)).await;
    assert!(speech.next().await.unwrap().is_err());
    assert!(speech.next().await.is_none());
}
