//! How much of a text was said before its speech was broken off. Pure.

use super::{
    align::{align_start, pace, spoken},
    letters::sounds,
    sound::Sound,
    word_len,
};

/// Moments for a unit of length in usual speech: a syllable takes 0.16 s.
const USUAL_PACE: f32 = 0.16;
/// How much faster than usual a text is believed to be said to its end.
const FASTER: f32 = 0.8;

/// Learns how fast a voice speaks from pieces that were said to their ends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tempo(Option<f32>);

impl Tempo {
    /// Learns from a whole piece.
    pub(crate) fn learn(&mut self, text: &str, sound: &Sound) {
        self.0 = pace(&sounds(text), sound).or(self.0);
    }

    /// Where in the text, in bytes, to go on: at the word that was being said when the sound ends, or at the next one. At
    /// the end, if all of it was said; where that is in doubt, the last word is said again.
    pub(crate) fn said_until(self, text: &str, sound: &Sound) -> usize {
        let pace = self.0.unwrap_or(USUAL_PACE);
        let sounds = sounds(text);
        let Some(said) = align_start(&sounds, sound, pace) else { return 0 };
        let unsaid = sounds.get(said..).unwrap_or_default().iter().find(|sound| !sound.is_pause());
        let length: u32 = sounds.iter().filter(|sound| !sound.is_pause()).map(|sound| sound.length).sum();
        let enough = length as f32 * pace * FASTER <= spoken(sound) as f32;
        let mut words = word_starts(text);
        match unsaid {
            None if enough => text.len(),
            None => words.pop().unwrap_or_default(),
            Some(unsaid) => {
                let at = text.char_indices().nth(unsaid.character).map_or(text.len(), |(at, _)| at);
                words.into_iter().rev().find(|start| *start <= at).unwrap_or_default()
            }
        }
    }
}

fn word_starts(text: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        starts.push(at + rest.len() - rest.trim_start().len());
        at += word_len(rest);
    }
    starts
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        source::demo::Espeak,
        timing::{Listening, PieceTiming},
    };

    async fn said(text: &str, voice: &str) -> PieceTiming {
        let espeak = Espeak::find(Path::new("espeak-ng")).await.unwrap();
        let (rate, samples) = espeak.speak(text, voice).await.unwrap();
        let mut listening = Listening::new(rate.hz());
        listening.hear(&samples);
        let sound = listening.end();
        PieceTiming { end_samples: sound.samples, sound, ..PieceTiming::untouched(text, 0, 0) }
    }

    #[tokio::test]
    async fn speech_goes_on_at_the_word_at_which_it_was_broken_off() {
        let (mut off, mut cuts, mut skipped) = (0, 0, 0);
        for (voice, first, text) in [
            (
                "en-us+m3",
                "This is the first sentence of the speech, and all of it was heard.",
                "One little bird sat on the green branch of an old tree, and it sang a song for all of us to hear.",
            ),
            (
                "hi+f2",
                "यह पहला वाक्य है और पूरा सुना गया।",
                "आज सुबह से बारिश हो रही है, इसलिए सड़कें गीली हैं और बच्चे घर में ही खेल रहे हैं।",
            ),
            (
                "ta+f2",
                "இது முதல் வாக்கியம், முழுவதும் கேட்டது.",
                "இன்று காலை மழை பெய்தது, அதனால் சாலைகள் ஈரமாக இருந்தன, குழந்தைகள் வீட்டில் விளையாடினார்கள்.",
            ),
        ] {
            let (first, whole) = (said(first, voice).await, said(text, voice).await);
            for learned in [false, true] {
                let mut tempo = Tempo::default();
                if learned {
                    tempo.learn(&first.text, &first.sound);
                }
                assert_eq!(tempo.said_until(text, &Sound::default()), 0);
                let starts = word_starts(text);
                for (number, word) in whole.words().iter().enumerate() {
                    let at = tempo.said_until(text, &whole.sound.up_to(word.end_samples));
                    let found = starts.iter().filter(|start| **start < at).count();
                    off += found.abs_diff(number + 1);
                    skipped += found.saturating_sub(number + 1);
                    cuts += 1;
                }
            }
        }
        println!("{off} words off in {cuts} cuts, {skipped} skipped");
        assert!(off <= cuts && skipped * 4 <= cuts, "{off} words off in {cuts} cuts, {skipped} skipped");
    }
}
