use std::{sync::Arc, time::Duration};

use svara_snac::{DecodeError, Decoder, DecoderKind, DecoderSettings, Frame, onnx::Runtime};
use svara_testkit::models;

use crate::support::{decode, decoder, frames, max_difference, search, settings};

/// Tolerance for exact decoding: the same sums rounded in another order.
const EXACT: f32 = 1e-4;

/// N frames in, N · 2048 samples out, equal to the plain decoder's one call over the whole utterance.
#[tokio::test]
async fn every_hop_equals_the_one_shot_decode() {
    for (name, stream, plain) in [
        ("noise", models::snac_small("decoder_stream.onnx"), models::snac_small("decoder_plain.onnx")),
        (
            "quiet",
            models::snac_small_quiet("decoder_stream.onnx"),
            models::snac_small_quiet("decoder_plain.onnx"),
        ),
    ] {
        let (stream, plain) = (decoder(stream), decoder(plain));
        for count in [1, 2, 3, 4, 23] {
            let frames = frames(count as u64, count);
            let one_shot = decode(&plain, 9, &frames, count).await.unwrap();
            assert_eq!(one_shot.len(), count * 2048);
            assert!(one_shot.iter().any(|sample| sample.abs() > 0.01), "the reference is silent");
            for decoder in [&stream, &plain] {
                for hop in [1, 2, 3, 7, 50] {
                    let samples = decode(decoder, 9, &frames, hop).await.unwrap();
                    let error = max_difference(&samples, &one_shot);
                    assert!(error < EXACT, "{name} {:?} hop {hop}: {error}", decoder.info().kind);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_plain_decoder_decodes_exactly_through_windows() {
    let decoder = decoder(models::demo_codec("decoder.onnx"));
    assert_eq!(decoder.info().kind, DecoderKind::Plain);
    let frames = frames(5, 20);
    let one_shot = decode(&decoder, 0, &frames, 20).await.unwrap();
    for hop in [1, 2, 7] {
        let samples = decode(&decoder, 0, &frames, hop).await.unwrap();
        assert!(max_difference(&samples, &one_shot) < EXACT);
    }
}

#[tokio::test]
async fn noise_follows_the_seed_and_can_be_turned_off() {
    let runtime = Runtime::load(&search()).unwrap();
    let noisy = settings(models::snac_small("decoder_stream.onnx"));
    let quiet = Decoder::load(&runtime, &DecoderSettings { noise: false, ..noisy.clone() }).unwrap();
    let noisy = Decoder::load(&runtime, &noisy).unwrap();
    let frames = frames(1, 6);
    let once = decode(&noisy, 1, &frames, 2).await.unwrap();
    assert_eq!(decode(&noisy, 1, &frames, 2).await.unwrap(), once);
    assert!(max_difference(&decode(&noisy, 2, &frames, 2).await.unwrap(), &once) > 0.01);
    let without = decode(&quiet, 1, &frames, 2).await.unwrap();
    assert!(max_difference(&without, &once) > 0.01);
    assert_eq!(decode(&quiet, 2, &frames, 2).await.unwrap(), without);
}

/// Streams that start at different times, with different hops, in shared calls.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_streams_do_not_mix() {
    let plain = decoder(models::snac_small("decoder_plain.onnx"));
    // With a wait, batches of every size up to the largest occur.
    for (max_batch, batch_wait) in [(1, 0), (8, 0), (8, 5), (3, 20)] {
        let batch_wait = Duration::from_millis(batch_wait);
        let settings =
            DecoderSettings { max_batch, batch_wait, ..settings(models::snac_small("decoder_stream.onnx")) };
        let decoder = Arc::new(Decoder::load(&Runtime::load(&search()).unwrap(), &settings).unwrap());
        let streams = (0..16u64).map(|seed| {
            let decoder = Arc::clone(&decoder);
            tokio::spawn(async move {
                let frames = frames(seed, 5 + seed as usize);
                decode(&decoder, seed, &frames, 1 + seed as usize % 3).await.unwrap()
            })
        });
        for (seed, stream) in streams.collect::<Vec<_>>().into_iter().enumerate() {
            let frames = frames(seed as u64, 5 + seed);
            let expected = decode(&plain, seed as u64, &frames, 50).await.unwrap();
            let error = max_difference(&stream.await.unwrap(), &expected);
            assert!(error < EXACT, "stream {seed}, max_batch {max_batch}: {error}");
        }
        assert_eq!(decoder.open_streams(), 0);
    }
}

/// A preview is the start of the audio if the stream ended there.
#[tokio::test]
async fn a_preview_leaves_the_stream_where_it_is() {
    for model in [models::snac_small("decoder_stream.onnx"), models::snac_small("decoder_plain.onnx")] {
        let decoder = decoder(model);
        let frames = frames(7, 6);
        let exact = decode(&decoder, 3, &frames, 1).await.unwrap();
        let ended = decode(&decoder, 3, &frames[..2], 2).await.unwrap();
        let mut stream = decoder.open(3).unwrap();
        assert!(stream.push(&frames[..1]).await.unwrap().is_empty());
        // The preview includes the frames already pushed, with a plain decoder as well.
        let preview = stream.preview(&frames[1..2], 2304).await.unwrap();
        assert!(max_difference(&preview, &ended[..2304]) < EXACT);
        assert_eq!(stream.preview(&frames[1..2], 9999).await.unwrap().len(), 4096);
        let mut samples = stream.push(&frames[1..5]).await.unwrap();
        assert!(!samples.is_empty());
        assert!(stream.preview(&frames[5..], 100).await.unwrap().is_empty(), "too late for that");
        samples.extend(stream.finish(&frames[5..]).await.unwrap());
        assert!(max_difference(&samples, &exact) < EXACT);
    }
}

#[tokio::test]
async fn first_samples_after_three_frames() {
    let decoder = decoder(models::snac_small("decoder_stream.onnx"));
    assert_eq!(decoder.info().first_audio_frames(), 3);
    let mut stream = decoder.open(0).unwrap();
    let mut lengths = Vec::new();
    for frame in frames(1, 4) {
        lengths.push(stream.push(&[frame]).await.unwrap().len());
    }
    assert_eq!(lengths, [0, 0, 1387, 2048]);
}

#[tokio::test]
async fn an_empty_stream_is_empty() {
    for model in [models::snac_small("decoder_stream.onnx"), models::snac_small("decoder_plain.onnx")] {
        let decoder = decoder(model);
        let mut stream = decoder.open(0).unwrap();
        assert!(stream.finish(&[]).await.unwrap().is_empty());
        assert_eq!(stream.finish(&[]).await, Err(DecodeError::Ended));
    }
}

#[tokio::test]
async fn a_stream_that_is_restarted_remembers_nothing() {
    let decoder = decoder(models::snac_small("decoder_stream.onnx"));
    let (one, two) = (frames(1, 5), frames(2, 6));
    let expected = decode(&decoder, 4, &two, 2).await.unwrap();
    let mut stream = decoder.open(3).unwrap();
    stream.push(&one).await.unwrap();
    stream.restart(4).unwrap();
    let mut samples = stream.push(&two[..2]).await.unwrap();
    samples.extend(stream.push(&two[2..4]).await.unwrap());
    samples.extend(stream.finish(&two[4..]).await.unwrap());
    assert_eq!(samples, expected);
}

#[tokio::test]
async fn a_code_out_of_range_is_refused_and_the_stream_goes_on() {
    let decoder = decoder(models::snac_small("decoder_stream.onnx"));
    let good = frames(3, 2);
    let expected = decode(&decoder, 0, &good, 1).await.unwrap();
    let mut stream = decoder.open(0).unwrap();
    let mut samples = stream.push(&good[..1]).await.unwrap();
    let error = stream.push(&[Frame([0, 0, 0, 4096, 0, 0, 0])]).await.unwrap_err();
    assert_eq!(error, DecodeError::CodeOutOfRange { code: 4096, codebook_size: 4096 });
    samples.extend(stream.finish(&good[1..]).await.unwrap());
    assert_eq!(samples, expected);
}

#[tokio::test]
async fn slots_are_bounded_and_come_back() {
    let settings = DecoderSettings { max_streams: 2, ..settings(models::snac_small("decoder_stream.onnx")) };
    let decoder = Decoder::load(&Runtime::load(&search()).unwrap(), &settings).unwrap();
    let (one, two) = (decoder.open(0).unwrap(), decoder.open(0).unwrap());
    let full = decoder.open(0).err().unwrap();
    assert_eq!(full, DecodeError::Full { max_streams: 2 });
    assert!(full.is_retryable());
    drop(one);
    let mut three = decoder.open(0).unwrap();
    assert_eq!(decoder.open_streams(), 2);
    drop(two);
    assert_eq!(three.finish(&frames(0, 1)).await.unwrap().len(), 2048);
}

/// Dropping a future midway ends its stream and affects nothing else.
#[tokio::test]
async fn a_cancelled_call_ends_only_its_stream() {
    let settings = DecoderSettings { threads: 1, ..settings(models::snac_small("decoder_stream.onnx")) };
    let decoder = Decoder::load(&Runtime::load(&search()).unwrap(), &settings).unwrap();
    // The only thread is busy long enough for the second call to wait.
    let (long, short) = (frames(0, 500), frames(1, 4));
    let mut busy = decoder.open(0).unwrap();
    let mut busy = Box::pin(busy.finish(&long));
    assert!(futures::poll!(&mut busy).is_pending());
    let mut stream = decoder.open(0).unwrap();
    let mut push = Box::pin(stream.push(&short));
    assert!(futures::poll!(&mut push).is_pending());
    drop(push);
    assert_eq!(stream.push(&short).await, Err(DecodeError::Ended));
    drop(stream);
    assert_eq!(busy.await.unwrap().len(), 500 * 2048);
    assert_eq!(decode(&decoder, 0, &short, 1).await.unwrap().len(), 4 * 2048);
}

/// Also where it was the last one: its samples are missing.
#[tokio::test]
async fn an_end_that_was_cancelled_is_no_good_end() {
    let decoder = Decoder::paced(1, 1, Duration::from_millis(5)).unwrap();
    let frames = frames(1, 3);
    // The calls of the end, each of which has samples.
    let mut whole = decoder.open(0).unwrap();
    whole.push(&frames).await.unwrap();
    whole.end(&[]).unwrap();
    let mut calls = 0;
    while whole.rest().await.unwrap().is_some() {
        calls += 1;
    }
    assert_eq!(whole.rest().await, Ok(None), "it has ended well, however often one asks");
    drop(whole);
    let mut made = 0;
    while made < calls {
        let mut stream = decoder.open(0).unwrap();
        stream.push(&frames).await.unwrap();
        stream.end(&[]).unwrap();
        for _ in 0..made {
            stream.rest().await.unwrap().unwrap();
        }
        // Again where the machine is so busy that the call is over at once.
        if futures::poll!(Box::pin(stream.rest())).is_pending() {
            assert_eq!(stream.rest().await, Err(DecodeError::Ended), "after {made} of {calls}");
            made += 1;
        }
    }
}

/// Frames behind the end would be decoded before what flushes it.
#[tokio::test]
async fn nothing_follows_the_end() {
    let decoder = decoder(models::snac_small("decoder_stream.onnx"));
    let frames = frames(1, 4);
    let mut stream = decoder.open(0).unwrap();
    stream.push(&frames).await.unwrap();
    stream.end(&[]).unwrap();
    let mut ended = true;
    while ended {
        assert_eq!(stream.push(&frames).await, Err(DecodeError::Ended));
        assert_eq!(stream.preview(&frames, 100).await, Err(DecodeError::Ended));
        assert_eq!(stream.end(&[]), Err(DecodeError::Ended));
        ended = stream.rest().await.unwrap().is_some();
    }
    stream.restart(0).unwrap();
    assert_eq!(stream.finish(&frames).await.unwrap().len(), 4 * 2048);
}

/// Callers that come and go leave nothing in the queue of a busy decoder.
#[tokio::test]
async fn a_cancelled_call_leaves_the_queue() {
    let decoder = Decoder::paced(2, 1, Duration::from_millis(100)).unwrap();
    let mut busy = decoder.open(0).unwrap();
    let busy_frames = frames(0, 4);
    let mut busy = Box::pin(busy.push(&busy_frames));
    assert!(futures::poll!(&mut busy).is_pending());
    for seed in 0..1000 {
        let mut stream = decoder.open(seed).unwrap();
        let frames = frames(seed, 1);
        assert!(futures::poll!(Box::pin(stream.push(&frames))).is_pending());
    }
    assert!(decoder.waiting_calls() <= 1, "{} wait", decoder.waiting_calls());
}
