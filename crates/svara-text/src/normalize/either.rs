//! Two numbers with a slash that are no fraction: "2/3 दिन" are two or three days, and "७/१२ उतारा" is a land record.

use super::{cursor::Cursor, spelling::is_one_of, words::before_noun};
use crate::{
    languages::{ALSO_PARTS, ONE_OR_OTHER, Words},
    number::cardinal,
    writing::WritingSystem,
};

/// The greatest of two such numbers.
const GREATEST: u64 = 100;

/// Says the numbers before what follows at `end`.
pub(super) fn recognize(first: u64, second: u64, end: &Cursor<'_>, words: &Words) -> Option<String> {
    if let Some(record) = record(first, second, end, words) {
        return Some(record.to_owned());
    }
    let about = words.idiom?.about;
    let noun = noun(end)?;
    let parts = first < 5 && is_one_of(noun, ALSO_PARTS);
    // "1/2 दिन" may be half a day, and "10/15 दिन" ten or fifteen.
    let step = second.checked_sub(first)?;
    let near = first > 1 && matches!(step, 1 | 2);
    let round = first >= 10 && first.is_multiple_of(5) && step == 5;
    (!parts && second <= GREATEST && (near || round)).then(|| {
        let second = before_noun(cardinal(second, words), words);
        about.replace("{a}", &cardinal(first, words)).replace("{b}", &second)
    })
}

/// Whether such a noun follows.
pub(super) fn is_noun(end: &Cursor<'_>) -> bool {
    noun(end).is_some_and(|noun| !ALSO_PARTS.contains(&noun))
}

/// The noun that follows, which may be glued to the number: "৪/৫টি".
fn noun<'t>(end: &Cursor<'t>) -> Option<&'t str> {
    let mut ahead = *end;
    ahead.eat_space();
    let typed = ahead.word();
    let known = typed.starts_with(WritingSystem::is_indic) && is_one_of(typed, ONE_OR_OTHER);
    known.then_some(typed)
}

/// The name of a record, if its noun is one of the next two words.
fn record(first: u64, second: u64, end: &Cursor<'_>, words: &Words) -> Option<&'static str> {
    let records = words.context.records;
    if !records.iter().any(|(a, b, ..)| (*a, *b) == (first, second)) {
        return None;
    }
    let mut ahead = *end;
    for _ in 0..2 {
        ahead.eat_space();
        let word = ahead.word();
        let mut named = records.iter().filter(|(a, b, ..)| (*a, *b) == (first, second));
        if let Some((.., name)) = named.find(|(_, _, noun, _)| word.starts_with(noun)) {
            return Some(name);
        }
        ahead.skip(word.len());
    }
    None
}
