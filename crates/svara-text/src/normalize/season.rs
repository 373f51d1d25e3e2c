//! A year and the next: `2023/24`, `2004-05`, `२०८०/०८१`.

use super::{
    cursor::Cursor,
    endings::ordinal,
    year::{of_four_digits, year_in_words},
};
use crate::{
    languages::Words,
    number::{Numeral, cardinal},
    writing::WritingSystem,
};

/// A year and the next behind a slash, or behind a dash where the next one begins with a zero: `2023/24`, `2004-05`.
pub(super) fn business_year(
    first: &Numeral,
    cursor: &mut Cursor<'_>,
    words: &'static Words,
) -> Option<String> {
    let from = of_four_digits(first).filter(|from| (1900..2100).contains(from))?;
    let mut ahead = *cursor;
    let slash = ahead.eat("/");
    if !slash {
        let danda = words.calendar.bikram_sambat.is_some();
        ahead.eat_if(|c| matches!(c, '-' | '–') || (danda && c == '।'))?;
    }
    let mut long = ahead;
    if let Some(second) = long.digits(3, 3).filter(|_| words.calendar.bikram_sambat.is_some()) {
        // Nepal writes three digits: "२०८०/०८१".
        let fits = second.starts_with('0') && second.parse() == Ok((from + 1) % 1000) && long.at_word_end();
        *cursor = if fits { long } else { return None };
        return Some(format!("{}-{}", year_in_words(from, words), cardinal((from + 1) % 100, words)));
    }
    let second = u64::from(ahead.number(2, 2)?);
    let typed = ahead;
    // Behind a dash, only these years begin with a zero: "2004-05", "1999-00".
    let dash = !slash && (second < 10 || cursor.rest().starts_with('।'));
    let fits = second == (from + 1) % 100 && (slash && second != 0 || dash);
    let last = two_digits(second, from + 1, words);
    let last = if slash { last } else { ordinal(&Numeral::of(second), &mut ahead, words).unwrap_or(last) };
    // Endings will melt into it.
    let ends = ahead.at_word_end() || (!slash && ahead.peek().is_some_and(WritingSystem::is_indic));
    let mut after = typed;
    let runs_on = after.eat_if(|c| "/.:-".contains(c)).is_some() && (slash || after.at_digit());
    if !fits || !ends || runs_on {
        return None;
    }
    *cursor = ahead;
    Some(format!("{}-{last}", year_in_words(from, words)))
}

/// A year without its century.
fn two_digits(rest: u64, year: u64, words: &Words) -> String {
    match (rest, words.clock.few_minutes) {
        (0, _) => year_in_words(year, words),
        // "oh five", as in times
        (1..10, Some(template)) => template.replace("{m}", &cardinal(rest, words)),
        _ => cardinal(rest, words),
    }
}
