//! Sums of money.

use super::{
    cursor::{Cursor, is_dash, is_letter, is_wordish},
    endings::{joined, takes_ending},
    place::{Found, Place},
    price, quotient,
    scale::{Amount, idiomatic, range},
    unit::per,
    words::{UP_TO, before_noun, counted, counted_form, form, hundredths, part},
};
use crate::{
    languages::{Currency, Noun, Unit, Words},
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
    let mut negative = cursor.peek().is_some_and(is_minus) && place.sign_allowed() && eat_minus(&mut cursor);
    let sign = eat_sign_before(&mut cursor, words);
    if sign.is_some() {
        cursor.eat_space();
        negative |= eat_minus(&mut cursor);
    }
    let first = match sign.filter(|_| cursor.eat(".")) {
        Some(_) => Amount::plain(Numeral::below_one(cursor.rest())?),
        None => Amount::plain(Numeral::parse(cursor.rest())?),
    };
    cursor.skip(first.numeral.len);
    let mut from = Amount::eat_scale(first.numeral, &mut cursor, sign.is_some(), words);
    // "₹500+ करोड़"
    let early =
        from.scale.is_none() && sign.is_some() && eat_scale_behind_plus(&mut from, &mut cursor, words);
    let to = if early { None } else { eat_range_end(&from, sign, &mut cursor, words) };
    // "₹5 से 10 लाख"
    let linked = if early || to.is_some() { None } else { eat_linked_end(&from, sign, &mut cursor, words) };
    let (link, to) = linked.map_or((None, to), |(link, to)| (Some(link), Some(to)));
    let currency = match sign {
        Some(currency) => {
            let _ = eat_only(&mut cursor) || cursor.eat("/=");
            // Some type the sign on both sides.
            let _ = eat_sign_behind(&mut cursor, words).is_some_and(|behind| behind == currency);
            if from.numeral.fraction.is_some() && from.scale.is_none() && to.is_none() {
                price::eat_word(currency, &mut cursor, words);
            }
            currency
        }
        None => {
            let noun = words.context.spellings.first().copied().unwrap_or_default();
            if to.is_none() && place.behind_word(noun) && eat_only(&mut cursor) {
                // "रुपये 500/-"
                return Some(Found::new(cursor.at(), from.spoken(words)));
            }
            if to.is_none()
                && !negative
                && let Some(found) = price::before_word(&from, cursor, words)
            {
                return Some(found);
            }
            let currency = eat_sign_behind(&mut cursor, words)?;
            // "500/- रु."
            let _ = eat_sign_behind(&mut cursor, words).is_some_and(|behind| behind == currency);
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
            let idiom = if to.scale.is_some() { idiomatic(&from.numeral, words) } else { None };
            idiom.unwrap_or_else(|| from.numeral.spoken(words))
        } else {
            from.spoken(words)
        };
        spoken = match link {
            Some(link) => format!("{first} {link} {spoken}"),
            // "₹2-2 लाख" are two lakhs each.
            None if from.numeral.value() == to.numeral.value() => format!("{first}-{spoken}"),
            None => range(first, &spoken, words.signs.range, words),
        };
    }
    let minus = if negative { format!("{} ", words.signs.minus) } else { String::new() };
    if early || eat_plus(&mut cursor) {
        return Some(Found::new(cursor.at(), format!("{minus}{spoken} {}", words.signs.plus)));
    }
    Some(Found::named(cursor.at(), format!("{minus}{spoken}")))
}

/// Reads the scale word behind the plus sign of `₹500+ करोड़`.
fn eat_scale_behind_plus(amount: &mut Amount, cursor: &mut Cursor<'_>, words: &Words) -> bool {
    let mut ahead = *cursor;
    if !ahead.eat("+") {
        return false;
    }
    let scaled = Amount::eat_scale(amount.numeral.clone(), &mut ahead, true, words);
    if scaled.scale.is_none() {
        return false;
    }
    (*amount, *cursor) = (scaled, ahead);
    true
}

/// Reads a plus sign that ends a sum, or stands before what is added to it: `₹500 करोड़+`, `₹500 + GST`.
fn eat_plus(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    let spaced = ahead.eat_space();
    if !ahead.eat("+") {
        return false;
    }
    let ends = !spaced && !ahead.peek().is_some_and(|c| is_wordish(c) || Currency::is_sign(c) || c == '+');
    let mut behind = ahead;
    let added = behind.eat_space() == spaced && behind.peek().is_some_and(|c| c.is_ascii_uppercase());
    if ends || added {
        *cursor = ahead;
    }
    ends || added
}

fn eat_minus(cursor: &mut Cursor<'_>) -> bool {
    cursor.eat_if(is_minus).is_some()
}

const fn is_minus(c: char) -> bool {
    matches!(c, '-' | '\u{2212}')
}

/// Reads the sign before a sum, with the marks that belong to it.
fn eat_sign_before(cursor: &mut Cursor<'_>, words: &Words) -> Option<Currency> {
    let (currency, len) = Currency::before(cursor.rest())?;
    let sign = cursor.rest().get(..len)?;
    cursor.skip(len);
    if currency.takes_marks() {
        eat_marks(sign, cursor, words);
    }
    Some(currency)
}

/// Reads what India types between the sign of a rupee and the sum: the stop of `₹.500`, the hyphen of `Rs-500`, the colon of
/// `Rs: 500` and `Rs :-500`.
fn eat_marks(sign: &str, cursor: &mut Cursor<'_>, words: &Words) {
    let hyphen = |c| is_dash(c) && c != '\u{2212}';
    let mut ahead = *cursor;
    if !sign.ends_with('.') && ahead.eat(".") && !is_fraction(ahead, words) && is_before_digit(ahead) {
        *cursor = ahead;
    }
    ahead = *cursor;
    // "₹-500" is a loss, and "RS-500" a model.
    let letters = !sign.ends_with(Currency::is_sign) && !matches!(sign, "RS" | "Re");
    if letters && ahead.eat_if(hyphen).is_some() && ahead.at_digit() {
        *cursor = ahead;
        return;
    }
    ahead = *cursor;
    ahead.eat_space();
    // "Re: 2024 budget" is about something.
    if sign != "Re" && ahead.eat(":") {
        ahead.eat_if(hyphen);
        if is_before_digit(ahead) {
            *cursor = ahead;
        }
    }
}

/// Whether a number follows, behind a space or nothing.
fn is_before_digit(mut cursor: Cursor<'_>) -> bool {
    cursor.eat_space();
    cursor.at_digit()
}

/// Whether the digits behind a sign and a stop are hundredths, as in `₹.50`: two of them, and nothing that makes a greater sum
/// of them.
fn is_fraction(mut cursor: Cursor<'_>, words: &Words) -> bool {
    let start = cursor.at();
    let Some(amount) = Amount::eat(&mut cursor, true, words) else { return false };
    let numeral = &amount.numeral;
    numeral.integer.len() == 2
        && numeral.fraction.is_none()
        && amount.scale.is_none()
        && cursor.at() - start == numeral.len
        && !cursor.rest().starts_with(['/', '+'])
        && !(cursor.eat(",") && cursor.at_digit())
}

/// Reads the mark behind a whole sum: `/-`, with a longer dash, too, and Nepal's `।–`.
fn eat_only(cursor: &mut Cursor<'_>) -> bool {
    if cursor.eat("/-") {
        return true;
    }
    let mut ahead = *cursor;
    let mark = ahead.eat_if(|c| matches!(c, '/' | '।')).is_some() && ahead.eat_if(is_dash).is_some();
    let ends = mark && !ahead.at_digit();
    if ends {
        *cursor = ahead;
    }
    ends
}

fn eat_sign_behind(cursor: &mut Cursor<'_>, words: &Words) -> Option<Currency> {
    let mut ahead = *cursor;
    if ahead.rest().starts_with('/') && eat_only(&mut ahead) {
        *cursor = ahead;
        return Some(Currency::RUPEE);
    }
    ahead.eat_space();
    let (currency, len) = Currency::behind(ahead.rest())?;
    let sign = ahead.rest().get(..len)?;
    ahead.skip(len);
    // In "5 $10", the sign belongs to the 10.
    let next = ahead.rest().trim_start().starts_with(|c| digit_value(c).is_some());
    let ends = ahead.at_word_end()
        || takes_ending(sign, currency.name(words).0.many, &ahead, words)
        || is_before_noun(sign, &ahead, words);
    if next || !ends {
        return None;
    }
    *cursor = ahead;
    Some(currency)
}

/// Whether a word of its own is typed right behind the stop of a short sign, where endings are joined to it: "500 ರೂ.ದಂಡ".
fn is_before_noun(sign: &str, cursor: &Cursor<'_>, words: &Words) -> bool {
    let word = cursor.word();
    let mut behind = *cursor;
    behind.skip(word.len());
    sign.ends_with('.')
        && !sign.is_ascii()
        && words.before_ending.is_empty()
        && word.chars().count() > 2
        && behind.at_word_end()
        && !behind.rest().starts_with('.')
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
    let repeated = eat_sign_before(&mut ahead, words);
    if repeated.is_some() {
        ahead.eat_space();
    }
    if repeated != sign && repeated.is_some() {
        return None;
    }
    let to = Amount::eat(&mut ahead, true, words)?;
    if sign.is_none() && eat_sign_behind(&mut { ahead }, words).is_none() {
        return None;
    }
    let (a, b) = (from.numeral.value()?, to.numeral.value()?);
    let fits = a <= b || (repeated.is_some() && from.scale.is_none()) || to.scale.is_some();
    let mut after = ahead;
    let runs_on = after.eat_if(|c| is_dash(c) || "/.:".contains(c)).is_some() && after.at_digit();
    // "₹500 - ₹50 = ₹450"
    let runs_on = runs_on || (after.eat_space() && after.eat("="));
    (fits && !runs_on).then(|| {
        *cursor = ahead;
        to
    })
}

/// The end of a range behind a word such as "to", where its scale is that of both: `₹5 से 10 लाख`.
fn eat_linked_end<'t>(
    from: &Amount,
    sign: Option<Currency>,
    cursor: &mut Cursor<'t>,
    words: &Words,
) -> Option<(&'t str, Amount)> {
    let mut ahead = *cursor;
    if sign.is_none() || from.scale.is_some() || !ahead.eat_space() {
        return None;
    }
    let link = ahead.word();
    if !ahead.eat_word(UP_TO) || !ahead.eat_space() {
        return None;
    }
    if eat_sign_before(&mut ahead, words).is_some_and(|repeated| Some(repeated) != sign) {
        return None;
    }
    let to = Amount::eat(&mut ahead, true, words).filter(|to| to.scale.is_some())?;
    (from.numeral.value()? < to.numeral.value()?).then(|| {
        *cursor = ahead;
        (link, to)
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
    // "₹12 LPA": lakhs per annum.
    if cursor.read().ends_with('L') && ahead.eat_word(["PA"]) {
        *cursor = ahead;
        return words.loans.units.get(17).map(|year| year.one.to_owned());
    }
    if !ahead.eat("/") {
        return None;
    }
    ahead.eat_space();
    let mut behind = ahead;
    if let Some(name) = quotient::eat_name(&mut behind, words) {
        *cursor = behind;
        return Some(name);
    }
    if let Some(name) = eat_quantity(&mut behind, words) {
        *cursor = behind;
        return Some(name);
    }
    let word = ahead.word();
    // A word in capitals or with a point is an abbreviation of its own.
    if !word.starts_with(is_letter) || word.contains(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    ahead.skip(word.len());
    // Nor is the beginning of an address, of a path or of a code.
    if ahead.rest().starts_with(['.', ':', '/']) || ahead.peek().is_some_and(char::is_numeric) {
        return None;
    }
    *cursor = ahead;
    let english = PER.iter().find(|(short, _)| *short == word && words.calendar.ordinal_day);
    Some(english.map_or(word, |(_, long)| long).to_owned())
}

/// Reads how much a sum is paid for: the "10 ग्राम" of "₹72,650/10 ग्राम". Where "per" is "for one", there is no way to say it.
fn eat_quantity(cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let numeral = Numeral::parse(cursor.rest()).filter(|_| words.signs.per.starts_with("{a}"))?;
    let count = numeral.whole().filter(|count| (1..1000).contains(count))?;
    let mut ahead = *cursor;
    ahead.skip(numeral.len);
    ahead.eat_space();
    let unit = Unit::parse(ahead.rest()).map(|(unit, _)| form(unit.name(words), Some(count)));
    let typed = quotient::eat_name(&mut ahead, words)?;
    *cursor = ahead;
    Some(counted(&before_noun(cardinal(count, words), words), unit.unwrap_or(&typed)))
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
        _ => counted(&counted_form(numeral, words), form(unit, numeral.whole())),
    }
}
