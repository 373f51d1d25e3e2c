use audio_codec_algorithms::{encode_alaw, encode_ulaw};

use super::{Codec, EncodeError};

/// One byte per sample, by one of the two companding laws of ITU-T G.711.
pub(super) struct G711 {
    law: fn(i16) -> u8,
}

impl G711 {
    pub(super) const fn ulaw() -> Self {
        Self { law: encode_ulaw }
    }

    pub(super) const fn alaw() -> Self {
        Self { law: encode_alaw }
    }
}

impl Codec for G711 {
    fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend(samples.iter().map(|sample| (self.law)(*sample)));
        Ok(())
    }

    fn finish(self: Box<Self>, _out: &mut Vec<u8>) -> Result<(), EncodeError> {
        Ok(())
    }
}
