use super::{Codec, EncodeError};
use crate::sample::extend_s16_le;

/// Signed 16-bit little-endian samples, nothing else.
pub(super) struct Pcm;

impl Codec for Pcm {
    fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        extend_s16_le(samples, out);
        Ok(())
    }

    fn finish(self: Box<Self>, _out: &mut Vec<u8>) -> Result<(), EncodeError> {
        Ok(())
    }
}
