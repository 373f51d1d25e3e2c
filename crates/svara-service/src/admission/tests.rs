use super::*;
use crate::ErrorKind;

const PATIENCE: Duration = Duration::from_secs(5);

fn limits(streams: usize, queue: usize) -> QueueLimits {
    QueueLimits { streams, measured: true, queue, queue_per_key: queue, patience: PATIENCE }
}

fn admission(streams: usize, queue: usize) -> Arc<Admission> {
    Arc::new(Admission::new(&limits(streams, queue), 100, || None))
}

async fn admit(admission: &Arc<Admission>) -> Result<Permit, ServiceError> {
    admission.admit(&Caller::Anybody, 100, Class::Live).await
}

#[tokio::test(start_paused = true)]
async fn full_queue_and_long_wait_are_refused() {
    let admission = admission(1, 1);
    let first = admit(&admission).await.unwrap();
    let start = Instant::now();
    let waiting = async {
        let error = admit(&admission).await.unwrap_err();
        (error.kind, start.elapsed())
    };
    let late = async {
        tokio::task::yield_now().await;
        assert_eq!(admission.waiting(), 1);
        let error = admit(&admission).await.unwrap_err();
        (error.retry_after, start.elapsed())
    };
    let (waited, refused) = tokio::join!(waiting, late);
    assert_eq!(waited, (ErrorKind::ServerFull, PATIENCE));
    // The first takes 8 s, and then it is the other's turn for as long.
    assert_eq!(refused, (Some(Duration::from_secs(16)), Duration::ZERO));
    assert_eq!(admission.refused(), [("queue_full", 1), ("waited_in_vain", 1)]);
    assert_eq!(admission.waiting(), 0);
    drop(first);
    admit(&admission).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn queue_is_served_in_order() {
    let admission = admission(1, 2);
    let first = admit(&admission).await.unwrap();
    let order = Mutex::new(Vec::new());
    let wait = async |name: &'static str| {
        let permit = admit(&admission).await.unwrap();
        order.lock().unwrap().push(name);
        drop(permit);
    };
    // A request that leaves frees its place.
    tokio::select! {
        biased;
        () = wait("gone") => {}
        () = tokio::task::yield_now() => {}
    }
    let open = async {
        tokio::task::yield_now().await;
        drop(first);
    };
    tokio::join!(wait("a"), wait("b"), open);
    assert_eq!(*order.lock().unwrap(), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_get_in_when_the_decoder_becomes_faster() {
    let carries = Arc::new(AtomicU64::new(1));
    let now = Arc::clone(&carries);
    let carries_now = move || Some(now.load(Ordering::Relaxed) as f64);
    let admission = Arc::new(Admission::new(&limits(0, 1), 100, carries_now));
    let first = admit(&admission).await.unwrap();
    assert!(admission.load().full && !admission.load().refuses);
    let faster = async {
        tokio::task::yield_now().await;
        assert!(admission.load().refuses);
        // With the margin, that is two.
        carries.store(3, Ordering::Relaxed);
    };
    let (second, ()) = tokio::join!(admit(&admission), faster);
    let load = admission.load();
    assert_eq!((second.is_ok(), load.streams, load.running.live, load.used()), (true, 2, 2, 1.0));
    drop((first, second));
    assert_eq!(admission.load().running, Running::default());
}

#[tokio::test(start_paused = true)]
async fn a_job_waits_for_as_long_as_it_takes() {
    let admission = admission(1, 0);
    let first = admit(&admission).await.unwrap();
    let job = admission.admit(&Caller::Anybody, 100, Class::Job);
    let later = async {
        tokio::time::sleep(PATIENCE * 100).await;
        drop(first);
    };
    let (job, ()) = tokio::join!(job, later);
    assert_eq!(job.unwrap().waited().as_secs(), 500);
}

#[test]
fn the_decoder_caps_the_streams() {
    for (streams, decoder, measured, expected) in
        [(0, 64, false, 64), (8, 64, false, 8), (100, 64, false, 64), (0, 64, true, 8), (5, 64, true, 5)]
    {
        let limits = QueueLimits { measured, ..limits(streams, 0) };
        assert_eq!(Admission::new(&limits, decoder, || Some(10.0)).load().streams, expected);
    }
}

/// During an outage, speeches end at once: that says nothing of how long speech takes.
#[tokio::test(start_paused = true)]
async fn only_speech_that_was_spoken_teaches_the_wait() {
    let admission = admission(1, 0);
    let announced = async || {
        let first = admit(&admission).await.unwrap();
        let wait = admit(&admission).await.unwrap_err().retry_after;
        (first, wait)
    };
    let eight = Some(Duration::from_secs(8));
    for _ in 0..200 {
        let (mut failed, wait) = announced().await;
        assert_eq!(wait, eight);
        // One that begins, and whose client leaves or whose engine fails.
        failed.spoken();
        drop(failed);
    }
    for _ in 0..200 {
        let (mut permit, _) = announced().await;
        tokio::time::advance(Duration::from_millis(2500)).await;
        permit.complete();
        drop(permit);
    }
    let (_first, wait) = announced().await;
    assert!(wait.is_some_and(|wait| wait < Duration::from_secs(3)), "{wait:?}");
}
