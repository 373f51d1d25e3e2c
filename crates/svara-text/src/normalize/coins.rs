//! Sums whose currency is a word, and signs without a sum.

use super::{
    cursor::{Cursor, is_letter},
    place::{Found, Place},
    scale::Amount,
};
use crate::languages::{Currency, Words};

/// The sign of the rupee without a sum, as heads of tables have it: "(₹ करोड़ में)".
pub(super) fn sign_alone(place: Place<'_>) -> Option<Found> {
    let behind = place.rest.strip_prefix('₹')?;
    let alone = place.before.is_none_or(|c| c.is_whitespace() || c == '(');
    let word = behind.strip_prefix(' ').is_some_and(|rest| rest.starts_with(is_letter));
    let name = place.words.money.first()?.unit.many;
    (alone && word).then(|| Found::new('₹'.len_utf8(), name.to_owned()))
}

/// Reads the name of a currency behind a sum with two decimals, which are coins then: "96.72 रुपये".
pub(super) fn eat_named(amount: &Amount, cursor: &mut Cursor<'_>, words: &Words) -> Option<Currency> {
    let two = amount.numeral.fraction.as_deref().is_some_and(|fraction| fraction.len() == 2);
    let mut ahead = *cursor;
    if !two || amount.scale.is_some() || !ahead.eat_space() {
        return None;
    }
    let found = Currency::common().find(|currency| {
        let (noun, _) = currency.name(words);
        // Other spellings, but not the beginnings and cases of the word.
        let spellings = words.context.spellings.first().filter(|_| *currency == Currency::RUPEE);
        let other = spellings.into_iter().copied().flatten().copied();
        let other = other
            .filter(|word| word.chars().count() <= noun.many.chars().count() && !noun.many.starts_with(word));
        ahead.eat_word([noun.one, noun.many].into_iter().chain(other))
    })?;
    *cursor = ahead;
    Some(found)
}
