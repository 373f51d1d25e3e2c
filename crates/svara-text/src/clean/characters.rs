//! Characters that are nothing to say, and characters that stand for others.

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::edits::{Edited, Editor};

/// Removes control characters and sequences, marks of direction and other invisible ones, and writes every kind of white
/// space, hyphen, digit and letter of compatibility in the usual way.
///
/// Joiners (U+200C, U+200D) stay: whether they mean something shows in what is around them when all else is done.
pub(super) fn fold(text: &str) -> Edited<'_> {
    let mut editor = Editor::new(text);
    let mut at = 0;
    let mut before = None;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        // What needs no look: most of most texts.
        let plain = rest.find(|c: char| !is_plain(c)).unwrap_or(rest.len());
        if plain > 0 {
            before = rest.get(..plain).and_then(|plain| plain.chars().next_back());
            at += plain;
            continue;
        }
        let Some(c) = rest.chars().next() else { break };
        let next = at + c.len_utf8();
        let (len, with) = match c {
            '\u{1b}' | '\u{90}' | '\u{9b}' | '\u{9d}' => (sequence_len(rest), Some("")),
            '\r' if rest.starts_with("\r\n") => (1, Some("")),
            // A keycap is its digit.
            '\u{20e3}' if before.is_some_and(|c| c.is_ascii()) => (c.len_utf8(), Some("")),
            // It asks for a picture of what stands before it.
            '\u{fe0f}' if before.is_some_and(|c| c >= '\u{a9}') => (c.len_utf8(), None),
            _ => (c.len_utf8(), replacement(c)),
        };
        if let Some(with) = with {
            editor.replace(at..at + len, with);
        } else if let Some(usual) = compatible(c) {
            editor.replace(at..next, &usual);
        } else {
            before = Some(c);
        }
        at += len;
    }
    editor.finish()
}

/// Whether `c` stays in any case.
const fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~' | '\n' | '\t' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{34e}' | '\u{350}'..='\u{61b}' | '\u{61d}'..='\u{115e}' | '\u{1161}'..='\u{167f}')
}

/// What is said in the place of `c`, if it isn't `c`.
fn replacement(c: char) -> Option<&'static str> {
    match c {
        '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some("\n"),
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(" "),
        '\u{2010}' | '\u{2011}' => Some("-"),
        // Soft hyphen, joiners of graphemes and words, direction, fillers, variants, tags, private use, and what stands
        // for damaged text.
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{e000}'..='\u{f8ff}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{ffff}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{10ffff}' => Some(""),
        c if c.is_control() => Some(""),
        _ => None,
    }
}

/// The usual form of digits, letters and units that were made for the sake of other encodings.
fn compatible(c: char) -> Option<String> {
    // Dingbats of digits have no form of compatibility.
    for first in ['\u{2776}', '\u{2780}', '\u{278a}'] {
        if let Some(value) = u32::from(c).checked_sub(u32::from(first)).filter(|value| *value < 10) {
            return Some((value + 1).to_string());
        }
    }
    let is_compatible = matches!(
        c,
        '\u{2100}'..='\u{2121}'
            | '\u{2123}'..='\u{214e}'
            | '\u{2160}'..='\u{217f}'
            | '\u{2460}'..='\u{24ea}'
            | '\u{3371}'..='\u{33df}'
            | '\u{fb00}'..='\u{fb06}'
            | '\u{ff01}'..='\u{ffee}'
            | '\u{1d400}'..='\u{1d7ff}'
            | '\u{1f100}'..='\u{1f12b}'
    );
    if !is_compatible || matches!(c, '\u{2120}' | '\u{2122}') {
        return None;
    }
    let mut letters = [0; 4];
    let typed: &str = c.encode_utf8(&mut letters);
    let usual = ComposingNormalizerBorrowed::new_nfkc().normalize(typed);
    if usual == typed {
        return None;
    }
    let is_unit = matches!(c, '\u{3371}'..='\u{33df}');
    let power = usual.chars().next_back().and_then(|last| match last {
        '2' if is_unit => Some('²'),
        '3' if is_unit => Some('³'),
        _ => None,
    });
    Some(match power {
        Some(power) => usual.chars().take(usual.chars().count() - 1).chain([power]).collect(),
        None => usual.into_owned(),
    })
}

/// The length in bytes of the terminal's control sequence (ECMA-48) that `rest` starts with.
fn sequence_len(rest: &str) -> usize {
    let mut chars = rest.char_indices().peekable();
    let first = chars.next().map(|(_, c)| c);
    let kind = match first {
        Some('\u{9b}') => '[',
        Some('\u{9d}' | '\u{90}') => ']',
        _ => match chars.next_if(|(_, c)| (' '..='~').contains(c)) {
            Some((_, c)) => c,
            None => return 1,
        },
    };
    let here = |chars: &mut std::iter::Peekable<std::str::CharIndices>| {
        chars.peek().map_or(rest.len(), |(at, _)| *at)
    };
    match kind {
        '[' => {
            while chars.next_if(|(_, c)| (' '..='?').contains(c)).is_some() {}
            chars.next_if(|(_, c)| ('@'..='~').contains(c));
            here(&mut chars)
        }
        // A string, which ends at BEL or ST; if neither comes, at the end of the line.
        ']' | 'P' | 'X' | '^' | '_' => {
            while chars.next_if(|(_, c)| !matches!(c, '\u{7}' | '\u{1b}' | '\u{9c}' | '\n' | '\r')).is_some()
            {
            }
            match chars.peek() {
                Some((_, '\u{7}' | '\u{9c}')) => {
                    chars.next();
                    here(&mut chars)
                }
                Some((at, '\u{1b}')) if rest.get(*at..).is_some_and(|end| end.starts_with("\u{1b}\\")) => {
                    at + 2
                }
                _ => here(&mut chars),
            }
        }
        // Intermediate bytes, then a final one.
        ' '..='/' => {
            while chars.next_if(|(_, c)| (' '..='/').contains(c)).is_some() {}
            chars.next_if(|(_, c)| ('0'..='~').contains(c));
            here(&mut chars)
        }
        _ => here(&mut chars),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nothing_to_say_goes() {
        for (typed, said) in [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]8;;https://a.in\u{1b}\\link\u{1b}]8;;\u{7}!", "link!"),
            ("\u{9b}1;32mgreen\u{1b}(B", "green"),
            ("bell\u{7} nul\u{0} esc\u{1b}", "bell nul esc"),
            ("\u{202a}+91 98230 12345\u{202c}", "+91 98230 12345"),
            ("soft\u{ad}hyphen, zero\u{200b}width\u{feff}", "softhyphen, zerowidth"),
            ("a\r\nb\rc\u{2028}d", "a\nb\nc\nd"),
            ("a\u{a0}b\u{3000}c", "a b c"),
            ("+91\u{2011}98230", "+91-98230"),
            ("1\u{fe0f}\u{20e3} and #\u{20e3}", "1 and #"),
            ("dam\u{fffd}aged \u{e000}", "damaged "),
            ("\u{3164}fil\u{115f}\u{1160}lers\u{ffa0}\u{17b4}\u{1d173}", "fillers"),
        ] {
            assert_eq!(fold(typed).text, said, "{typed:?}");
        }
    }

    #[test]
    fn other_forms_of_letters_and_digits_become_the_usual_ones() {
        for (typed, said) in [
            ("９８７", "987"),
            ("（ａ）！", "(a)!"),
            ("５ ㎞, ７ ㎡, 30 ℃, № 5", "5 km, 7 m², 30 °C, No 5"),
            ("𝐁𝐨𝐥𝐝 𝟏𝟐", "Bold 12"),
            ("① ❷ Ⅳ ﬁn", "1 2 IV fin"),
            ("½ m² ™ © € → ₹", "½ m² ™ © € → ₹"),
        ] {
            assert_eq!(fold(typed).text, said, "{typed:?}");
        }
    }
}
