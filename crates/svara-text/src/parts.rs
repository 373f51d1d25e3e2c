//! The parts in which a long text is spoken, each as a text of its own.

use crate::{
    clean::{Strip, markup_ranges, unsaid},
    pack::pack,
};

/// Of the most characters of a part, the share that a comment may take which is left in it: one in so many.
const COMMENT_SHARE: usize = 5;

/// Splits `text` at the ends of sentences, as [`pack`] does, into parts that say together what the text says.
///
/// What is never said is left out between two parts, as its halves would be said: style sheets, scripts and long comments,
/// and, if `strip` removes Markdown, a model's thoughts and blocks of code. No part has tags alone: a tag at the end of the text
/// takes the last words along, and may make a part longer.
///
/// The parts are slices of `text` in order, without white space around them. A text that has at most `max_chars` characters is
/// one part; a text with nothing to say is one as well, however long it is.
///
/// ```
/// use svara_text::{Strip, parts};
///
/// let text = "One. <style>p { a: 1. } q { b: 2. }</style> Two. Three.";
/// assert_eq!(parts(text, 10, Strip::default()), ["One.", "Two.", "Three."]);
/// ```
#[must_use]
pub fn parts(text: &str, max_chars: usize, strip: Strip) -> Vec<&str> {
    let text = text.trim();
    if text.is_empty() {
        return Vec::new();
    }
    if text.chars().count() <= max_chars {
        return vec![text];
    }
    let (mut parts, mut at) = (Vec::new(), 0);
    for gap in unsaid(text, strip) {
        let inside = text.get(gap.clone()).unwrap_or_default();
        if inside.starts_with("<!--") && inside.chars().count() <= max_chars / COMMENT_SHARE {
            continue;
        }
        parts.extend(of_stretch(text.get(at..gap.start).unwrap_or_default(), max_chars));
        at = gap.end;
    }
    parts.extend(of_stretch(text.get(at..).unwrap_or_default(), max_chars));
    if parts.is_empty() { vec![text] } else { parts }
}

/// The parts of a text all of which is said, or none.
fn of_stretch(text: &str, max_chars: usize) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    for part in pack(text, max_chars) {
        let before = parts.last().copied().filter(|before| is_bare(before) || is_bare(part));
        let Some(before) = before else {
            parts.push(part);
            continue;
        };
        parts.pop();
        let last = if is_bare(before) { before } else { last_words(before) };
        let at = start_in(text, last);
        let rest = text.get(start_in(text, before)..at).unwrap_or_default().trim_end();
        parts.extend(Some(rest).filter(|rest| !rest.is_empty()));
        parts.extend(text.get(at..start_in(text, part) + part.len()));
    }
    // Between two stretches that aren't said, tags have no words to go with; a pause is heard alone.
    parts.retain(|part| !is_bare(part) || has_pauses_alone(part));
    parts
}

/// The end of a part, that goes with the tag behind it: some whole sentences, if it has several.
fn last_words(part: &str) -> &str {
    let halves = pack(part, part.chars().count().div_ceil(2));
    halves.into_iter().next_back().filter(|half| !is_bare(half)).unwrap_or(part)
}

/// Whether a part has nothing but tags and pauses.
fn is_bare(part: &str) -> bool {
    let mut at = 0;
    let blank = |from: usize, to: usize| part.get(from..to).is_none_or(|between| between.trim().is_empty());
    for range in markup_ranges(part) {
        if !blank(at, range.start) {
            return false;
        }
        at = at.max(range.end);
    }
    at > 0 && blank(at, part.len())
}

/// Whether all markup of a part is pauses.
fn has_pauses_alone(part: &str) -> bool {
    let mut all = markup_ranges(part).filter_map(|range| part.get(range));
    all.all(|mark| mark.starts_with('[') || mark.starts_with("<break"))
}

/// Where a slice of a text begins in it.
fn start_in(text: &str, slice: &str) -> usize {
    slice.as_ptr().addr().saturating_sub(text.as_ptr().addr())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MARKDOWN: Strip = Strip { markdown: true, emoji: false };

    #[test]
    fn what_is_not_said_is_in_no_part() {
        let one = "Words of one sentence.";
        for (text, strip) in [
            (format!("{one}\n```\nlet a = 1.\nlet b = 2.\n```\n{one}"), MARKDOWN),
            (format!("{one}<think>Hm. So. Well. And on. And on.</think>{one}"), MARKDOWN),
            (format!("{one}<script>a(1. ); b(2. ); c(3. )</script>{one}"), Strip::default()),
            (format!("{one} <!-- Not. This. One. --> {one}"), Strip::default()),
        ] {
            assert_eq!(parts(&text, 25, strip), [one, one], "{text}");
        }
        let kept = format!("{one} <!-- Not. This. --> {one} {one} {one} {one}");
        let found = parts(&kept, 100, Strip::default());
        assert!(found.len() == 2 && found[0].contains("<!-- Not. This. -->"), "{found:?}");
    }

    #[test]
    fn a_short_text_is_one_part_and_so_is_one_without_words() {
        assert_eq!(parts("a <think>b</think> c", 100, MARKDOWN), ["a <think>b</think> c"]);
        let thought = format!("<think>{}</think>", "So. ".repeat(20));
        assert_eq!(parts(&thought, 10, MARKDOWN), [&*thought]);
        assert_eq!(parts(" \n", 10, MARKDOWN), [""; 0]);
    }

    #[test]
    fn a_tag_takes_words_along() {
        assert_eq!(parts("एक है। दो है। तीन। <happy>", 19, MARKDOWN), ["एक है। दो है।", "तीन। <happy>"]);
        assert_eq!(parts("<happy> abcdefghijklmnop", 17, MARKDOWN), ["<happy> abcdefghijklmnop"]);
        let between = "One is here.\n```\na\n```\n\n<happy>\n\n```\nb\n```\nTwo is here.";
        assert_eq!(parts(between, 20, MARKDOWN), ["One is here.", "Two is here."]);
    }

    proptest! {
        /// Without what isn't said, it is what `pack` makes, but for tags that go with others.
        #[test]
        fn parts_are_the_text(
            text in "([a-d,. \n]|[क-ह][ािीु्]?|। |<[a-e]{1,5}>|\\[pause\\]|<!-- a\\. -->|```|<think>|</think>){0,80}",
            max in 5_usize..40,
        ) {
            let found = parts(&text, max, MARKDOWN);
            let mut at = 0;
            for part in &found {
                prop_assert_eq!(*part, part.trim());
                let start = start_in(&text, part);
                prop_assert!(start >= at, "{:?} in {:?}", part, text);
                at = start + part.len();
            }
            prop_assert!(found.len() == 1 || found.iter().all(|part| !is_bare(part) || part.contains('[')));
        }
    }
}
