//! How many streams a decoder carries, and who goes first where there are more.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use svara_snac::{Decoder, Due};

use crate::support::{decode, frames};

const FRAME: Duration = Duration::from_millis(20);

#[tokio::test]
async fn a_start_measures_what_it_carries() {
    // 2 threads / (1.1 · 11.71875 frames a second · 20 ms), and less where the machine wakes threads late: the best of several.
    let carried = (0..5).map(|_| {
        let decoder = Decoder::paced(8, 2, FRAME).unwrap();
        assert!(decoder.notice().is_some() && decoder.backend().is_none());
        let streams = decoder.real_time_streams().unwrap();
        assert!(streams <= 7.8, "{streams}");
        streams
    });
    let carried: Vec<f64> = carried.collect();
    assert!(carried.iter().any(|streams| *streams >= 4.0), "{carried:?}");
    assert_eq!(Decoder::null(8).real_time_streams(), None, "silence costs nothing");
}

#[tokio::test]
async fn a_paced_decoder_returns_silence_of_the_right_length() {
    let decoder = Decoder::paced(1, 1, Duration::from_millis(1)).unwrap();
    let silence = decode(&decoder, 0, &frames(1, 5), 2).await.unwrap();
    assert_eq!(silence.len(), 5 * 2048);
    assert!(silence.iter().all(|sample| *sample == 0.0));
}

/// With one thread, eight streams that nobody listens to cost a listener at most the call in progress.
#[tokio::test]
async fn what_nobody_listens_to_gives_way() {
    let decoder = Decoder::paced(9, 1, FRAME).unwrap();
    let done = Arc::new(AtomicUsize::new(0));
    let background = (0..8).map(|_| {
        let mut stream = decoder.open(0).unwrap();
        stream.needed(Due::Whenever);
        let done = Arc::clone(&done);
        tokio::spawn(async move {
            for frame in frames(1, 40) {
                stream.push(&[frame]).await.unwrap();
                done.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    let background: Vec<_> = background.collect();
    let mut live = decoder.open(0).unwrap();
    let mut meanwhile = 0;
    for frame in frames(2, 10) {
        // What was done while this machine gave the test no turn isn't what a listener waits for.
        for _ in 0..32 {
            tokio::task::yield_now().await;
        }
        let before = done.load(Ordering::Relaxed);
        live.needed(Due::At(Instant::now() + Duration::from_millis(300)));
        live.push(&[frame]).await.unwrap();
        meanwhile += done.load(Ordering::Relaxed) - before;
    }
    // Each time the call in progress, and one more where the thread hears of it late. In turn with eight others, it would be 80.
    assert!(meanwhile <= 20, "{meanwhile} frames that nobody listens to went first");
    drop(live);
    for task in background {
        task.await.unwrap();
    }
}

/// Four listeners without audio on a thread that carries fewer: the eldest have all they need.
#[tokio::test]
async fn where_there_is_too_little_the_newest_wait() {
    let decoder = Decoder::paced(4, 1, FRAME).unwrap();
    let opened: Vec<_> = (0..4).map(|_| decoder.open(0).unwrap()).collect();
    let late = Instant::now();
    // The newest asks first.
    let streams = opened.into_iter().rev().map(async |mut stream| {
        stream.needed(Due::At(late));
        for frame in frames(1, 25) {
            stream.push(&[frame]).await.unwrap();
        }
        Instant::now()
    });
    let ended = futures::future::join_all(streams).await;
    let [newest, junior, elder, eldest] = ended.try_into().unwrap();
    assert!(elder.max(eldest) + FRAME * 20 < junior.min(newest), "they took turns");
}
