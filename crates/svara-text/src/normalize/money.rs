//! Sums of money.

use super::{
    Found, Place,
    cursor::Cursor,
    quantity::{before_noun, eat_range_end},
    sign_allowed,
};
use crate::{
    languages::{Above, Join, Money, Noun, Scale, Words},
    number::{Numeral, cardinal, replace_end},
};

/// Signs and codes before a sum, each with the index of its currency in [`Words::money`]. Longer ones come first.
const BEFORE: [(&str, usize); 32] = [
    ("₹", 0),
    ("₨", 0),
    ("৳", 0),
    ("Rs.", 0),
    ("Rs", 0),
    ("rs.", 0),
    ("rs", 0),
    ("RS.", 0),
    ("RS", 0),
    ("INR", 0),
    ("रु.", 0),
    ("रू.", 0),
    ("रु", 0),
    ("रू", 0),
    ("રૂ.", 0),
    ("રૂ", 0),
    ("ரூ.", 0),
    ("ரூ", 0),
    ("రూ.", 0),
    ("రూ", 0),
    ("ರೂ.", 0),
    ("ರೂ", 0),
    ("രൂ.", 0),
    ("രൂ", 0),
    ("ਰੁ.", 0),
    ("US$", 1),
    ("USD", 1),
    ("$", 1),
    ("EUR", 2),
    ("€", 2),
    ("GBP", 3),
    ("£", 3),
];

/// Signs behind a sum, with the same indices.
const BEHIND: [(&str, usize); 7] = [("₹", 0), ("৳", 0), ("Rs", 0), ("रु.", 0), ("$", 1), ("€", 2), ("£", 3)];

/// Words for powers of ten that may stand between a sum and its currency. They are said as typed.
/// One list per script.
const SCALES: [&[&str]; 9] = [
    &[
        "hundred", "thousand", "lakh", "lakhs", "lac", "lacs", "crore", "crores", "million", "billion",
        "trillion",
    ],
    &[
        "सौ",
        "हज़ार",
        "ह\u{95B}ार",
        "हजार",
        "लाख",
        "करोड़",
        "करो\u{95C}",
        "करोड",
        "कोटी",
        "कोटि",
        "अरब",
        "खरब",
        "लक्ख",
    ],
    &["হাজার", "হাজাৰ", "লাখ", "লক্ষ", "কোটি"],
    &["હજાર", "લાખ", "કરોડ"],
    &["ਹਜ਼ਾਰ", "ਲੱਖ", "ਕਰੋੜ"],
    &["ஆயிரம்", "லட்சம்", "கோடி"],
    &["వేల", "వేలు", "లక్ష", "లక్షల", "లక్షలు", "కోటి", "కోట్ల", "కోట్లు"],
    &["ಸಾವಿರ", "ಲಕ್ಷ", "ಕೋಟಿ"],
    &["ആയിരം", "ലക്ഷം", "കോടി"],
];

/// `₹1,50,000`, `Rs. 500/-`, `-$12.50`, `₹1.5 लाख`, `₹5Cr`, `₹500-1000`, `500₹`.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    let mut cursor = Cursor::new(place.rest);
    let mut negative = sign_allowed(place.before) && eat_minus(&mut cursor);
    let sign = BEFORE.iter().find(|(sign, _)| cursor.eat(sign));
    if sign.is_some() {
        cursor.eat_if(|c| matches!(c, ' ' | '\u{A0}'));
        negative |= eat_minus(&mut cursor);
    }
    let numeral = Numeral::parse(cursor.rest())?;
    cursor.skip(numeral.len);
    let to = sign.and_then(|_| eat_range_end(&numeral, &mut cursor));
    let scale = eat_scale(&mut cursor, sign.is_some(), place.words);
    let currency = match sign {
        Some((_, currency)) => {
            cursor.eat("/-");
            *currency
        }
        None => eat_sign_behind(&mut cursor)?,
    };
    let money = place.words.money.get(currency)?;
    let mut sum = sum(to.as_ref().unwrap_or(&numeral), scale.as_deref(), money, &cursor, place.words);
    if to.is_some() {
        let signs = &place.words.signs;
        let mut from = numeral.spoken(place.words);
        replace_end(&mut from, signs.range_from);
        sum = signs.range.replace("{a}", &from).replace("{b}", &sum);
    }
    let minus = if negative { format!("{} ", place.words.signs.minus) } else { String::new() };
    Some(Found::new(cursor.at(), format!("{minus}{sum}")))
}

fn eat_minus(cursor: &mut Cursor<'_>) -> bool {
    cursor.eat_if(|c| matches!(c, '-' | '\u{2212}')).is_some()
}

fn eat_sign_behind(cursor: &mut Cursor<'_>) -> Option<usize> {
    let mut ahead = *cursor;
    ahead.eat_if(|c| matches!(c, ' ' | '\u{A0}'));
    let (_, currency) = BEHIND.iter().find(|(sign, _)| ahead.eat(sign))?;
    // In "5 $10", the sign belongs to the 10.
    let next = ahead.rest().trim_start().starts_with(|c| super::digit_value(c).is_some());
    if next || !ahead.at_word_end() {
        return None;
    }
    *cursor = ahead;
    Some(*currency)
}

/// A scale word or, where a currency sign proves that this is a sum, its abbreviation.
fn eat_scale(cursor: &mut Cursor<'_>, surely_money: bool, words: &Words) -> Option<String> {
    let mut ahead = *cursor;
    ahead.eat_if(|c| matches!(c, ' ' | '\u{A0}'));
    let start = ahead;
    let spoken = if ahead.eat_word(SCALES.into_iter().flatten().copied()).is_some() {
        before_noun(start.rest().get(..ahead.at() - start.at())?.to_owned(), words)
    } else if surely_money && let Some(letters) = ahead.eat_word(["Cr", "L", "K", "bn", "B", "mn", "M"]) {
        ahead.eat(".");
        abbreviated(letters, words)
    } else {
        return None;
    };
    *cursor = ahead;
    Some(spoken)
}

fn abbreviated(letters: &str, words: &Words) -> String {
    match letters {
        "bn" | "B" => return "billion".to_owned(),
        "mn" | "M" => return "million".to_owned(),
        _ => {}
    }
    let Above::Descending(parts) = &words.numbers.above else {
        let compound = match letters {
            "Cr" => "कोटि",
            "L" => "लक्षम्",
            _ => "सहस्रम्",
        };
        return compound.to_owned();
    };
    let Scale { word, join, irregular } = match letters {
        "Cr" => parts.crore,
        "L" => parts.lakh,
        _ => parts.thousand,
    };
    // Where the scale melts into its count, the word for one of it stands alone.
    let melts = matches!(join, Join::Melt(_));
    let word = irregular.first().filter(|_| melts).map_or(word.last, |(_, form)| form.last);
    before_noun(word.to_owned(), words)
}

/// The sum in words. The currency's name is left out where it was also typed behind the sum.
fn sum(numeral: &Numeral, scale: Option<&str>, money: &Money, cursor: &Cursor<'_>, words: &Words) -> String {
    let typed = {
        let mut ahead = *cursor;
        ahead.eat_if(|c| c == ' ');
        ahead.eat_word([money.unit.one, money.unit.many]).is_some()
    };
    let name = |count: Option<u64>, noun: &Noun| match count {
        _ if typed => String::new(),
        Some(1) => format!(" {}", noun.one),
        _ => format!(" {}", noun.many),
    };
    let hundredths = numeral.fraction.as_deref().filter(|_| scale.is_none()).and_then(hundredths);
    match (scale, numeral.quantity(), hundredths) {
        (Some(scale), ..) => {
            format!("{} {scale}{}", before_noun(numeral.spoken(words), words), name(None, &money.unit))
        }
        (None, Some(0), Some(count @ 1..)) => part(count, &money.hundredth, words),
        (None, Some(units), Some(count)) => {
            let spoken = before_noun(cardinal(units, words), words);
            let whole = format!("{spoken}{}", name(Some(units), &money.unit));
            if count == 0 { whole } else { format!("{whole} {}", part(count, &money.hundredth, words)) }
        }
        _ => format!("{}{}", before_noun(numeral.spoken(words), words), name(numeral.whole(), &money.unit)),
    }
}

fn part(count: u64, noun: &Noun, words: &Words) -> String {
    let name = if count == 1 { noun.one } else { noun.many };
    format!("{} {name}", before_noun(cardinal(count, words), words))
}

/// `5` and `50` are fifty hundredths. Longer fractions aren't coins.
fn hundredths(fraction: &str) -> Option<u64> {
    match fraction.len() {
        1 => fraction.parse::<u64>().ok().map(|tenths| tenths * 10),
        2 => fraction.parse().ok(),
        _ => None,
    }
}
