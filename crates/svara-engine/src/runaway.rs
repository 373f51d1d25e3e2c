//! The most audio that a text may become: a model that doesn't come to an end is stopped. Pure.

use serde::Deserialize;

/// Audio tokens for a second of speech: 7 for a frame of 2048 samples at 24 kHz.
const TOKENS_PER_SECOND: f64 = 7.0 * 24_000.0 / 2_048.0;

/// A ceiling of audio for a piece of text. What runs past it is no speech of that text any more.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudioCeiling {
    /// For any text, in seconds: more than 0.
    pub seconds: f64,
    /// And for each character, in seconds: not negative.
    pub seconds_per_character: f64,
}

impl AudioCeiling {
    /// The most tokens that this text may take, at least 1.
    pub fn tokens(&self, text: &str) -> u32 {
        let seconds = self.seconds + self.seconds_per_character * text.chars().count() as f64;
        // A cast from f64 stops at the largest u32.
        ((seconds * TOKENS_PER_SECOND).ceil() as u32).max(1)
    }

    /// # Errors
    /// What is out of range, and what is allowed.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if !(self.seconds > 0.0 && self.seconds.is_finite()) {
            return Err("ceiling.seconds must be more than 0");
        }
        if !(self.seconds_per_character >= 0.0 && self.seconds_per_character.is_finite()) {
            return Err("ceiling.seconds_per_character must not be negative");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_word_may_take_seconds_and_a_sentence_more() {
        let ceiling = AudioCeiling { seconds: 4.0, seconds_per_character: 0.3 };
        assert_eq!(ceiling.tokens(""), 329);
        assert_eq!(ceiling.tokens("नमस्ते"), 476);
        let wrong = |seconds, seconds_per_character| AudioCeiling { seconds, seconds_per_character }.check();
        for (seconds, each) in
            [(0.0, 0.1), (f64::NAN, 0.1), (f64::INFINITY, 0.1), (1.0, -0.1), (1.0, f64::NAN)]
        {
            assert!(wrong(seconds, each).is_err(), "{seconds} {each}");
        }
    }

    proptest! {
        #[test]
        fn more_text_never_may_take_less(
            text in "\\PC{0,300}",
            more in "\\PC{0,20}",
            seconds in 0.001f64..1e6,
            seconds_per_character in 0.0f64..1e6,
        ) {
            let ceiling = AudioCeiling { seconds, seconds_per_character };
            prop_assert!(ceiling.check().is_ok());
            prop_assert!(ceiling.tokens(&text) >= 1);
            prop_assert!(ceiling.tokens(&(text.clone() + &more)) >= ceiling.tokens(&text));
        }
    }
}
