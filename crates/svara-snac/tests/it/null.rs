use svara_snac::{DecodeError, Decoder, DecoderKind, Frame};

use crate::support::{decode, decoder, frames};
use svara_testkit::models;

/// Chunk for chunk, as much silence as a stream decoder returns audio.
#[tokio::test]
async fn silence_comes_as_much_and_as_late_as_sound() {
    let (null, real) = (Decoder::null(2), decoder(models::snac_small("decoder_stream.onnx")));
    assert_eq!((null.info().kind, null.notice().is_some()), (DecoderKind::Null, true));
    assert_eq!(real.notice(), None);
    assert_eq!(null.info().first_audio_frames(), real.info().first_audio_frames());
    let frames = frames(1, 9);
    for hop in [1, 2, 4] {
        let (mut silent, mut sounding) = (null.open(0).unwrap(), real.open(0).unwrap());
        for frames in frames.chunks(hop) {
            let silence = silent.push(frames).await.unwrap();
            assert_eq!(silence.len(), sounding.push(frames).await.unwrap().len());
            assert!(silence.iter().all(|sample| *sample == 0.0));
        }
        let rest = sounding.finish(&[]).await.unwrap().len();
        assert_eq!(silent.finish(&[]).await.unwrap().len(), rest);
        assert_eq!(silent.push(&frames).await, Err(DecodeError::Ended));
    }
    assert_eq!(decode(&null, 0, &frames, 3).await.unwrap().len(), 9 * 2048);
}

#[tokio::test]
async fn slots_and_codes_are_checked_as_ever() {
    let decoder = Decoder::null(1);
    let mut stream = decoder.open(0).unwrap();
    assert_eq!(decoder.open(0).err(), Some(DecodeError::Full { max_streams: 1 }));
    let error = stream.push(&[Frame([4096; 7])]).await.unwrap_err();
    assert_eq!(error, DecodeError::CodeOutOfRange { code: 4096, codebook_size: 4096 });
    drop(stream);
    assert_eq!(decoder.open_streams(), 0);
}
