//! Prices with the word for the coin beside them: `96.72 रुपये`, `रुपये 96.50`.

use super::{
    cursor::{Cursor, is_dash},
    money::{hundredths, part},
    place::{Found, Place},
    scale::Amount,
    spelling::prefix_len,
    words::before_noun,
};
use crate::{
    languages::{Coin, Currency, Words},
    number::{Numeral, cardinal},
    writing::digit_value,
};

/// A price of two decimals with the word for the coin behind it. The ending of that word goes to the hundredths.
pub(super) fn before_word(amount: &Amount, mut cursor: Cursor<'_>, words: &Words) -> Option<Found> {
    let price = Price::of(amount)?;
    let number = cursor.at();
    cursor.eat_space();
    let (coin, len) = coin(&cursor, words)?;
    let (_, currency, stem) = *coin;
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
    let (coin, len) = coin(&cursor, words)?;
    cursor.skip(len);
    cursor.eat_space().then_some(())?;
    let numeral = Numeral::parse(cursor.rest())?;
    cursor.skip(numeral.len);
    let amount = Amount::eat_scale(numeral, &mut cursor, true, words);
    let price = Price::of(&amount)?;
    let (unit, hundredth) = coin.1.name(words);
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
    let Some((coin, len)) = coin(&ahead, words) else { return };
    ahead.skip(len);
    if coin.1 == currency && ahead.at_word_end() {
        *cursor = ahead;
    }
}

/// Words for coins, by which a word may begin a price.
pub(super) fn begins(words: &'static Words) -> impl Iterator<Item = &'static str> {
    words.context.coins.iter().map(|(word, ..)| word.trim_end_matches('|'))
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

/// The word for a coin at the cursor, and the length of what is said otherwise.
fn coin(cursor: &Cursor<'_>, words: &Words) -> Option<(&'static Coin, usize)> {
    let rest = cursor.rest();
    words.context.coins.iter().find_map(|coin: &Coin| {
        let whole = coin.0.strip_suffix('|');
        let len = prefix_len(rest, whole.unwrap_or(coin.0))?;
        let mut behind = *cursor;
        behind.skip(len);
        (whole.is_none() || behind.at_word_end()).then_some((coin, len))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;

    #[test]
    fn coins_have_hundredths() {
        for language in Language::ALL {
            for (word, currency, _) in Words::of(language).context.coins {
                assert!(currency.name(Words::of(language)).1.is_some(), "{language}: {word}");
            }
            assert!(Words::of(language).context.coins.iter().any(|coin| coin.1 == Currency::RUPEE));
        }
    }
}
