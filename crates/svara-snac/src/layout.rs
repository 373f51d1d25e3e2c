//! Maps token ids to codes and back.

use serde::Deserialize;

use crate::FRAME_CODES;

/// Where the audio tokens lie in a model's vocabulary: code `c` in slot `s` is token
/// `first_audio_token + s * codebook_size + c`.
///
/// The default is the layout of Orpheus and svara-tts: 7 · 4096 tokens from 128266, which are
/// `<custom_token_10>` … `<custom_token_28681>`, counted from 128256. Code 0 is an ordinary code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "LayoutFields")]
pub struct TokenLayout {
    first_custom_token: u32,
    first_audio_token: u32,
    codebook_size: u16,
}

/// An impossible token layout; the message names the field and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid token layout: {0}")]
pub struct InvalidLayout(&'static str);

impl TokenLayout {
    /// A layout whose `<custom_token_0>` is token `first_custom_token` and whose audio tokens start at
    /// `first_audio_token`, with `codebook_size` (1 to 32768) tokens per slot.
    pub fn try_new(
        first_custom_token: u32,
        first_audio_token: u32,
        codebook_size: u16,
    ) -> Result<Self, InvalidLayout> {
        if !(1..=1 << 15).contains(&codebook_size) {
            return Err(InvalidLayout("codebook_size must be from 1 to 32768"));
        }
        if first_audio_token < first_custom_token {
            return Err(InvalidLayout("first_audio_token must not be below first_custom_token"));
        }
        if first_audio_token.checked_add(FRAME_CODES as u32 * u32::from(codebook_size)).is_none() {
            return Err(InvalidLayout("first_audio_token is too large: the last slot would pass 2^32"));
        }
        Ok(Self { first_custom_token, first_audio_token, codebook_size })
    }

    /// The slot (0 to 6) and code of an audio token; `None` for any other token.
    pub fn slot_and_code(&self, token: u32) -> Option<(usize, u16)> {
        let offset = token.checked_sub(self.first_audio_token)?;
        let size = u32::from(self.codebook_size);
        let slot = (offset / size) as usize;
        (slot < FRAME_CODES).then_some((slot, (offset % size) as u16))
    }

    /// The token of a code in a slot; `None` if either is out of range.
    pub fn token(&self, slot: usize, code: u16) -> Option<u32> {
        (slot < FRAME_CODES && code < self.codebook_size)
            .then(|| self.first_audio_token + slot as u32 * u32::from(self.codebook_size) + u32::from(code))
    }

    /// The token id of `<custom_token_{number}>`; `None` if it exceeds 32 bits.
    pub fn custom_token(&self, number: u32) -> Option<u32> {
        self.first_custom_token.checked_add(number)
    }

    /// The number in a token's `<custom_token_{number}>`; `None` for tokens below the first custom token.
    pub fn custom_number(&self, token: u32) -> Option<u32> {
        token.checked_sub(self.first_custom_token)
    }

    /// The first audio token: code 0 in slot 0.
    pub fn first_audio_token(&self) -> u32 {
        self.first_audio_token
    }

    /// Codes in a codebook.
    pub fn codebook_size(&self) -> u16 {
        self.codebook_size
    }
}

impl Default for TokenLayout {
    fn default() -> Self {
        Self { first_custom_token: 128_256, first_audio_token: 128_266, codebook_size: 4096 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayoutFields {
    first_custom_token: u32,
    first_audio_token: u32,
    codebook_size: u16,
}

impl TryFrom<LayoutFields> for TokenLayout {
    type Error = InvalidLayout;

    fn try_from(fields: LayoutFields) -> Result<Self, InvalidLayout> {
        Self::try_new(fields.first_custom_token, fields.first_audio_token, fields.codebook_size)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn boundaries_of_the_default_layout() {
        let layout = TokenLayout::default();
        assert_eq!(layout.slot_and_code(128_265), None);
        assert_eq!(layout.slot_and_code(128_266), Some((0, 0)));
        assert_eq!(layout.slot_and_code(128_266 + 4095), Some((0, 4095)));
        assert_eq!(layout.slot_and_code(128_266 + 4096), Some((1, 0)), "4096 is no code of slot 0");
        assert_eq!(layout.slot_and_code(156_937), Some((6, 4095)));
        assert_eq!(layout.slot_and_code(156_938), None);
        assert_eq!(layout.token(6, 4096), None);
        assert_eq!(layout.custom_token(10), Some(128_266));
    }

    proptest! {
        #[test]
        fn token_and_slot_are_inverse(slot in 0..FRAME_CODES, code in 0u16..4096) {
            let layout = TokenLayout::default();
            let token = layout.token(slot, code).unwrap();
            prop_assert_eq!(layout.slot_and_code(token), Some((slot, code)));
        }

        #[test]
        fn no_token_and_no_layout_panics(token: u32, custom: u32, audio: u32, size: u16) {
            if let Ok(layout) = TokenLayout::try_new(custom, audio, size)
                && let Some((slot, code)) = layout.slot_and_code(token)
            {
                prop_assert_eq!(layout.token(slot, code), Some(token));
            }
        }
    }
}
