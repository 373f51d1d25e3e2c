//! What a server and its decoding process say to each other, over two pipes.
//!
//! The server sends the length of the recording (8 bytes, little-endian), and the recording. The process sends messages:
//! a kind (1 byte), the length of what follows (4 bytes, little-endian), and that.

use std::io::{self, Read, Write};

/// The bytes before a recording.
pub(super) const LENGTH_BYTES: usize = 8;
/// The bytes before what a message says.
pub(super) const HEAD_BYTES: usize = 5;
/// The longest text of a message; longer ones are cut.
const MAX_TEXT_BYTES: usize = 1_000;
/// A sample is a 32-bit float.
const SAMPLE_BYTES: usize = size_of::<f32>();
/// Samples that are written at a time.
const CHUNK_SAMPLES: usize = 4_096;

/// A message of the process.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Message {
    /// It waits for a recording. If some part of its confinement isn't in force: which, and why.
    Ready(Option<String>),
    /// The samples of the recording, all finite.
    Samples(Vec<f32>),
    /// The recording can't be used: why.
    Unusable(String),
    /// The process failed without a fault of the recording: why.
    Failed(String),
}

const READY: u8 = b'R';
const SAMPLES: u8 = b'S';
const UNUSABLE: u8 = b'U';
const FAILED: u8 = b'F';

/// The process broke the rules of the exchange, which a subverted one may do at will.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("its decoder gave a wrong answer")]
pub(super) struct Fault;

impl Message {
    /// Writes the message.
    ///
    /// # Errors
    /// The pipe fails, or the message is longer than its length can say.
    pub(super) fn write(&self, pipe: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Samples(samples) => {
                write_head(pipe, SAMPLES, samples.len().saturating_mul(SAMPLE_BYTES))?;
                let mut chunk = Vec::with_capacity(CHUNK_SAMPLES * SAMPLE_BYTES);
                for samples in samples.chunks(CHUNK_SAMPLES) {
                    chunk.clear();
                    chunk.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
                    pipe.write_all(&chunk)?;
                }
            }
            Self::Ready(text) => write_text(pipe, READY, text.as_deref().unwrap_or_default())?,
            Self::Unusable(text) => write_text(pipe, UNUSABLE, text)?,
            Self::Failed(text) => write_text(pipe, FAILED, text)?,
        }
        pipe.flush()
    }

    /// The message that a head and what followed it make.
    ///
    /// # Errors
    /// It is no message.
    pub(super) fn read(kind: u8, said: &[u8]) -> Result<Self, Fault> {
        let text = || {
            let text = std::str::from_utf8(said).map_err(|_| Fault)?;
            if text.chars().any(char::is_control) { Err(Fault) } else { Ok(text.to_owned()) }
        };
        match kind {
            READY => text().map(|text| Self::Ready(Some(text).filter(|text| !text.is_empty()))),
            UNUSABLE => text().map(Self::Unusable),
            FAILED => text().map(Self::Failed),
            SAMPLES => samples(said).map(Self::Samples),
            _ => Err(Fault),
        }
    }
}

/// The kind and the length of what follows this head.
///
/// # Errors
/// No message may be that long, if it may have at most `max_samples`.
pub(super) fn read_head(head: [u8; HEAD_BYTES], max_samples: usize) -> Result<(u8, usize), Fault> {
    let [kind, length @ ..] = head;
    let length = usize::try_from(u32::from_le_bytes(length)).map_err(|_| Fault)?;
    let most = if kind == SAMPLES { max_samples.saturating_mul(SAMPLE_BYTES) } else { MAX_TEXT_BYTES };
    if length <= most { Ok((kind, length)) } else { Err(Fault) }
}

/// Reads a recording of at most `max_bytes`; none if the server sends no more.
///
/// # Errors
/// The pipe fails, or the recording is longer or cut off.
pub(super) fn read_recording(pipe: &mut impl Read, max_bytes: usize) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; LENGTH_BYTES];
    match pipe.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let length = usize::try_from(u64::from_le_bytes(length)).map_err(io::Error::other)?;
    if length > max_bytes {
        return Err(io::Error::other(format!("a recording of more than {max_bytes} bytes")));
    }
    let mut recording = vec![0; length];
    pipe.read_exact(&mut recording)?;
    Ok(Some(recording))
}

fn write_head(pipe: &mut impl Write, kind: u8, length: usize) -> io::Result<()> {
    let length = u32::try_from(length).map_err(io::Error::other)?;
    let [a, b, c, d] = length.to_le_bytes();
    pipe.write_all(&[kind, a, b, c, d])
}

fn write_text(pipe: &mut impl Write, kind: u8, text: &str) -> io::Result<()> {
    let mut cut = text.len().min(MAX_TEXT_BYTES);
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    // Details may repeat what the file says. A space is no longer than what it replaces.
    let text = text.get(..cut).unwrap_or_default().replace(char::is_control, " ");
    write_head(pipe, kind, text.len())?;
    pipe.write_all(text.as_bytes())
}

fn samples(said: &[u8]) -> Result<Vec<f32>, Fault> {
    let (samples, rest) = said.as_chunks::<SAMPLE_BYTES>();
    let samples: Vec<f32> = samples.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    if rest.is_empty() && samples.iter().all(|sample| sample.is_finite()) { Ok(samples) } else { Err(Fault) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn over_the_pipe(message: &Message, max_samples: usize) -> Result<Message, Fault> {
        let mut pipe = Vec::new();
        message.write(&mut pipe).unwrap();
        let (head, said) = pipe.split_first_chunk().unwrap();
        let (kind, length) = read_head(*head, max_samples)?;
        assert_eq!(length, said.len());
        Message::read(kind, said)
    }

    proptest! {
        #[test]
        fn messages_arrive_as_they_were(
            samples in prop::collection::vec(-2.0f32..2.0, 0..10_000), text in "[a-zक-ह ]{1,300}",
        ) {
            for message in [
                Message::Ready(None),
                Message::Ready(Some(text.clone())),
                Message::Unusable(text.clone()),
                Message::Failed(text),
                Message::Samples(samples),
            ] {
                prop_assert_eq!(over_the_pipe(&message, 10_000), Ok(message));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(kind: u8, said in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Message::read(kind, &said);
            let _ = Message::read(READY, &said);
            let _ = Message::read(SAMPLES, &said);
        }

        #[test]
        fn any_text_is_cut_to_what_may_be_said(text: String) {
            let long = text.repeat(MAX_TEXT_BYTES);
            prop_assert!(over_the_pipe(&Message::Unusable(long), 0).is_ok());
        }
    }

    #[test]
    fn wrong_answers_are_refused() {
        assert_eq!(over_the_pipe(&Message::Samples(vec![0.0; 11]), 10), Err(Fault));
        assert_eq!(over_the_pipe(&Message::Samples(vec![f32::NAN]), 10), Err(Fault));
        assert_eq!(Message::read(SAMPLES, &[0; 5]), Err(Fault));
        assert_eq!(Message::read(UNUSABLE, b"\xff"), Err(Fault));
        assert_eq!(Message::read(UNUSABLE, b"a\nb"), Err(Fault));
        assert_eq!(Message::read(b'?', b""), Err(Fault));
        assert_eq!(read_head([UNUSABLE, 0xff, 0xff, 0xff, 0xff], 10), Err(Fault));
        assert_eq!(read_head([SAMPLES, 0xff, 0xff, 0xff, 0xff], 10), Err(Fault));
    }

    #[test]
    fn a_recording_is_read_whole_or_refused() {
        let sent = |length: u64, bytes: &[u8]| [&length.to_le_bytes(), bytes].concat();
        let read = |sent: &[u8]| read_recording(&mut &*sent, 4);
        assert_eq!(read(&sent(3, b"abc")).unwrap(), Some(b"abc".to_vec()));
        assert_eq!(read(b"").unwrap(), None);
        assert!(read(&sent(3, b"ab")).is_err());
        assert!(read(&sent(u64::MAX, b"")).is_err());
    }
}
