//! Powers in HTML: the 6 of `10<sup>6</sup>`, the 2 of `x<sup>2</sup>`.

use std::ops::Range;

use crate::writing::digit_value;

const END: &str = "</sup>";

/// The length of a power behind `tag`, with its end tag, and its digits. Behind a word or a year they number a note.
pub(super) fn read<'t>(text: &'t str, tag: &Range<usize>) -> Option<(usize, &'t str)> {
    let before = text.get(..tag.start)?;
    let count = |is: fn(char) -> bool| before.chars().rev().take(5).take_while(|c| is(*c)).count();
    let digits = count(|c| digit_value(c).is_some());
    let letters = count(|c| c.is_ascii_alphabetic());
    let year = digits == 4 && is_year(before);
    let rest = text.get(tag.end..)?;
    let len = rest.bytes().take(4).take_while(|byte| byte.is_ascii_digit() || *byte == b'-').count();
    let power = rest.get(..len).filter(|power| !power.is_empty())?;
    let end = rest.get(len..)?.get(..END.len())?;
    let fits = (digits > 0 && !year) || (1..=2).contains(&letters);
    (fits && end.eq_ignore_ascii_case(END)).then_some((len + END.len(), power))
}

/// Whether the four digits at the end of `text` look like a year.
fn is_year(text: &str) -> bool {
    let digits = text.get(text.len().saturating_sub(4)..).unwrap_or_default();
    matches!(digits.get(..2), Some("19" | "20"))
}

/// The raised form of a digit or a minus.
pub(super) const fn superscript(c: char) -> Option<char> {
    Some(match c {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        _ => return None,
    })
}
