//! What is held against an engine, and what isn't.

use super::*;

/// The engine that is asked first for the voice of these tests, of two.
async fn preferred() -> usize {
    let engines = [Puppet::new(speech()), Puppet::new(speech())];
    listen(&pool(&[&engines[0], &engines[1]])).await.unwrap();
    usize::from(!engines[1].asked().is_empty())
}

/// Hears a speech to its end or failure.
async fn hear(pool: &EnginePool, utterance: &Utterance) -> bool {
    let mut tokens = pool.open(utterance.clone()).await.unwrap();
    loop {
        match tokens.next().await.unwrap() {
            Ok(TokenEvent::Tokens(_)) => {}
            Ok(TokenEvent::End(_)) => return true,
            Err(_) => return false,
        }
    }
}

/// Whatever the engines did for other words meanwhile.
#[tokio::test]
async fn words_that_an_engine_failed_go_to_another_one() {
    let first = preferred().await;
    let broken = Answer::Items(vec![Ok(frame()), Err(SourceError::just_stopped())]);
    let engines = [Puppet::new(broken.clone()), Puppet::new(broken)];
    let pool = pool(&[&engines[0], &engines[1]]);
    let judge = |engine: usize, verdict| pool.shared.judge(engine, verdict);
    judge(1 - first, Verdict::Failure);
    judge(1 - first, Verdict::Failure);
    let utterance = utterance_of("v");
    assert!(!hear(&pool, &utterance).await);
    judge(first, Verdict::Success);
    engines.iter().for_each(|engine| engine.set(speech()));
    let asked = |engine: usize| engines[engine].asked().len();
    assert_eq!((asked(first), asked(1 - first)), (1, 0));
    assert!(hear(&pool, &utterance).await);
    assert_eq!((asked(first), asked(1 - first)), (1, 1));
    assert!(hear(&pool, &utterance_of("v")).await);
    assert_eq!((asked(first), asked(1 - first)), (2, 1), "other words go where they always go");
    judge(1 - first, Verdict::Gone);
    assert!(hear(&pool, &utterance).await);
    assert_eq!((asked(first), asked(1 - first)), (3, 1), "one that is ejected is no other one");
}

/// Without a prompt, no engine is asked, and none is to blame.
#[tokio::test]
async fn a_prompt_that_cannot_be_made_is_no_engines_fault() {
    let none = || Answer::Refuse(SourceError::NoPrompt { reason: "codes".into() });
    let engines = [Puppet::new(none()), Puppet::new(none())];
    let pool = pool(&[&engines[0], &engines[1]]);
    assert_eq!(fail_of(&pool, 0..6).await, [true; 6]);
    assert_eq!(engines.iter().map(|engine| engine.asked().len()).sum::<usize>(), 6);
    for engine in pool.engines() {
        assert_eq!((engine.state, engine.failed_texts, engine.last_failure), ("serving", 0, None));
    }
}

/// A trial is the only speech that comes while health says no.
#[tokio::test(start_paused = true)]
async fn a_trial_that_speaks_lifts_a_refusal() {
    let engine = Puppet::new(Answer::Refuse(rejected(404, None)));
    let pool = pool(&[&engine]);
    assert_eq!(fail_of(&pool, 0..5).await, [true; 5]);
    assert!(matches!(pool.health().await, Err(SourceError::Rejected { status: 404, .. })));
    engine.set(speech());
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(pool.health().await.is_ok());
    assert_eq!(pool.engines()[0].last_failure, None);
}

/// Audio that is there when the engine is ejected is heard.
#[tokio::test]
async fn an_ejection_throws_no_audio_away() {
    let first = preferred().await;
    // By chance, half of them would be thrown away.
    for _ in 0..32 {
        let permits = Arc::new(Semaphore::new(0));
        let answer =
            Answer::Once(Arc::clone(&permits), vec![Ok(frame()), Ok(TokenEvent::End(FinishReason::Stop))]);
        let engines = [Puppet::new(answer.clone()), Puppet::new(answer)];
        let pool = pool(&[&engines[0], &engines[1]]);
        let mut opening = pool.open(utterance_of("v"));
        assert!(futures::poll!(&mut opening).is_pending());
        permits.add_permits(1);
        pool.shared.judge(first, Verdict::Gone);
        assert!(futures::poll!(&mut opening).is_ready());
        assert!(engines[1 - first].asked().is_empty());
    }
}

/// Nothing runs on an engine that has ended without audio, however long the other one takes.
#[tokio::test]
async fn a_silent_engine_has_nothing_in_flight() {
    let first = preferred().await;
    let mut engines = [Puppet::new(silence()), Puppet::new(silence())];
    engines[first] = Puppet::new(Answer::Items(vec![Ok(TokenEvent::End(FinishReason::Stop))]));
    let pool = pool(&[&engines[0], &engines[1]]);
    let mut opening = pool.open(utterance_of("v"));
    assert!(futures::poll!(&mut opening).is_pending());
    assert_eq!(engines[1 - first].asked(), ["id-retry"]);
    assert_eq!((in_flight(&pool)[first], in_flight(&pool)[1 - first]), (0, 1));
}

/// Of a lone engine, too, which nobody may ask for its health.
#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_is_told() {
    let engine = Puppet::new(speech());
    *lock(&engine.health) = Err(gone());
    let pool = pool(&[&engine]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(pool.engines()[0].last_failure.as_deref().unwrap().contains("refused"));
}

/// Notes when first tokens are told.
struct FirstTokens(Arc<AtomicUsize>);

impl EngineObserver for FirstTokens {
    fn first_tokens(&self, _: &str, _: Duration) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn finished(&self, _: &str, _: u64) {}
    fn failed(&self, _: &str, _: &'static str) {}
    fn generated(&self, _: &str, _: &str, _: &[Flaw]) {}
    fn retried(&self, _: &str) {}
    fn ejected(&self, _: &str) {}
}

#[tokio::test]
async fn an_end_without_tokens_is_no_first_token() {
    let engine = Puppet::new(Answer::Items(vec![Ok(TokenEvent::End(FinishReason::Stop))]));
    let pool = pool(&[&engine]);
    let count = Arc::new(AtomicUsize::new(0));
    assert!(pool.observe(Box::new(FirstTokens(Arc::clone(&count)))).is_ok());
    assert!(listen(&pool).await.is_err());
    assert_eq!(count.load(Ordering::Relaxed), 0);
    engine.set(speech());
    listen(&pool).await.unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 1);
}
