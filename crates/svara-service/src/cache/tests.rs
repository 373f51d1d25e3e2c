use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use svara_audio::{EncoderSpec, Format};
use svara_engine::{Sampling, SpeechRequest};
use tokio::sync::{mpsc, watch};

use super::*;
use crate::store::{
    StoredValue,
    faulty::{Act, End, Faulty},
};

const ENTRY_BYTES: usize = 100;

fn cache(change: impl FnOnce(&mut CacheConfig), store: Option<Store>) -> Arc<Cache> {
    let mut config =
        CacheConfig { memory_bytes: 1_000_000, entry_bytes: ENTRY_BYTES, ..CacheConfig::default() };
    change(&mut config);
    Arc::new(Cache::new(&config, store, CacheMetrics::default()))
}

fn key(text: &str) -> Key {
    let request = SpeechRequest { text: text.to_owned(), ..SpeechRequest::default() };
    let sampling =
        Sampling { temperature: 0.75, top_p: 0.9, top_k: 40, repetition_penalty: 1.1, max_tokens: 2048 };
    let spec = EncoderSpec::new(Format::Pcm).unwrap();
    Key::of(&Shaped { setup: "", request: &request, voice_id: "v", sampling, spec, streamed: true })
}

/// Generations that follow a test's script and are counted.
struct Studio {
    started: AtomicUsize,
    ended: watch::Sender<usize>,
}

/// Counts the end of a generation, however it ends.
struct Ended(Arc<Studio>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.ended.send_modify(|ended| *ended += 1);
    }
}

type Script = mpsc::Receiver<Result<&'static [u8], ServiceError>>;

impl Studio {
    fn new() -> Arc<Self> {
        Arc::new(Self { started: AtomicUsize::new(0), ended: watch::Sender::new(0) })
    }

    /// A generation that writes the parts of a script as they arrive, until its end.
    fn make(
        self: &Arc<Self>,
        mut script: Script,
    ) -> impl FnOnce(Sink) -> futures::future::BoxFuture<'static, Result<(), ServiceError>> + use<> {
        let studio = Arc::clone(self);
        move |sink| {
            Box::pin(async move {
                studio.started.fetch_add(1, Ordering::Relaxed);
                let _ended = Ended(studio);
                while let Some(step) = script.recv().await {
                    sink.push(Bytes::from_static(step?)).await;
                }
                Ok(())
            })
        }
    }

    /// A generation that writes all parts at once.
    fn says(
        self: &Arc<Self>,
        parts: &[&'static [u8]],
    ) -> impl FnOnce(Sink) -> futures::future::BoxFuture<'static, Result<(), ServiceError>> + use<> {
        let (tell, script) = mpsc::channel(64);
        parts.iter().for_each(|part| tell.try_send(Ok(*part)).unwrap());
        self.make(script)
    }

    fn started(&self) -> usize {
        self.started.load(Ordering::Relaxed)
    }

    async fn ended(&self, count: usize) {
        self.ended.subscribe().wait_for(|ended| *ended == count).await.unwrap();
    }
}

fn listener(found: Found) -> Listener {
    match found {
        Found::Joined(listener) | Found::Started(listener) => listener,
        Found::Entry(entry) => panic!("already cached: {entry:?}"),
    }
}

async fn all(listener: &mut Listener) -> Result<Vec<u8>, ServiceError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = listener.next().await {
        bytes.extend_from_slice(&chunk?);
    }
    Ok(bytes)
}

/// The bytes of all files in the store.
async fn stored_bytes(store: &Store) -> u64 {
    let mut bytes = 0;
    let see = |page: Vec<StoredValue>| {
        bytes += page.iter().map(|value| value.bytes).sum::<u64>();
        ControlFlow::Continue(())
    };
    store.each_page("cache", |_| true, see).await.unwrap();
    bytes
}

/// The flight is over when its key is free.
async fn landed(cache: &Cache, key: Key) {
    while cache.flights().contains_key(&key) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_cached_file_is_not_generated_again() {
    let (cache, studio) = (cache(|_| {}, None), Studio::new());
    let mut first = listener(cache.find(key("a"), studio.says(&[b"one ", b"two"])).await);
    assert_eq!(all(&mut first).await.unwrap(), b"one two");
    landed(&cache, key("a")).await;
    let Found::Entry(entry) = cache.find(key("a"), studio.says(&[b"other"])).await else {
        panic!("generated again")
    };
    assert_eq!(entry.body, "one two");
    let mut other = listener(cache.find(key("b"), studio.says(&[b"other"])).await);
    assert_eq!(all(&mut other).await.unwrap(), b"other");
    assert_eq!(studio.started(), 2);
    assert_eq!((cache.metrics.count(CacheResult::Hit), cache.metrics.count(CacheResult::Miss)), (1, 2));
}

#[tokio::test]
async fn a_request_joins_from_the_beginning() {
    let (cache, studio) = (cache(|_| {}, None), Studio::new());
    let (tell, script) = mpsc::channel(64);
    let mut leader = listener(cache.find(key("a"), studio.make(script)).await);
    tell.try_send(Ok(b"one ")).unwrap();
    assert_eq!(leader.next().await.unwrap().unwrap(), "one ");
    let found = cache.find(key("a"), studio.says(&[b"never"])).await;
    assert!(matches!(found, Found::Joined(_)));
    let mut follower = listener(found);
    assert_eq!(follower.next().await.unwrap().unwrap(), "one ", "while it is half made");
    // The first request leaves; the other doesn't notice.
    drop(leader);
    tell.try_send(Ok(b"two")).unwrap();
    drop(tell);
    assert_eq!(all(&mut follower).await.unwrap(), b"two");
    assert_eq!((studio.started(), cache.metrics.count(CacheResult::Join)), (1, 1));
}

#[tokio::test]
async fn a_generation_ends_with_its_last_listener() {
    let (cache, studio) = (cache(|_| {}, None), Studio::new());
    let (_tell, script) = mpsc::channel(64);
    let leader = listener(cache.find(key("a"), studio.make(script)).await);
    let mut followers = Vec::new();
    for _ in 0..10 {
        followers.push(listener(cache.find(key("a"), studio.says(&[])).await));
    }
    tokio::task::yield_now().await;
    drop(leader);
    followers.truncate(1);
    tokio::task::yield_now().await;
    assert_eq!(*studio.ended.borrow(), 0);
    followers.clear();
    studio.ended(1).await;
    // The next request starts its own generation.
    let mut next = listener(cache.find(key("a"), studio.says(&[b"anew"])).await);
    assert_eq!(all(&mut next).await.unwrap(), b"anew");
    landed(&cache, key("a")).await;
    assert!(cache.flights().is_empty());
}

#[tokio::test]
async fn a_failure_reaches_all_and_is_not_cached() {
    let (cache, studio) = (cache(|_| {}, None), Studio::new());
    let (tell, script) = mpsc::channel(64);
    let mut leader = listener(cache.find(key("a"), studio.make(script)).await);
    let mut follower = listener(cache.find(key("a"), studio.says(&[])).await);
    tell.try_send(Ok(b"one ")).unwrap();
    tell.try_send(Err(ServiceError::internal("broke"))).unwrap();
    for listener in [&mut leader, &mut follower] {
        assert_eq!(all(listener).await.unwrap_err().reason(), "broke");
    }
    landed(&cache, key("a")).await;
    let mut next = listener(cache.find(key("a"), studio.says(&[b"well"])).await);
    assert_eq!(all(&mut next).await.unwrap(), b"well");
}

#[tokio::test]
async fn a_panic_leaves_no_listener_waiting() {
    let cache = cache(|_| {}, None);
    let mut heard = listener(cache.find(key("a"), |_| std::future::poll_fn(|_| panic!("a bug"))).await);
    assert!(heard.next().await.unwrap().is_err());
    landed(&cache, key("a")).await;
}

#[tokio::test]
async fn a_large_file_is_streamed_and_not_cached() {
    let (cache, studio) = (cache(|_| {}, None), Studio::new());
    const PART: &[u8] = &[7; 60];
    let mut first = listener(cache.find(key("a"), studio.says(&[PART; 50])).await);
    // The writer runs ahead up to the bound.
    first.next().await.unwrap().unwrap();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(*studio.ended.borrow(), 0, "the writer waits");
    let second = cache.find(key("a"), studio.says(&[b"own"])).await;
    assert!(matches!(second, Found::Started(_)), "its beginning is gone");
    assert_eq!(all(&mut first).await.unwrap().len(), 49 * 60);
    assert_eq!(all(&mut listener(second)).await.unwrap(), b"own");
}

#[tokio::test]
async fn the_store_outlives_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let open =
        || Store::open(&directory.path().display().to_string(), ENTRY_BYTES + ENTRY_OVERHEAD_BYTES).unwrap();
    let studio = Studio::new();
    let of_a_process = || cache(|config| config.memory_bytes = 0, Some(open()));
    let before = of_a_process();
    all(&mut listener(before.find(key("a"), studio.says(&[b"kept"])).await)).await.unwrap();
    landed(&before, key("a")).await;
    let after = of_a_process();
    let mut stored = listener(after.find(key("a"), studio.says(&[b"never"])).await);
    assert_eq!(all(&mut stored).await.unwrap(), b"kept");
    assert!(stored.head().stored);
    assert_eq!(
        (studio.started(), after.metrics.count(CacheResult::Hit), after.metrics.count(CacheResult::Miss)),
        (1, 1, 0)
    );
    landed(&after, key("a")).await;
    // A damaged file is generated again and replaced.
    let file = directory.path().join(format!("cache/{}", key("a")));
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let mut anew = listener(after.find(key("a"), studio.says(&[b"anew"])).await);
    assert_eq!(all(&mut anew).await.unwrap(), b"anew");
    landed(&after, key("a")).await;
    let mut stored = listener(of_a_process().find(key("a"), studio.says(&[b"never"])).await);
    assert_eq!(all(&mut stored).await.unwrap(), b"anew");
}

#[tokio::test]
async fn the_store_respects_bound_and_age() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().display().to_string(), 1000).unwrap();
    let studio = Studio::new();
    let small = cache(
        |config| {
            config.memory_bytes = 0;
            config.store_bytes = 500;
        },
        Some(store.clone()),
    );
    for n in 0..20 {
        let key = key(&n.to_string());
        all(&mut listener(small.find(key, studio.says(&[&[1; 90]])).await)).await.unwrap();
        landed(&small, key).await;
    }
    let bytes = stored_bytes(&store).await;
    assert!((1..=500).contains(&bytes), "{bytes}");
    let short = cache(|config| config.ttl_seconds = 0.0.try_into().unwrap(), Some(store));
    all(&mut listener(short.find(key("19"), studio.says(&[b"anew"])).await)).await.unwrap();
    assert_eq!(studio.started(), 21, "none is young enough");
}

/// One file that can't be deleted keeps no other, and what failed is done again.
#[tokio::test]
async fn room_is_made_beside_what_can_not_be_deleted() {
    let objects = Faulty::new();
    let store = objects.store(1000);
    let studio = Studio::new();
    let small = cache(
        |config| {
            config.memory_bytes = 0;
            config.store_bytes = 500;
        },
        Some(store.clone()),
    );
    let first = AtomicBool::new(true);
    objects.set(move |act, _| match act {
        Act::List => {
            first.store(true, Ordering::Relaxed);
            End::Well
        }
        // Of each sweep, the first one.
        Act::Delete if first.swap(false, Ordering::Relaxed) => End::Badly,
        _ => End::Well,
    });
    let keep = async |n: usize| {
        let key = key(&n.to_string());
        all(&mut listener(small.find(key, studio.says(&[&[1; 90]])).await)).await.unwrap();
        landed(&small, key).await;
    };
    for n in 0..20 {
        keep(n).await;
    }
    let bytes = stored_bytes(&store).await;
    assert!(bytes <= 500 + 300, "{bytes}: one file is too much");
    objects.set(|_, _| End::Well);
    keep(20).await;
    let bytes = stored_bytes(&store).await;
    assert!(bytes <= 500, "{bytes}");
}

/// What a hit of the store puts into memory shows, and what has expired doesn't.
#[tokio::test]
async fn the_gauges_show_what_is_in_memory_now() {
    let directory = tempfile::tempdir().unwrap();
    let open =
        || Store::open(&directory.path().display().to_string(), ENTRY_BYTES + ENTRY_OVERHEAD_BYTES).unwrap();
    let studio = Studio::new();
    let of_a_process = || cache(|_| {}, Some(open()));
    let before = of_a_process();
    all(&mut listener(before.find(key("a"), studio.says(&[b"kept"])).await)).await.unwrap();
    landed(&before, key("a")).await;
    let after = of_a_process();
    all(&mut listener(after.find(key("a"), studio.says(&[b"never"])).await)).await.unwrap();
    landed(&after, key("a")).await;
    assert_eq!(after.in_memory(), (1, 4 + ENTRY_OVERHEAD_BYTES as u64));
    after.memory.invalidate(&key("a")).await;
    assert_eq!(after.in_memory(), (0, 0));
}
