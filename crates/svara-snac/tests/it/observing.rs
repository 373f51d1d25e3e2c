use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use svara_snac::{DecodeCall, DecodeObserver, Decoder, DecoderSettings, Due, onnx::Runtime};
use svara_testkit::models;

use crate::support::{decode, decoder, frames, search, settings};

#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<DecodeCall>>>);

impl DecodeObserver for Calls {
    fn decoded(&self, call: DecodeCall) {
        self.0.lock().unwrap().push(call);
    }
}

#[tokio::test]
async fn each_call_is_reported_and_there_is_one_observer() {
    let decoder = decoder(models::snac_small("decoder_stream.onnx"));
    let calls = Calls::default();
    assert!(decoder.observe(Box::new(calls.clone())).is_ok());
    assert!(decoder.observe(Box::new(calls.clone())).is_err());
    decode(&decoder, 1, &frames(1, 8), 2).await.unwrap();
    let seen = calls.0.lock().unwrap().clone();
    assert_eq!(seen.len(), 8);
    assert!(seen.iter().all(|call| call.streams == 1 && !call.took.is_zero()), "{seen:?}");
    assert!(seen[..3].iter().all(|call| call.frames == 2), "{seen:?}");
    assert!(
        seen[3..].iter().all(|call| call.frames == 1),
        "the end is flushed out, a frame at a time: {seen:?}"
    );
    assert_eq!(decoder.waiting_calls(), 0);
}

/// The most streams in a call while twelve listeners, each of whose audio runs out at `due`, hear speech from one thread.
async fn most_streams_in_a_call(due: Due) -> usize {
    let settings = DecoderSettings { threads: 1, ..settings(models::snac_small("decoder_stream.onnx")) };
    let decoder = Decoder::load(&Runtime::load(&search()).unwrap(), &settings).unwrap();
    let calls = Calls::default();
    assert!(decoder.observe(Box::new(calls.clone())).is_ok());
    let streams = (0..12).map(|seed| {
        let mut stream = decoder.open(seed).unwrap();
        async move {
            stream.needed(due);
            for frame in frames(seed, 20) {
                stream.push(&[frame]).await.unwrap();
            }
        }
    });
    futures::future::join_all(streams).await;
    let calls = calls.0.lock().unwrap();
    calls.iter().map(|call| call.streams).max().unwrap()
}

#[tokio::test]
async fn in_native_code_calls_are_shared_as_far_as_the_listeners_audio_lasts() {
    let now = Instant::now();
    assert_eq!(most_streams_in_a_call(Due::At(now + Duration::from_secs(600))).await, 4);
    assert_eq!(most_streams_in_a_call(Due::At(now)).await, 2);
    assert_eq!(most_streams_in_a_call(Due::FirstAudio).await, 1);
}
