use std::sync::{Arc, Mutex};

use svara_snac::{DecodeCall, DecodeObserver};
use svara_testkit::models;

use crate::support::{decode, decoder, frames};

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
