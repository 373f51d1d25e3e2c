//! How many streams a decoder carries, and who goes first where there are more.

use std::time::{Duration, Instant};

use svara_snac::{Decoder, Due};

use crate::support::{decode, frames};

const FRAME: Duration = Duration::from_millis(20);

#[tokio::test]
async fn a_start_measures_what_it_carries() {
    let decoder = Decoder::paced(8, 2, FRAME).unwrap();
    // 2 threads / (1.1 · 11.71875 frames a second · 20 ms), and less where the machine wakes threads late.
    let streams = decoder.real_time_streams().unwrap();
    assert!((4.0..=7.8).contains(&streams), "{streams}");
    assert!(decoder.notice().is_some() && decoder.backend().is_none());
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
    let background = (0..8).map(|_| {
        let mut stream = decoder.open(0).unwrap();
        stream.needed(Due::Whenever);
        tokio::spawn(async move {
            for frame in frames(1, 40) {
                stream.push(&[frame]).await.unwrap();
            }
        })
    });
    let background: Vec<_> = background.collect();
    let mut live = decoder.open(0).unwrap();
    let begun = Instant::now();
    for frame in frames(2, 10) {
        live.needed(Due::At(Instant::now() + Duration::from_millis(300)));
        live.push(&[frame]).await.unwrap();
    }
    // In turn with eight others, it would have taken 9 · 10 · 20 ms.
    assert!(begun.elapsed() < FRAME * 45, "{:?}", begun.elapsed());
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
