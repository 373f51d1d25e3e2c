mod judged;

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{StreamExt, stream};
use smallvec::smallvec;
use tokio::sync::Semaphore;

use super::*;
use crate::source::{FinishReason, TokenEvent, utterance_of};

const RULE: EjectionRule =
    EjectionRule { after_failures: 3, first: Duration::from_secs(1), longest: Duration::from_secs(60) };

/// An engine with scripted answers.
struct Puppet {
    answers: Mutex<Answer>,
    asked: Mutex<Vec<Utterance>>,
    health: Mutex<Result<(), SourceError>>,
    probes: AtomicUsize,
}

#[derive(Clone)]
enum Answer {
    /// Sends these items, then stays silent.
    Items(Vec<Result<TokenEvent, SourceError>>),
    /// Sends them once there is a permit.
    Once(Arc<Semaphore>, Vec<Result<TokenEvent, SourceError>>),
    Refuse(SourceError),
}

impl Puppet {
    fn new(answer: Answer) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answer),
            asked: Mutex::default(),
            health: Mutex::new(Ok(())),
            probes: AtomicUsize::new(0),
        })
    }

    fn asked(&self) -> Vec<String> {
        lock(&self.asked).iter().map(|utterance| utterance.request_id.clone()).collect()
    }

    fn set(&self, answer: Answer) {
        *lock(&self.answers) = answer;
    }
}

impl TokenSource for Puppet {
    fn open(&self, utterance: Utterance) -> BoxFuture<'_, Result<TokenStream, SourceError>> {
        lock(&self.asked).push(utterance);
        let answer = lock(&self.answers).clone();
        async move {
            match answer {
                Answer::Items(items) => Ok(stream::iter(items).chain(stream::pending()).boxed()),
                Answer::Once(permits, items) => {
                    permits.acquire().await.unwrap().forget();
                    Ok(stream::iter(items).chain(stream::pending()).boxed())
                }
                Answer::Refuse(error) => Err(error),
            }
        }
        .boxed()
    }

    fn cloning(&self) -> Result<(), CloningUnavailable> {
        Ok(())
    }

    fn health(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        self.probes.fetch_add(1, Ordering::Relaxed);
        let health = lock(&self.health).clone();
        async move { health }.boxed()
    }

    fn about(&self) -> SourceInfo {
        SourceInfo { kind: "puppet", model: "m".into(), url: Some("http://x".into()), notice: None }
    }
}

/// The tokens of a frame.
fn frame() -> TokenEvent {
    TokenEvent::Tokens((0..7).filter_map(|slot| TokenLayout::default().token(slot, 1)).collect())
}

fn speech() -> Answer {
    Answer::Items(vec![Ok(frame()), Ok(TokenEvent::End(FinishReason::Stop))])
}

fn silence() -> Answer {
    Answer::Items(Vec::new())
}

fn gone() -> SourceError {
    SourceError::Unreachable { reason: "refused".into(), is_gone: true }
}

fn rejected(status: u16, field: Option<&'static str>) -> SourceError {
    SourceError::Rejected { status, message: "no".into(), field, retry_after: None }
}

fn pool(engines: &[&Arc<Puppet>]) -> EnginePool {
    let engines = engines.iter().enumerate();
    let engines = engines.map(|(n, puppet)| (format!("e{n}"), Arc::clone(puppet) as Arc<dyn TokenSource>));
    let Utterance { voice, sampling, .. } = utterance_of("v");
    let trial = Trial { voice, sampling };
    EnginePool::new(engines.collect(), RULE, TokenLayout::default(), &trial).unwrap()
}

/// Collects all items of a speech that ends.
async fn listen(pool: &EnginePool) -> Result<Vec<Result<TokenEvent, SourceError>>, SourceError> {
    let mut tokens = pool.open(utterance_of("v")).await?;
    let mut items = Vec::new();
    while !matches!(items.last(), Some(Ok(TokenEvent::End(_)) | Err(_))) {
        items.extend(tokens.next().await);
    }
    Ok(items)
}

fn in_flight(pool: &EnginePool) -> Vec<usize> {
    pool.engines().into_iter().map(|engine| engine.in_flight).collect()
}

#[tokio::test]
async fn a_failure_before_the_first_audio_is_retried_on_the_other_engine() {
    for failure in [
        Answer::Refuse(gone()),
        Answer::Refuse(rejected(500, None)),
        Answer::Refuse(rejected(503, None)),
        Answer::Refuse(rejected(404, None)),
        Answer::Refuse(SourceError::Timeout { after: Duration::ZERO, phase: "" }),
        Answer::Items(vec![Err(SourceError::just_stopped())]),
        Answer::Items(vec![Ok(TokenEvent::Tokens(smallvec![1])), Err(SourceError::just_stopped())]),
        Answer::Items(vec![Ok(TokenEvent::Tokens(smallvec![1])), Ok(TokenEvent::End(FinishReason::Stop))]),
    ] {
        let (bad, good) = (Puppet::new(failure), Puppet::new(speech()));
        // In both orders, so that one of them asks the bad engine first, whichever the voice prefers.
        for engines in [[&bad, &good], [&good, &bad]] {
            let pool = pool(&engines);
            assert_eq!(listen(&pool).await.unwrap().len(), 2);
            assert_eq!(in_flight(&pool), [0, 0]);
        }
        let mut asked = good.asked();
        asked.sort_unstable();
        assert_eq!(
            (bad.asked(), asked),
            (vec!["id".to_owned()], vec!["id".to_owned(), "id-retry".to_owned()])
        );
    }
}

#[tokio::test]
async fn there_is_one_retry_and_none_for_a_fault_of_the_caller() {
    let engines = [Puppet::new(Answer::Refuse(gone())), Puppet::new(Answer::Refuse(gone()))];
    assert!(listen(&pool(&[&engines[0], &engines[1]])).await.is_err());
    assert_eq!(engines.iter().map(|engine| engine.asked().len()).sum::<usize>(), 2);
    for engine in &engines {
        lock(&engine.asked).clear();
        engine.set(Answer::Refuse(rejected(400, Some("text"))));
    }
    assert!(listen(&pool(&[&engines[0], &engines[1]])).await.is_err());
    assert_eq!(engines.iter().map(|engine| engine.asked().len()).sum::<usize>(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lone_engine_is_retried_but_not_after_a_timeout() {
    for (failure, tries) in [
        (gone(), 2),
        (rejected(503, None), 2),
        (rejected(404, None), 1),
        (rejected(501, None), 1),
        (SourceError::Timeout { after: Duration::ZERO, phase: "" }, 1),
    ] {
        let engine = Puppet::new(Answer::Refuse(failure.clone()));
        assert!(listen(&pool(&[&engine])).await.is_err());
        assert_eq!(engine.asked().len(), tries, "{failure}");
    }
}

#[tokio::test]
async fn a_failure_after_the_first_audio_is_not_retried() {
    let broken = || Answer::Items(vec![Ok(frame()), Err(SourceError::just_stopped())]);
    let engines = [Puppet::new(broken()), Puppet::new(broken())];
    let pool = pool(&[&engines[0], &engines[1]]);
    assert!(listen(&pool).await.unwrap().last().unwrap().is_err());
    assert_eq!(engines.iter().map(|engine| engine.asked().len()).sum::<usize>(), 1);
    assert_eq!(in_flight(&pool), [0, 0]);
}

#[tokio::test]
async fn dropped_streams_and_requests_are_not_in_flight() {
    let engine = Puppet::new(Answer::Items(vec![Ok(frame())]));
    let pool = pool(&[&engine]);
    let tokens = pool.open(utterance_of("v")).await.unwrap();
    assert_eq!(in_flight(&pool), [1]);
    drop(tokens);
    assert_eq!(in_flight(&pool), [0]);
    engine.set(silence());
    {
        let mut opening = pool.open(utterance_of("v"));
        assert!(futures::poll!(&mut opening).is_pending());
        assert_eq!(in_flight(&pool), [1]);
    }
    assert_eq!(in_flight(&pool), [0]);
}

#[tokio::test]
async fn a_voice_stays_with_its_engine_while_loads_are_equal() {
    let engines = [Puppet::new(speech()), Puppet::new(speech())];
    let pool = pool(&[&engines[0], &engines[1]]);
    let speakers: Vec<Vec<usize>> = {
        let mut speakers = Vec::new();
        for voice in 0..20 {
            let before = engines.each_ref().map(|engine| engine.asked().len());
            for _ in 0..3 {
                drop(pool.open(utterance_of(&format!("v{voice}"))).await.unwrap());
            }
            speakers.push((0..2).map(|n| engines[n].asked().len() - before[n]).collect());
        }
        speakers
    };
    assert!(speakers.iter().all(|counts| counts.contains(&3)), "{speakers:?}");
    assert!(speakers.contains(&vec![3, 0]) && speakers.contains(&vec![0, 3]), "{speakers:?}");
}

/// A vLLM that shuts down neither answers nor closes its connections: a request that waits for its first token would
/// wait for the timeout. A probe finds that it no longer listens.
#[tokio::test(start_paused = true)]
async fn a_request_waiting_for_an_engine_that_goes_moves_to_the_other() {
    let engines = [Puppet::new(silence()), Puppet::new(silence())];
    let pool = pool(&[&engines[0], &engines[1]]);
    let mut opening = pool.open(utterance_of("v"));
    assert!(futures::poll!(&mut opening).is_pending());
    let hangs = usize::from(!engines[1].asked().is_empty());
    engines[1 - hangs].set(speech());
    *lock(&engines[hangs].health) = Err(gone());
    drop(opening.await.unwrap());
    assert_eq!(engines[1 - hangs].asked(), ["id-retry"]);
    assert_eq!(pool.engines()[hangs].state, "ejected");
    assert!(pool.engines()[hangs].last_failure.as_deref().unwrap().contains("refused"));
}

/// Health checks, however many, must not load the engines.
#[tokio::test]
async fn many_health_checks_are_one_probe() {
    let engine = Puppet::new(speech());
    let pool = pool(&[&engine]);
    let answers = futures::future::join_all((0..50).map(|_| pool.health())).await;
    assert!(answers.iter().all(Result::is_ok));
    // One more keeps the connection.
    assert!(engine.probes.load(Ordering::Relaxed) <= 2);
}

#[tokio::test]
async fn one_healthy_engine_is_enough() {
    let engines = [Puppet::new(speech()), Puppet::new(speech())];
    *lock(&engines[0].health) = Err(gone());
    assert!(pool(&[&engines[0], &engines[1]]).health().await.is_ok());
    *lock(&engines[1].health) = Err(rejected(503, None));
    let error = pool(&[&engines[0], &engines[1]]).health().await.unwrap_err().to_string();
    assert!(error.starts_with("no engine is healthy: e0: ") && error.contains("; e1: "), "{error}");
}

/// Asks for speech of each of these texts; says which failed.
async fn fail_of(pool: &EnginePool, texts: std::ops::Range<u64>) -> Vec<bool> {
    let mut failed = Vec::new();
    for said_in in texts {
        failed.push(match pool.open(Utterance { said_in, ..utterance_of("v") }).await {
            Err(_) => true,
            Ok(mut tokens) => loop {
                match tokens.next().await {
                    Some(Ok(TokenEvent::Tokens(_))) => {}
                    Some(Ok(TokenEvent::End(_))) => break false,
                    Some(Err(_)) | None => break true,
                }
            },
        });
    }
    failed
}

/// An engine that answers probes and fails every text isn't healthy, and is tried until it speaks; one that fails one text
/// is, however often that is asked for.
#[tokio::test(start_paused = true)]
async fn an_engine_that_fails_different_texts_is_unhealthy_until_it_speaks() {
    for failure in [
        Answer::Refuse(rejected(500, None)),
        Answer::Items(vec![Ok(TokenEvent::End(FinishReason::Stop))]),
        Answer::Items(vec![Ok(frame()), Err(SourceError::just_stopped())]),
    ] {
        let engine = Puppet::new(failure);
        let pool = pool(&[&engine]);
        for _ in 0..20 {
            assert_eq!(fail_of(&pool, 7..8).await, [true]);
        }
        assert!(pool.health().await.is_ok(), "one text");
        assert_eq!(fail_of(&pool, 0..3).await, [true; 3]);
        assert!(pool.health().await.is_ok());
        assert_eq!(fail_of(&pool, 3..4).await, [true]);
        assert!(matches!(pool.health().await, Err(SourceError::Failing { texts: 5, .. })));
        assert_eq!(pool.engines()[0].failed_texts, 5);
        // Its trials go on while nobody asks, and end with the first that is spoken.
        let asked = engine.asked().len();
        tokio::time::sleep(Duration::from_secs(22)).await;
        let trials = engine.asked().split_off(asked);
        assert!((4..=6).contains(&trials.len()) && trials.iter().all(|id| id == "trial"), "{trials:?}");
        assert!(pool.health().await.is_err());
        engine.set(speech());
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert!(pool.health().await.is_ok());
        let asked = engine.asked().len();
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(engine.asked().len(), asked, "an engine that speaks is not tried");
    }
}

/// A speech ends it, too; a refusal for a caller's fault, a full engine and a speech without room for audio say nothing.
#[tokio::test(start_paused = true)]
async fn what_says_nothing_about_the_engine_neither_fails_nor_heals_it() {
    let engine = Puppet::new(Answer::Refuse(rejected(400, Some("text"))));
    let pool = pool(&[&engine]);
    fail_of(&pool, 0..10).await;
    engine.set(Answer::Refuse(rejected(503, None)));
    fail_of(&pool, 0..10).await;
    assert_eq!(pool.engines()[0].failed_texts, 0);
    engine.set(Answer::Refuse(rejected(500, None)));
    fail_of(&pool, 0..4).await;
    let mut short = utterance_of("v");
    short.sampling.max_tokens = 7;
    engine.set(Answer::Items(vec![Ok(TokenEvent::End(FinishReason::Length))]));
    drop(pool.open(short).await.unwrap().next().await);
    assert_eq!(pool.engines()[0].failed_texts, 4);
    assert!(pool.engines()[0].last_failure.is_some(), "it is no success either");
    engine.set(speech());
    listen(&pool).await.unwrap();
    assert_eq!(pool.engines()[0].failed_texts, 0);
}

/// One of several engines that speaks is enough.
#[tokio::test(start_paused = true)]
async fn another_engine_that_speaks_is_enough() {
    let engines = [Puppet::new(Answer::Refuse(rejected(500, None))), Puppet::new(speech())];
    let pool = pool(&[&engines[0], &engines[1]]);
    fail_of(&pool, 0..40).await;
    assert!(pool.health().await.is_ok());
    engines[1].set(Answer::Refuse(rejected(500, None)));
    fail_of(&pool, 0..40).await;
    assert!(pool.health().await.is_err());
}
