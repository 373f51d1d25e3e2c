//! The most audio that a text may become: the point at which a runaway model is stopped. Pure.

use serde::Deserialize;
use svara_snac::{DecoderInfo, FRAME_CODES};

/// The most audio for a piece of text. A generation that runs past it isn't speech of that text any more.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ceiling {
    /// Seconds for any text, more than 0.
    seconds: f64,
    /// Additional seconds per character, not negative.
    seconds_per_character: f64,
}

impl Ceiling {
    /// The most tokens that `text` may take, at least 1. The decoder says how long a frame of tokens sounds.
    pub(crate) fn tokens(&self, text: &str, decoder: &DecoderInfo) -> u32 {
        let seconds = self.seconds + self.seconds_per_character * text.chars().count() as f64;
        let frame_samples = decoder.samples_per_frame.max(1) as f64;
        let tokens_per_second = FRAME_CODES as f64 * f64::from(decoder.sample_rate_hz) / frame_samples;
        // The cast saturates.
        ((seconds * tokens_per_second).ceil() as u32).max(1)
    }

    /// The fewest frames in which `text` can be said: a twentieth of the ceiling's time for a character, which is about
    /// five times as fast as speech.
    pub(crate) fn least_frames(&self, text: &str, decoder: &DecoderInfo) -> u32 {
        let seconds = self.seconds_per_character / 20.0 * text.chars().count() as f64;
        let frame_samples = decoder.samples_per_frame.max(1) as f64;
        // The cast saturates.
        (seconds * f64::from(decoder.sample_rate_hz) / frame_samples) as u32
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

    use svara_snac::{DecoderKind, onnx::Device};

    use super::*;

    /// 7 tokens for 2048 samples at 24 kHz.
    fn decoder() -> DecoderInfo {
        DecoderInfo {
            kind: DecoderKind::Null,
            device: Device::Cpu,
            sample_rate_hz: 24_000,
            samples_per_frame: 2048,
            late_samples: 0,
            codebook_size: 4096,
        }
    }

    #[test]
    fn the_least_is_far_below_speech() {
        let ceiling = Ceiling { seconds: 4.0, seconds_per_character: 0.3 };
        assert_eq!(ceiling.least_frames("नमस्ते", &decoder()), 1);
        // Said in some eight seconds, 94 frames.
        assert_eq!(ceiling.least_frames(&"a".repeat(100), &decoder()), 17);
        let unbounded = Ceiling { seconds: 30.0, seconds_per_character: 0.0 };
        assert_eq!(unbounded.least_frames(&"a".repeat(100), &decoder()), 0, "the profile doesn't say");
    }

    #[test]
    fn a_word_may_take_seconds_and_a_sentence_more() {
        let ceiling = Ceiling { seconds: 4.0, seconds_per_character: 0.3 };
        assert_eq!(ceiling.tokens("", &decoder()), 329);
        assert_eq!(ceiling.tokens("नमस्ते", &decoder()), 476);
        let wrong = |seconds, seconds_per_character| Ceiling { seconds, seconds_per_character }.check();
        let faster = DecoderInfo { sample_rate_hz: 48_000, ..decoder() };
        assert_eq!(ceiling.tokens("", &faster), 657, "twice the frames in a second");
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
            let ceiling = Ceiling { seconds, seconds_per_character };
            prop_assert!(ceiling.check().is_ok());
            let (less, longer) = (ceiling.tokens(&text, &decoder()), ceiling.tokens(&(text + &more), &decoder()));
            prop_assert!(less >= 1 && longer >= less);
        }
    }
}
