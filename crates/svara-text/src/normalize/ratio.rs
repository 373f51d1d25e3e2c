//! Ratios, which can be no times or have a word beside them that says so: `16:9`, `ratio 3:20`, `3:20 के अनुपात में`.

use super::{
    cursor::{Cursor, is_space, is_wordish},
    place::{Found, Place},
    spelling::{is_one_of, prefix_len},
    time::is_half_day,
    words::led_by,
    year::spoken_year,
};
use crate::{
    languages::{SHARED, Words},
    number::Numeral,
    writing::WritingSystem,
};

/// The most numbers of a ratio, and the most words between it and the word that says so.
const MAX_NUMBERS: usize = 4;
const MAX_WORDS: usize = 3;

/// How many words before numbers that are no time such a word may stand.
const FAR_WORDS: usize = 8;

/// What may stand between such a word and the numbers.
const LINKS: [&str; 14] =
    ["is", "was", "are", "of", "the", "a", "in", "about", "nearly", "है", "था", "का", "की", "के"];

/// The ratio at the place.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    if place.behind_number_and(|c| ".:/,-".contains(c)) {
        return None;
    }
    let words = place.words;
    let mut cursor = place.cursor();
    let mut numbers = vec![eat_number(&mut cursor)?];
    while numbers.len() < MAX_NUMBERS {
        let mut ahead = cursor;
        let spaced = ahead.eat_space();
        if !ahead.eat(":") || ahead.eat_space() != spaced {
            break;
        }
        let Some(number) = eat_number(&mut ahead) else { break };
        numbers.push(number);
        cursor = ahead;
    }
    if numbers.len() < 2 {
        return None;
    }
    let beside = leads_on(&cursor, words);
    // Where the word follows, an ending may come first: "૧:૩ના પ્રમાણમાં".
    let runs_on = cursor.rest().starts_with([':', '/'])
        || !(cursor.at_letters_end() || (beside && cursor.peek().is_some_and(WritingSystem::is_indic)));
    // "9:30" is a time unless the word is right beside it.
    let no_time = numbers.get(1).is_some_and(|number| number.integer.len() != 2);
    let near = |(word, _): (&str, &str)| is_cue(word, words);
    // "1:10,000" is the scale of a map.
    let scale = matches!(numbers.as_slice(), [one, many] if one.integer == "1" && many.grouped);
    let told = scale
        || is_led(&place)
        || beside
        || (no_time && place.words_before().take(FAR_WORDS).any(near))
        || is_bare(&numbers, &place, &cursor);
    if runs_on || !told {
        return None;
    }
    if let [standard, year] = numbers.as_slice()
        && is_of_standard(standard, year)
    {
        let year = spoken_year(&year.integer, words);
        return Some(Found::new(cursor.at(), format!("{}, {year}", standard.spoken(words))));
    }
    let mut spoken = numbers.iter().map(|number| number.spoken(words)).rev();
    let last = spoken.next()?;
    // The word isn't said twice: "3:2 के अनुपात में".
    let template = words.context.ratio_beside.filter(|_| beside).unwrap_or(words.maths.ratio);
    let spoken = spoken.fold(last, |rest, number| template.replace("{a}", &number).replace("{b}", &rest));
    Some(Found::new(cursor.at(), spoken))
}

/// Whether the numbers are those of a standard and its year: "ISO 9001:2015".
fn is_of_standard(standard: &Numeral, year: &Numeral) -> bool {
    standard.whole().is_some_and(|standard| standard >= 100)
        && !standard.grouped
        && year.integer.len() == 4
        && !year.grouped
        && year.whole().is_some_and(|year| (1900..2100).contains(&year))
}

/// Whether the numbers can be nothing else, though no word says so: `16:9`, `70:30`.
fn is_bare(numbers: &[Numeral], place: &Place<'_>, end: &Cursor<'_>) -> bool {
    let [first, second, ..] = numbers else { return false };
    let is_count = |number: &Numeral| number.fraction.is_none() && number.whole().is_some_and(|n| n > 0);
    let parts_of_hundred = numbers.len() == 2
        && first.whole().zip(second.whole()).is_some_and(|(a, b)| a.checked_add(b) == Some(100));
    let typed = end.rest().trim_start_matches(is_space);
    numbers.iter().all(is_count)
        && (second.integer.len() != 2 || parts_of_hundred)
        && !place.before.is_some_and(is_wordish)
        && !is_half_day(end)
        && !place.words.clock.typed.iter().any(|word| typed.starts_with(word))
}

fn eat_number(cursor: &mut Cursor<'_>) -> Option<Numeral> {
    let number = Numeral::parse(cursor.rest())?;
    cursor.skip(number.len);
    Some(number)
}

/// Whether `typed` is a word for a ratio, with any ending.
fn is_cue(typed: &str, words: &Words) -> bool {
    let cues = SHARED.ratios.iter().chain(words.context.ratios);
    !typed.is_empty() && cues.copied().any(|cue| prefix_len(typed, cue).is_some())
}

fn is_led(place: &Place<'_>) -> bool {
    let link = |typed: &str| is_one_of(typed, &LINKS);
    led_by(place, |typed| is_cue(typed, place.words), link, MAX_WORDS)
}

fn leads_on(end: &Cursor<'_>, words: &Words) -> bool {
    let mut ahead = *end;
    (0..MAX_WORDS).any(|_| {
        ahead.eat_if(is_space);
        let word = ahead.word();
        ahead.skip(word.len());
        is_cue(word, words)
    })
}
