//! Prices with the word for the coin beside them (`96.72 रुपये`, `रुपये 96.50`), and the sign of one without a price.

use super::{
    cursor::{Cursor, is_dash, is_letter},
    place::{Found, Place},
    scale::Amount,
    spelling::prefix_len,
    starts::NAMED_COINS,
    words::{before_noun, hundredths, part},
};
use crate::{
    languages::{Currency, Words},
    number::{Numeral, cardinal},
    writing::digit_value,
};

/// A price of two decimals with the word for the coin behind it. The ending of that word goes to the hundredths.
pub(super) fn before_word(amount: &Amount, mut cursor: Cursor<'_>, words: &Words) -> Option<Found> {
    let price = Price::of(amount)?;
    let number = cursor.at();
    cursor.eat_space();
    let (currency, stem, len) = coin(&cursor, words)?;
    let (unit, hundredth) = currency.name(words);
    let hundredth = hundredth?;
    let whole = part(price.units, unit, words);
    cursor.skip(len);
    let spoken = match (price.units, price.hundredths) {
        // The typed word follows.
        (units @ 1.., 0) => return Some(Found::new(number, before_noun(cardinal(units, words), words))),
        (_, 0) => return None,
        (units, count) => {
            let count = match stem {
                "" => part(count, hundredth, words),
                _ => {
                    let counted = part(count, hundredth, words);
                    let name = if count == 1 { hundredth.one } else { hundredth.many };
                    let ending = cursor.word();
                    cursor.skip(ending.len());
                    format!("{}{stem}{ending}", counted.strip_suffix(name)?)
                }
            };
            if units == 0 { count } else { format!("{whole} {count}") }
        }
    };
    Some(Found::new(cursor.at(), spoken))
}

/// A price of two decimals behind the word for the coin: `रुपये 96.50`.
pub(super) fn behind_word(place: &Place<'_>) -> Option<Found> {
    let words = place.words;
    let mut cursor = place.cursor();
    let (currency, _, len) = coin(&cursor, words)?;
    cursor.skip(len);
    cursor.eat_space().then_some(())?;
    let numeral = Numeral::parse(cursor.rest())?;
    cursor.skip(numeral.len);
    let amount = Amount::eat_scale(numeral, &mut cursor, true, words);
    let price = Price::of(&amount)?;
    let (unit, hundredth) = currency.name(words);
    let behind_number = place
        .words_before()
        .next()
        .is_some_and(|(word, gap)| gap == " " && word.ends_with(|c| digit_value(c).is_some()));
    let mut after = cursor;
    let runs_on =
        after.eat("%") || (after.eat_if(|c| is_dash(c) || ".,:/".contains(c)).is_some() && after.at_digit());
    if price.hundredths == 0 || price.units == 0 || behind_number || runs_on || !cursor.at_word_end() {
        return None;
    }
    let count = part(price.hundredths, hundredth?, words);
    Some(Found::new(cursor.at(), format!("{} {count}", part(price.units, unit, words))))
}

/// Skips the word for a coin behind its sign and a sum with hundredths, which say it already: `₹96.50 रुपये`.
pub(super) fn eat_word(currency: Currency, cursor: &mut Cursor<'_>, words: &Words) {
    let mut ahead = *cursor;
    if !ahead.eat_space() {
        return;
    }
    let Some((typed, _, len)) = coin(&ahead, words) else { return };
    ahead.skip(len);
    if typed == currency && ahead.at_word_end() {
        *cursor = ahead;
    }
}

/// The sign of the rupee without a sum, as heads of tables have it: "(₹ करोड़ में)".
pub(super) fn sign_alone(place: Place<'_>) -> Option<Found> {
    let behind = place.rest.strip_prefix('₹')?;
    let alone = place.before.is_none_or(|c| c.is_whitespace() || c == '(');
    let word = behind.strip_prefix(' ').is_some_and(|rest| rest.starts_with(is_letter));
    let name = place.words.money.first()?.unit.many;
    (alone && word).then(|| Found::new('₹'.len_utf8(), name.to_owned()))
}

struct Price {
    units: u64,
    hundredths: u64,
}

impl Price {
    /// The price, if it has exactly two decimals and no scale word.
    fn of(amount: &Amount) -> Option<Self> {
        let fraction = amount.numeral.fraction.as_deref().filter(|fraction| fraction.len() == 2)?;
        let units = amount.numeral.quantity().filter(|_| amount.scale.is_none())?;
        Some(Self { units, hundredths: hundredths(fraction)? })
    }
}

/// The word for a coin at the cursor: its currency, what is said for it behind the hundredths, and its length.
fn coin(cursor: &Cursor<'_>, words: &Words) -> Option<(Currency, &'static str, usize)> {
    let eat = |word: &str, whole: bool| {
        let len = prefix_len(cursor.rest(), word)?;
        let mut behind = *cursor;
        behind.skip(len);
        (!whole || behind.at_word_end()).then_some(len)
    };
    let named = NAMED_COINS
        .into_iter()
        .find_map(|currency| Some((currency, "", eat(currency.name(words).0.many, true)?)));
    named.or_else(|| {
        words.context.coins.iter().find_map(|&(word, currency, stem)| {
            let whole = word.strip_suffix('|');
            Some((currency, stem, eat(whole.unwrap_or(word), whole.is_some())?))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, languages::Coin};

    #[test]
    fn coins_have_hundredths_and_are_listed_once() {
        let mut twice: Vec<&Coin> = Vec::new();
        for language in Language::ALL {
            let words = Words::of(language);
            for currency in NAMED_COINS {
                let (unit, hundredth) = currency.name(words);
                assert!(hundredth.is_some(), "{language}: {}", unit.many);
                let listed = words.context.coins.iter();
                twice.extend(listed.filter(|(word, ..)| word.strip_suffix('|') == Some(unit.many)));
            }
        }
        assert!(twice.is_empty(), "{twice:?}");
    }
}
