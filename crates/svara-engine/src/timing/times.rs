//! When each character of a piece is spoken. Pure.

use std::ops::Range;

use super::{
    align::align,
    letters::{Kind, Sounded, sounds},
    sound::Sound,
};

/// When a character is spoken, in samples of the speech.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CharacterTime {
    pub(super) start_samples: u64,
    pub(super) end_samples: u64,
    /// Whether it isn't spoken itself: white space, a mark.
    pub(super) pause: bool,
}

/// The times of all characters (Unicode scalar values) of a text that is spoken in these samples, without gaps between
/// them.
pub(super) fn character_times(text: &str, sound: &Sound, samples: Range<u64>) -> Vec<CharacterTime> {
    let sounds = sounds(text);
    let (stretches, whole) = match align(&sounds, sound) {
        Some(moments) => {
            let samples = |moment: usize| {
                // The last moment lasts as long as the piece.
                let inside = moment < sound.moments.len();
                if inside { (moment as u64).saturating_mul(sound.moment_samples) } else { sound.samples }
            };
            (
                moments.iter().map(|moments| samples(moments.start)..samples(moments.end)).collect(),
                sound.samples,
            )
        }
        None => usual(&sounds),
    };
    let length = samples.end.saturating_sub(samples.start);
    let place = |part: u64| {
        // A part of the whole is at most all samples, which fit a u64.
        let place = u128::from(length) * u128::from(part) / u128::from(whole.max(1));
        samples.start.saturating_add(u64::try_from(place).unwrap_or(length))
    };
    let mut stretched = sounds.iter().zip(&stretches).peekable();
    let mut at = stretches.first().map_or(samples.start, |first| place(first.start));
    let count = text.chars().count();
    let times = (0..count).map(|character| {
        let start_samples = at;
        let mut pause = true;
        while let Some((sound, stretch)) = stretched.next_if(|(sound, _)| sound.character == character) {
            pause &= sound.kind == Kind::Pause;
            at = place(stretch.end);
        }
        if stretches.is_empty() {
            // Nothing sounds: divide evenly.
            at = samples.start + (u128::from(length) * (character as u128 + 1) / count as u128) as u64;
        }
        CharacterTime { start_samples, end_samples: at, pause }
    });
    times.collect()
}

/// Stretches as long as these sounds usually are, and the end of the last.
fn usual(sounds: &[Sounded]) -> (Vec<Range<u64>>, u64) {
    let mut end = 0;
    let stretches = sounds.iter().map(|sound| {
        let start = end;
        end += u64::from(sound.length);
        start..end
    });
    (stretches.collect(), end)
}
