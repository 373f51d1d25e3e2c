//! Amounts: numbers with the words for powers of ten that are typed behind them.

use std::sync::LazyLock;

use super::{
    cursor::Cursor,
    half::half_past_words,
    scale_endings::{eat_inflected, eat_oblique},
    spelling::{folded, same},
    starts::Filter,
    unit::is_noun_of_money,
    words::{before_noun, counted_form},
};
use crate::{
    languages::{Above, Idiom, Join, LINKING, SCALES, Scale, Words},
    number::{Numeral, cardinal, replace_end},
};

/// The most scale words in a row ("लाख करोड़"), and the most parts ("1 लाख 50 हजार").
pub(super) const MAX_WORDS: usize = 3;

/// Words behind a sum that it doesn't count, besides those of the languages.
const BEHIND_SUMS: [&str; 30] = [
    "only",
    "was",
    "were",
    "is",
    "are",
    "for",
    "to",
    "in",
    "on",
    "and",
    "by",
    "from",
    "has",
    "have",
    "will",
    "है",
    "हैं",
    "था",
    "थे",
    "मात्र",
    "आहे",
    "मध्ये",
    "টাকা",
    "মাত্র",
    "છે",
    "ਹੈ",
    "மட்டும்",
    "మాత్రమే",
    "ಮಾತ್ರ",
    "മാത്രം",
];

/// A number with its scale words.
pub(super) struct Amount {
    pub numeral: Numeral,
    /// Scale words as they are said.
    pub scale: Option<String>,
    /// What follows with smaller scales: the 50,000 of "1 लाख 50 हजार".
    more: String,
    /// The ending that is typed behind the scale, and said behind what is counted.
    pub ending: &'static str,
}

impl Amount {
    pub(super) const fn plain(numeral: Numeral) -> Self {
        Self { numeral, scale: None, more: String::new(), ending: "" }
    }

    /// Reads an amount. `money` says that letters such as the `Cr` of ₹5Cr are scales, too.
    pub(super) fn eat(cursor: &mut Cursor<'_>, money: bool, words: &Words) -> Option<Self> {
        let numeral = Numeral::parse(cursor.rest())?;
        cursor.skip(numeral.len);
        Some(Self::eat_scale(numeral, cursor, money, words))
    }

    /// Reads the scale words behind a number.
    pub(super) fn eat_scale(numeral: Numeral, cursor: &mut Cursor<'_>, money: bool, words: &Words) -> Self {
        if money && let Some((scale, ending)) = eat_oblique(cursor, words) {
            return Self { numeral, scale: Some(scale), more: String::new(), ending };
        }
        if let Some((mut exponent, _, scale)) = eat_words(cursor, money, words) {
            let numeral = numeral.without_zero().unwrap_or(numeral);
            let mut more = String::new();
            for _ in 1..MAX_WORDS {
                let mut ahead = *cursor;
                let part = ahead.eat_space().then(|| Numeral::parse(ahead.rest())).flatten();
                let Some(part) = part.filter(|part| part.whole().is_some()) else { break };
                ahead.skip(part.len);
                // All of "1 लाख 50 हजार करोड़" is in crores.
                let Some((_, smaller, scale)) =
                    eat_words(&mut ahead, money, words).filter(|(_, first, _)| *first < exponent)
                else {
                    break;
                };
                more = format!("{more} {} {scale}", counted_form(&part, words));
                (exponent, *cursor) = (smaller, ahead);
            }
            if money && let Some(rest) = eat_rest(exponent, cursor, words) {
                more = format!("{more} {rest}");
            }
            return Self { numeral, scale: Some(scale), more, ending: "" };
        }
        let mut ahead = *cursor;
        eat_gap(&mut ahead, money);
        let short = ["Cr", "L", "K", "bn", "B", "mn", "M", "crs", "tn", "trn"];
        let letters =
            money.then(|| ahead.eat_word_of(short).or_else(|| eat_yearly_lakh(&mut ahead))).flatten();
        let Some(letters) = letters else { return Self::plain(numeral) };
        ahead.eat(".");
        *cursor = ahead;
        let exponent = match letters {
            0 | 7 => 7,
            1 => 5,
            2 => 3,
            3 | 4 => 9,
            8 | 9 => 12,
            _ => 6,
        };
        match numeral.whole().and_then(|whole| whole.checked_mul(10_u64.pow(exponent))) {
            Some(value) if matches!(exponent, 3 | 5 | 7) && value <= crate::number::MAX_SPELLED => {
                Self::plain(Numeral::of(value))
            }
            _ => {
                let scale = Some(scale_word(exponent, words));
                Self { numeral, scale, more: String::new(), ending: "" }
            }
        }
    }

    /// The amount in words, as it stands before a noun.
    pub(super) fn spoken(&self, words: &Words) -> String {
        match &self.scale {
            None => counted_form(&self.numeral, words),
            Some(scale) => {
                let number =
                    idiomatic(&self.numeral, words).unwrap_or_else(|| counted_form(&self.numeral, words));
                format!("{number} {scale}{}", self.more)
            }
        }
    }
}

/// Reads the L of LPA, lakhs per annum, as the second of the letters.
fn eat_yearly_lakh(cursor: &mut Cursor<'_>) -> Option<usize> {
    ({ *cursor }.eat_word(["LPA"]) && cursor.eat("L")).then_some(1)
}

/// Reads the last part of a sum, which has no scale word: the 500 of "₹1 लाख 25 हजार 500".
fn eat_rest(exponent: u8, cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let mut ahead = *cursor;
    ahead.eat_space().then_some(())?;
    let part = Numeral::parse(ahead.rest())?;
    // "₹5 लाख 2024 में": another year is no part of it.
    let value = part.whole().filter(|value| *value > 0 && !(1900..2100).contains(value))?;
    ahead.skip(part.len);
    if 10_u64.checked_pow(exponent.into()).is_none_or(|scale| value >= scale) || !ends_sum(&ahead, words) {
        return None;
    }
    *cursor = ahead;
    Some(counted_form(&part, words))
}

/// Whether a sum can end here: what follows is nothing that the last number counts or is a part of.
fn ends_sum(cursor: &Cursor<'_>, words: &Words) -> bool {
    let mut ahead = *cursor;
    if ahead.eat("/-") {
        return true;
    }
    let spaced = ahead.eat_space();
    if !ahead.peek().is_some_and(super::cursor::is_letter) {
        let mut mark = ahead;
        let runs_on = mark.eat_if(|c| !c.is_whitespace()).is_some() && mark.at_digit();
        return !runs_on && !ahead.at_digit();
    }
    let context = words.context;
    let known = BEHIND_SUMS.iter().chain(context.year_words).chain(context.uncounted);
    spaced && (is_noun_of_money(ahead.rest()) || ahead.eat_word(known.copied()))
}

/// The exponent of a scale word.
pub(super) fn exponent(word: &str) -> Option<u8> {
    SCALES.into_iter().flatten().find(|(scale, _)| same(word, scale)).map(|(_, exponent)| *exponent)
}

/// The first letters of scale words: most words behind numbers begin otherwise.
static STARTS: LazyLock<Filter> =
    LazyLock::new(|| Filter::of(SCALES.into_iter().flatten().chain(&LINKING).map(|(word, _)| *word)));

/// Whether a scale word is at the start of `text`.
pub(super) fn is_scale(text: &str) -> bool {
    if !STARTS.fits(text) {
        return false;
    }
    let mut cursor = Cursor::new(text);
    cursor.eat_word(scales(text).map(|(word, _)| *word))
}

/// The scale words that `text` may start with: those in the script of its first letter.
pub(super) fn scales(text: &str) -> impl Iterator<Item = &'static (&'static str, u8)> {
    let block =
        |text: &str| text.chars().next().filter(|c| folded(*c).is_some()).map(|c| u32::from(c) / 0x80);
    let typed = block(text);
    let is_typed = move |word: &str| typed.is_none() || block(word) == typed;
    SCALES.iter().filter(move |list| list.first().is_some_and(|(word, _)| is_typed(word))).copied().flatten()
}

/// Skips what may stand before a scale word: a space, or the hyphen of "₹1,500-crore".
pub(super) fn eat_gap(cursor: &mut Cursor<'_>, money: bool) {
    if !cursor.eat_space() && money {
        cursor.eat_if(|c| matches!(c, '-' | '\u{2011}'));
    }
}

/// Reads scale words, and returns their exponent, that of the first of them, and what is said.
fn eat_words(cursor: &mut Cursor<'_>, money: bool, words: &Words) -> Option<(u8, u8, String)> {
    let mut said = String::new();
    let (mut sum, mut first) = (0, None);
    for _ in 0..MAX_WORDS {
        let mut ahead = *cursor;
        eat_gap(&mut ahead, money);
        let start = ahead;
        if !ahead.peek().is_some_and(super::cursor::is_letter) || !STARTS.fits(start.rest()) {
            break;
        }
        let all = || scales(start.rest());
        let exponent = match ahead.eat_word_of(all().map(|(word, _)| *word)) {
            Some(index) => all().nth(index).map_or(0, |(_, exponent)| *exponent),
            None => match eat_linking(&mut ahead)
                .or_else(|| eat_inflected(&mut ahead, words))
                .or_else(|| (first.is_some() && ahead.eat_word(["cr", "crs"])).then_some(7))
            {
                Some(exponent) => exponent,
                None => break,
            },
        };
        let typed = start.rest().get(..ahead.at() - start.at())?;
        if !said.is_empty() {
            said.push(' ');
        }
        // "2.5 lakh cr"
        let word = if same(typed.trim_end_matches('s'), "cr") {
            scale_word(7, words)
        } else {
            before_noun(singular(typed).to_owned(), words)
        };
        said.push_str(&word);
        sum += exponent;
        first.get_or_insert(exponent);
        *cursor = ahead;
    }
    first.map(|first| (sum, first, said))
}

/// Reads a scale word before a smaller part of the number, and returns its exponent.
fn eat_linking(cursor: &mut Cursor<'_>) -> Option<u8> {
    let mut ahead = *cursor;
    let index = ahead.eat_word_of(LINKING.iter().map(|(word, _)| *word))?;
    let mut behind = ahead;
    (behind.eat_space() && behind.at_digit()).then_some(())?;
    *cursor = ahead;
    LINKING.get(index).map(|(_, exponent)| *exponent)
}

/// English scale words are said in the singular behind a number.
fn singular(word: &str) -> &str {
    let plural = word.is_ascii() && word.ends_with('s');
    let word = if plural { word.get(..word.len() - 1).unwrap_or(word) } else { word };
    if same(word, "lac") { "lakh" } else { word }
}

/// The word for 10 to the power of `exponent`, before a noun.
pub(super) fn scale_word(exponent: u32, words: &Words) -> String {
    let [million, billion, trillion] = words.loans.western;
    let Above::Descending(parts) = &words.numbers.above else {
        let compound = match exponent {
            7 => "कोटि",
            5 => "लक्षम्",
            3 => "सहस्रम्",
            6 => million,
            12 => trillion,
            _ => billion,
        };
        return compound.to_owned();
    };
    let Scale { word, join, irregular } = match exponent {
        7 => parts.crore,
        5 => parts.lakh,
        3 => parts.thousand,
        6 => return million.to_owned(),
        12 => return trillion.to_owned(),
        _ => return billion.to_owned(),
    };
    // Where the scale melts into its count, the word for one of it stands alone.
    let melts = matches!(join, Join::Melt(_));
    let word = irregular.first().filter(|_| melts).map_or(word.last, |(_, form)| form.last);
    before_noun(word.to_owned(), words)
}

/// Says a number and a half or a quarter as people do, where the language has words for it.
pub(super) fn idiomatic(numeral: &Numeral, words: &Words) -> Option<String> {
    let whole = numeral.quantity()?;
    let Some(Idiom { one_and_half, two_and_half, half, quarter, three_quarters, .. }) = words.idiom else {
        // In the South, as half past an hour: "இரண்டரை லட்சம்".
        let half = words.clock.half?;
        let fits = (1..100).contains(&whole) && matches!(numeral.fraction.as_deref(), Some("5" | "50"));
        return u32::try_from(whole).ok().filter(|_| fits).map(|whole| half_past_words(whole, &half, words));
    };
    let say = |template: &str, number: u64| {
        let spoken = cardinal(number, words);
        template.replace("{n}", &spoken).replace("{m}", &spoken)
    };
    match (whole, numeral.fraction.as_deref()?) {
        // "साढ़े दो सौ" is 250: behind a hundred, these words would count it.
        (0 | 100.., _) => None,
        (1, "5" | "50") => Some((*one_and_half).to_owned()),
        (2, "5" | "50") => Some((*two_and_half).to_owned()),
        (_, "5" | "50") => Some(say(half, whole)),
        (1, "25") => quarter.map(|(one, _)| one.to_owned()),
        (_, "25") => quarter.map(|(_, template)| say(template, whole)),
        (_, "75") => three_quarters.map(|template| say(template, whole + 1)),
        _ => None,
    }
}

/// Joins the words for the ends of a range.
pub(super) fn range(mut from: String, to: &str, template: &str, words: &Words) -> String {
    replace_end(&mut from, words.signs.range_from);
    template.replace("{a}", &from).replace("{b}", to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_words_are_found_by_their_first_letters() {
        for (word, _) in SCALES.into_iter().flatten().chain(&LINKING) {
            // Whatever is glued to them.
            for behind in ["", " x", "x", "ां", "-"] {
                assert!(STARTS.fits(&format!("{word}{behind}")), "{word}{behind}");
            }
        }
        assert!(!STARTS.fits("e1") && !STARTS.fits(""));
    }
}
