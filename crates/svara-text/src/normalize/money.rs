//! Sums of money.

use super::{
    cursor::{Cursor, is_dash, is_letter},
    endings::joined,
    place::{Found, Place},
    quotient,
    scale::{Amount, range},
    unit::per,
    words::{before_noun, counted, form},
};
use crate::{
    languages::{Currency, Noun, Words},
    number::{Numeral, cardinal},
    writing::digit_value,
};

/// Short English words for what a sum is paid for, besides units.
const PER: [(&str, &str); 5] =
    [("mo", "month"), ("wk", "week"), ("d", "day"), ("pc", "piece"), ("pp", "person")];

/// `₹1,50,000`, `Rs. 500/-`, `-$12.50`, `₹1.5 लाख`, `₹2 लाख करोड़`, `₹5Cr`, `₹500-1000`, `₹.50`, `500₹`, `500/-`,
/// `₹50/kg`.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    let words = place.words;
    let mut cursor = place.cursor();
    let mut negative = place.sign_allowed() && eat_minus(&mut cursor);
    let sign = eat_sign_before(&mut cursor);
    if sign.is_some() {
        cursor.eat_space();
        negative |= eat_minus(&mut cursor);
    }
    let first = match sign.filter(|_| cursor.eat(".")) {
        Some(_) => Amount::plain(Numeral::below_one(cursor.rest())?),
        None => Amount::plain(Numeral::parse(cursor.rest())?),
    };
    cursor.skip(first.numeral.len);
    let from = Amount::eat_scale(first.numeral, &mut cursor, sign.is_some(), words);
    let to = eat_range_end(&from, sign, &mut cursor, words);
    let currency = match sign {
        Some(currency) => {
            let _ = cursor.eat("/-") || cursor.eat("/=");
            // Some type the sign on both sides.
            let _ = eat_sign_behind(&mut cursor).is_some_and(|behind| behind == currency);
            currency
        }
        None => {
            let noun = words.context.spellings.first().copied().unwrap_or_default();
            if to.is_none() && place.behind_word(noun) && cursor.eat("/-") {
                // "रुपये 500/-"
                return Some(Found::new(cursor.at(), from.spoken(words)));
            }
            let currency = eat_sign_behind(&mut cursor)?;
            // "500/- रु."
            let _ = eat_sign_behind(&mut cursor).is_some_and(|behind| behind == currency);
            currency
        }
    };
    let (unit, hundredth) = currency.name(words);
    let mut spoken = sum(to.as_ref().unwrap_or(&from), unit, hundredth, words);
    if let Some(name) = eat_per(&mut cursor, words) {
        spoken = per(&spoken, name, words);
    }
    if let Some(to) = &to {
        // In "₹10-15 लाख", the scale is that of both.
        let first = if from.numeral.fraction.is_some() && from.scale.is_none() && to.scale.is_none() {
            sum(&from, unit, hundredth, words)
        } else if from.scale.is_none() || to.scale.is_none() {
            from.numeral.spoken(words)
        } else {
            from.spoken(words)
        };
        spoken = range(first, &spoken, words.signs.range, words);
    }
    let minus = if negative { format!("{} ", words.signs.minus) } else { String::new() };
    Some(Found::named(cursor.at(), format!("{minus}{spoken}")))
}

fn eat_minus(cursor: &mut Cursor<'_>) -> bool {
    cursor.eat_if(|c| matches!(c, '-' | '\u{2212}')).is_some()
}

fn eat_sign_before(cursor: &mut Cursor<'_>) -> Option<Currency> {
    let (currency, len) = Currency::before(cursor.rest())?;
    cursor.skip(len);
    Some(currency)
}

fn eat_sign_behind(cursor: &mut Cursor<'_>) -> Option<Currency> {
    let mut ahead = *cursor;
    if ahead.eat("/-") {
        *cursor = ahead;
        return Some(Currency::RUPEE);
    }
    ahead.eat_space();
    let (currency, len) = Currency::behind(ahead.rest())?;
    ahead.skip(len);
    // In "5 $10", the sign belongs to the 10.
    let next = ahead.rest().trim_start().starts_with(|c| digit_value(c).is_some());
    if next || !ahead.at_word_end() {
        return None;
    }
    *cursor = ahead;
    Some(currency)
}

/// The end of a range: `-1000` and `-₹1,000` behind `₹500`, `-15 लाख` behind `₹10`.
fn eat_range_end(
    from: &Amount,
    sign: Option<Currency>,
    cursor: &mut Cursor<'_>,
    words: &Words,
) -> Option<Amount> {
    let mut ahead = *cursor;
    let spaced = ahead.eat_space();
    ahead.eat_if(is_dash)?;
    if spaced != ahead.eat_space() {
        return None;
    }
    let repeated = eat_sign_before(&mut ahead);
    if repeated.is_some() {
        ahead.eat_space();
    }
    if repeated != sign && repeated.is_some() {
        return None;
    }
    let to = Amount::eat(&mut ahead, true, words)?;
    let (a, b) = (from.numeral.value()?, to.numeral.value()?);
    let fits = a < b || (repeated.is_some() && from.scale.is_none()) || to.scale.is_some();
    let mut after = ahead;
    let runs_on = after.eat_if(|c| is_dash(c) || "/.:".contains(c)).is_some() && after.at_digit();
    // "₹500 - ₹50 = ₹450"
    let runs_on = runs_on || (after.eat_space() && after.eat("="));
    let surely = sign.is_some() || eat_sign_behind(&mut { ahead }).is_some();
    (fits && !runs_on && surely).then(|| {
        *cursor = ahead;
        to
    })
}

/// What a sum is paid for: `/kg`, `/किलो`, `/mo`.
fn eat_per(cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let mut ahead = *cursor;
    if words.calendar.ordinal_day && ahead.eat_space() && ahead.eat("p.m.") && !ahead.at_digit() {
        *cursor = ahead;
        return Some("month".to_owned());
    }
    ahead = *cursor;
    if !ahead.eat("/") {
        return None;
    }
    ahead.eat_space();
    let mut behind = ahead;
    if let Some(name) = quotient::eat_name(&mut behind, words) {
        *cursor = behind;
        return Some(name);
    }
    let word = ahead.word();
    // A word in capitals or with a point is an abbreviation of its own.
    if !word.starts_with(is_letter) || word.contains(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    ahead.skip(word.len());
    // Nor is the beginning of an address or of a path.
    if ahead.rest().starts_with(['.', ':', '/']) {
        return None;
    }
    *cursor = ahead;
    let english = PER.iter().find(|(short, _)| *short == word && words.calendar.ordinal_day);
    Some(english.map_or(word, |(_, long)| long).to_owned())
}

/// The sum in words.
fn sum(amount: &Amount, unit: Noun, hundredth: Option<Noun>, words: &Words) -> String {
    let numeral = &amount.numeral;
    if amount.scale.is_some() {
        let counted = counted(&amount.spoken(words), unit.many);
        return if amount.ending.is_empty() { counted } else { joined(counted, amount.ending, words) };
    }
    let hundredths =
        hundredth.and_then(|noun| Some((numeral.fraction.as_deref().and_then(hundredths)?, noun)));
    match (numeral.quantity(), hundredths) {
        (Some(0), Some((count @ 1.., noun))) => part(count, noun, words),
        (Some(units), Some((count, noun))) => {
            let whole = part(units, unit, words);
            if count == 0 { whole } else { format!("{whole} {}", part(count, noun, words)) }
        }
        _ => counted(&before_noun(numeral.spoken(words), words), form(unit, numeral.whole())),
    }
}

fn part(count: u64, noun: Noun, words: &Words) -> String {
    counted(&before_noun(cardinal(count, words), words), form(noun, Some(count)))
}

/// `5` and `50` are fifty hundredths. Longer fractions aren't coins.
fn hundredths(fraction: &str) -> Option<u64> {
    match fraction.len() {
        1 => fraction.parse::<u64>().ok().map(|tenths| tenths * 10),
        2 => fraction.parse().ok(),
        _ => None,
    }
}
