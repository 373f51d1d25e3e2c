//! Subtitles: cues of SRT and WebVTT, by sentence, in at most two lines. Pure.

use serde::{Serialize, Serializer};
use svara_engine::{PieceTiming, TimedText};
use svara_text::sentences;
use unicode_segmentation::UnicodeSegmentation;

/// The most characters of a line, as a reader sees them: an Indian letter with its signs is one.
pub const LINE_CHARACTERS: usize = 42;
/// A cue stays at least so long, unless the next one begins.
const SHORTEST_MS: u64 = 1_000;
/// Words this far apart are in two cues.
const GAP_MS: u64 = 1_500;

/// A format of subtitles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubtitleFormat {
    /// SubRip.
    Srt,
    /// WebVTT.
    Vtt,
}

/// A file of subtitles, or the part of it that was added since the last was taken.
pub struct Subtitles {
    format: SubtitleFormat,
    text: String,
    /// Cues so far.
    cues: usize,
    /// When the last of them ends.
    end_ms: u64,
    /// The next one: how long it stays depends on what follows.
    waiting: Option<Cue>,
}

/// A cue whose end isn't known yet.
struct Cue {
    start_ms: u64,
    /// When its last word is over, and its piece.
    spoken_ms: u64,
    piece_ms: u64,
    lines: String,
}

/// A word of a cue, and when it is spoken.
struct Word<'a> {
    text: &'a str,
    start_ms: u64,
    end_ms: u64,
    /// Whether it is the last of its sentence.
    ends_sentence: bool,
}

impl Subtitles {
    /// A file without cues.
    pub fn new(format: SubtitleFormat) -> Self {
        let text = match format {
            SubtitleFormat::Srt => "",
            SubtitleFormat::Vtt => "WEBVTT\n\n",
        };
        Self { format, text: text.to_owned(), cues: 0, end_ms: 0, waiting: None }
    }

    /// Takes the cues that are complete; what comes continues them.
    pub fn take(&mut self) -> Self {
        Self { text: std::mem::take(&mut self.text), waiting: None, ..*self }
    }

    /// The memory that it takes.
    pub fn bytes(&self) -> usize {
        self.text.capacity() + self.waiting.as_ref().map_or(0, |cue| cue.lines.capacity())
    }

    /// Nothing follows: the last cue is complete.
    pub fn finish(&mut self) {
        self.put(None);
    }

    /// The text of the file, at its end.
    pub fn into_text(mut self) -> String {
        self.finish();
        self.text
    }

    /// Adds a piece. `ms` says when a sample of its speech is heard.
    pub fn add(&mut self, piece: &PieceTiming, ms: impl Fn(u64) -> u64) {
        let timed = piece.words();
        let words = words(&piece.text, &timed, &ms);
        let mut rest = words.as_slice();
        while !rest.is_empty() {
            // At least one word.
            let (cue, later) = rest.split_at(cue_words(rest).clamp(1, rest.len()));
            self.cue(cue, ms(piece.end_samples));
            rest = later;
        }
    }

    fn cue(&mut self, words: &[Word<'_>], piece_ms: u64) {
        let (Some(first), Some(last)) = (words.first(), words.last()) else { return };
        self.put(Some(first.start_ms));
        // Cues don't overlap.
        let start_ms = first.start_ms.max(self.end_ms);
        let lines = lines(words).map(|line| self.format.escaped(&line)).collect::<Vec<_>>().join("\n");
        self.waiting = Some(Cue { start_ms, spoken_ms: last.end_ms, piece_ms, lines });
    }

    /// Adds the waiting cue, behind which another one begins at `next_ms`.
    fn put(&mut self, next_ms: Option<u64>) {
        let Some(Cue { start_ms, spoken_ms, piece_ms, lines }) = self.waiting.take() else { return };
        // Each is there for a moment.
        let longest_ms = next_ms.unwrap_or(piece_ms);
        let end_ms = spoken_ms.max((start_ms + SHORTEST_MS).min(longest_ms)).max(start_ms + 1);
        (self.cues, self.end_ms) = (self.cues + 1, end_ms);
        let (start, end) = (self.format.time(start_ms), self.format.time(end_ms));
        if self.format == SubtitleFormat::Srt {
            self.text.push_str(&format!("{}\n", self.cues));
        }
        self.text.push_str(&format!("{start} --> {end}\n{lines}\n\n"));
    }
}

/// The text alone, as a string.
impl Serialize for Subtitles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl SubtitleFormat {
    fn time(self, ms: u64) -> String {
        let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
        let point = match self {
            Self::Srt => ',',
            Self::Vtt => '.',
        };
        format!("{hours:02}:{minutes:02}:{seconds:02}{point}{:03}", ms % 1_000)
    }

    /// A line that players don't take for markup, or for the times of a cue.
    fn escaped(self, line: &str) -> String {
        match self {
            // SRT has no escapes.
            Self::Srt => line.replace("-->", "→"),
            Self::Vtt => line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        }
    }
}

fn words<'a>(text: &'a str, timed: &[TimedText<'a>], ms: impl Fn(u64) -> u64) -> Vec<Word<'a>> {
    let mut ends = sentences(text)
        .into_iter()
        .map(|sentence| (sentence.as_ptr().addr() + sentence.len()).saturating_sub(text.as_ptr().addr()))
        .peekable();
    let mut at = 0;
    let mut words = Vec::with_capacity(timed.len());
    for timed in timed {
        at += timed.text.len();
        let ends_sentence = ends.next_if(|end| *end <= at).is_some();
        while ends.next_if(|end| *end <= at).is_some() {}
        let word = timed.text.trim();
        if word.is_empty() {
            continue;
        }
        let (start_ms, end_ms) = (ms(timed.start_samples), ms(timed.end_samples));
        let parts = split(word);
        let last = parts.len().saturating_sub(1);
        words.extend(parts.into_iter().enumerate().map(|(part, text)| Word {
            text,
            start_ms,
            end_ms,
            ends_sentence: ends_sentence && part == last,
        }));
    }
    words
}

/// The parts of a word that fit in a line.
fn split(word: &str) -> Vec<&str> {
    let mut starts: Vec<usize> =
        word.grapheme_indices(true).map(|(at, _)| at).step_by(LINE_CHARACTERS).collect();
    starts.push(word.len());
    starts.windows(2).filter_map(|ends| word.get(*ends.first()?..*ends.last()?)).collect()
}

/// How many of these words are in the first cue: a sentence if it fits, otherwise up to the end of a clause, if there is
/// one in its second half, otherwise as many as fit.
fn cue_words(words: &[Word<'_>]) -> usize {
    let mut clause = 0;
    for (at, word) in words.iter().enumerate() {
        let count = at + 1;
        let cue = words.get(..count).unwrap_or(words);
        if break_of(cue).is_none() {
            return if clause * 2 >= count { clause } else { at };
        }
        let pauses = words.get(count).is_some_and(|next| next.start_ms >= word.end_ms + GAP_MS);
        if word.ends_sentence || pauses {
            return count;
        }
        if word.text.ends_with([',', ';', ':', '،', '–', '—']) {
            clause = count;
        }
    }
    words.len()
}

/// How many words are in the first of at most two lines, as equally long as possible; all if one line is enough. `None` if
/// they don't fit.
fn break_of(words: &[Word<'_>]) -> Option<usize> {
    let lengths: Vec<usize> = words.iter().map(|word| word.text.graphemes(true).count()).collect();
    let length = |words: &[usize]| words.iter().sum::<usize>() + words.len().saturating_sub(1);
    if length(&lengths) <= LINE_CHARACTERS {
        return Some(words.len());
    }
    let breaks = (1..words.len()).filter_map(|at| {
        let (first, second) = lengths.split_at_checked(at)?;
        let (first, second) = (length(first), length(second));
        (first <= LINE_CHARACTERS && second <= LINE_CHARACTERS).then_some((first.abs_diff(second), at))
    });
    breaks.min().map(|(_, at)| at)
}

fn lines(words: &[Word<'_>]) -> impl Iterator<Item = String> {
    let (first, second) = words.split_at(break_of(words).unwrap_or(words.len()).min(words.len()));
    [first, second].into_iter().filter(|line| !line.is_empty()).map(|line| {
        let words: Vec<&str> = line.iter().map(|word| word.text).collect();
        words.join(" ")
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PER_MS: u64 = 24;

    fn piece(text: &str, start_ms: u64, ms: u64) -> PieceTiming {
        PieceTiming::untouched(text, start_ms * PER_MS, (start_ms + ms) * PER_MS)
    }

    fn subtitles(format: SubtitleFormat, pieces: &[PieceTiming]) -> String {
        let mut subtitles = Subtitles::new(format);
        pieces.iter().for_each(|piece| subtitles.add(piece, |samples| samples / PER_MS));
        subtitles.into_text()
    }

    #[test]
    fn each_sentence_is_a_cue() {
        let pieces = [piece("हाँ। ठीक <है>।", 0, 3_000), piece("a --> b & c", 3_723_000, 2_000)];
        let srt = subtitles(SubtitleFormat::Srt, &pieces);
        let lines: Vec<&str> = srt.lines().collect();
        assert_eq!((lines[0], lines[2], lines[4], lines[6], lines[8]), ("1", "हाँ।", "2", "ठीक <है>।", "3"));
        assert!(lines[9].starts_with("01:02:03,000 --> 01:02:0"), "{srt}");
        assert_eq!(lines[10], "a → b & c");
        let vtt = subtitles(SubtitleFormat::Vtt, &pieces);
        assert!(vtt.starts_with("WEBVTT\n\n00:00:00.000 --> 00:00:"), "{vtt}");
        assert!(vtt.contains("ठीक &lt;है&gt;।") && vtt.contains("a --&gt; b &amp; c"), "{vtt}");
    }

    #[test]
    fn long_sentences_are_cut_at_clauses_and_lines_are_balanced() {
        let text = "जब बारिश रुकी तो सभी बच्चे बाहर दौड़ पड़े और कीचड़ में खेलने लगे, लेकिन उनकी माताएँ बहुत नाराज़ हुईं और उन्हें जल्दी से घर बुला लिया।";
        let srt = subtitles(SubtitleFormat::Srt, &[piece(text, 0, 9_000)]);
        let cues: Vec<&str> = srt.trim().split("\n\n").collect();
        assert_eq!(cues.len(), 2, "{srt}");
        assert!(cues[0].ends_with("लगे,"), "{srt}");
    }

    #[test]
    fn what_is_taken_is_continued() {
        let mut made = Subtitles::new(SubtitleFormat::Vtt);
        let mut parts = String::new();
        for at in 0..3 {
            made.add(&piece("यह है।", at * 2_000, 2_000), |samples| samples / PER_MS);
            parts += &made.take().into_text();
        }
        parts += &made.into_text();
        let pieces = [piece("यह है।", 0, 2_000), piece("यह है।", 2_000, 2_000), piece("यह है।", 4_000, 2_000)];
        assert_eq!(parts, subtitles(SubtitleFormat::Vtt, &pieces));
    }

    #[test]
    fn a_cue_stays_for_a_second_where_a_pause_follows() {
        let pieces = [piece("हाँ।", 0, 300), piece("ठीक।", 3_300, 300), piece("a.", 3_700, 2_000)];
        let srt = subtitles(SubtitleFormat::Srt, &pieces);
        let times: Vec<&str> = srt.lines().filter(|line| line.contains("-->")).collect();
        assert_eq!(times.len(), 3, "{srt}");
        assert!(times[0].ends_with("--> 00:00:01,000"), "{srt}");
        assert!(times[1].ends_with("--> 00:00:03,700"), "the next one begins: {srt}");
    }

    proptest! {
        #[test]
        fn cues_are_in_order_and_hold_every_word(
            texts in prop::collection::vec("([a-zक-हा-्।]|\\PC|[ \\n.,]){0,200}", 1..4),
            ms in 0u64..20_000,
        ) {
            let pieces: Vec<_> = (0..).zip(&texts).map(|(at, text)| piece(text, at * ms, ms)).collect();
            let srt = subtitles(SubtitleFormat::Srt, &pieces);
            let mut said = String::new();
            let mut last_end = String::new();
            let cues = srt.split("\n\n").filter(|cue| !cue.is_empty());
            for (number, cue) in cues.enumerate() {
                let lines: Vec<&str> = cue.split('\n').collect();
                prop_assert_eq!(lines[0], (number + 1).to_string());
                let (start, end) = lines[1].split_once(" --> ").unwrap();
                prop_assert!(last_end.as_str() <= start && start < end, "{}", cue);
                last_end = end.to_owned();
                prop_assert!((3..=4).contains(&lines.len()), "{}", cue);
                for line in &lines[2..] {
                    prop_assert!(line.graphemes(true).count() <= LINE_CHARACTERS, "{}", cue);
                    said += line;
                }
            }
            let letters = |text: &str| text.replace("-->", "→").chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&said), letters(&texts.concat()));
        }
    }
}
