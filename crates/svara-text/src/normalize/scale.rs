//! Amounts: numbers with the words for powers of ten that are typed behind them.

use super::{cursor::Cursor, spelling::same, words::before_noun};
use crate::{
    languages::{Above, Idiom, Join, Scale, Words},
    number::{Numeral, cardinal, replace_end},
};

/// The most scale words in a row ("लाख करोड़"), and the most parts ("1 लाख 50 हजार").
const MAX_WORDS: usize = 3;

/// Words for powers of ten, each with its exponent. They are said as typed. One list per script.
const SCALES: [&[(&str, u8)]; 9] = [
    &[
        ("hundred", 2),
        ("thousand", 3),
        ("lakh", 5),
        ("lac", 5),
        ("million", 6),
        ("crore", 7),
        ("billion", 9),
        ("trillion", 12),
        ("lakhs", 5),
        ("lacs", 5),
        ("crores", 7),
        ("thousands", 3),
        ("millions", 6),
        ("billions", 9),
        ("trillions", 12),
    ],
    &[
        ("सौ", 2),
        ("शे", 2),
        ("सय", 2),
        ("हज़ार", 3),
        ("हजार", 3),
        ("ज्हार", 3),
        ("लाख", 5),
        ("लक्ख", 5),
        ("मिलियन", 6),
        ("करोड़", 7),
        ("करोड", 7),
        ("कोटी", 7),
        ("कोटि", 7),
        ("कौटि", 7),
        ("अरब", 9),
        ("अर्ब", 9),
        ("अब्ज", 9),
        ("बिलियन", 9),
        ("खरब", 11),
        ("खर्ब", 11),
        ("ट्रिलियन", 12),
    ],
    &[
        ("হাজার", 3),
        ("হাজাৰ", 3),
        ("লাখ", 5),
        ("লক্ষ", 5),
        ("মিলিয়ন", 6),
        ("কোটি", 7),
        ("বিলিয়ন", 9),
        ("ট্রিলিয়ন", 12),
    ],
    &[("હજાર", 3), ("લાખ", 5), ("મિલિયન", 6), ("કરોડ", 7), ("અબજ", 9), ("બિલિયન", 9), ("ટ્રિલિયન", 12)],
    &[("ਹਜ਼ਾਰ", 3), ("ਲੱਖ", 5), ("ਮਿਲੀਅਨ", 6), ("ਕਰੋੜ", 7), ("ਅਰਬ", 9), ("ਬਿਲੀਅਨ", 9), ("ਖਰਬ", 11)],
    &[
        ("ஆயிரம்", 3),
        ("லட்சம்", 5),
        ("இலட்சம்", 5),
        ("மில்லியன்", 6),
        ("கோடி", 7),
        ("பில்லியன்", 9),
        ("டிரில்லியன்", 12),
    ],
    &[
        ("వేల", 3),
        ("వేలు", 3),
        ("వేయి", 3),
        ("లక్ష", 5),
        ("లక్షల", 5),
        ("లక్షలు", 5),
        ("మిలియన్", 6),
        ("కోటి", 7),
        ("కోట్ల", 7),
        ("కోట్లు", 7),
        ("బిలియన్", 9),
        ("ట్రిలియన్", 12),
    ],
    &[("ಸಾವಿರ", 3), ("ಲಕ್ಷ", 5), ("ಮಿಲಿಯನ್", 6), ("ಕೋಟಿ", 7), ("ಬಿಲಿಯನ್", 9), ("ಟ್ರಿಲಿಯನ್", 12)],
    &[("ആയിരം", 3), ("ലക്ഷം", 5), ("മില്യൺ", 6), ("മില്യണ്‍", 6), ("കോടി", 7), ("ബില്യൺ", 9), ("ട്രില്യൺ", 12)],
];

/// A number with its scale words.
pub(super) struct Amount {
    pub numeral: Numeral,
    /// Scale words as they are said.
    pub scale: Option<String>,
    /// What follows with smaller scales: the 50,000 of "1 लाख 50 हजार".
    more: String,
}

impl Amount {
    pub(super) const fn plain(numeral: Numeral) -> Self {
        Self { numeral, scale: None, more: String::new() }
    }

    /// Reads an amount. `money` says that letters such as the `Cr` of ₹5Cr are scales, too.
    pub(super) fn eat(cursor: &mut Cursor<'_>, money: bool, words: &Words) -> Option<Self> {
        let numeral = Numeral::parse(cursor.rest())?;
        cursor.skip(numeral.len);
        Some(Self::eat_scale(numeral, cursor, money, words))
    }

    /// Reads the scale words behind a number.
    pub(super) fn eat_scale(numeral: Numeral, cursor: &mut Cursor<'_>, money: bool, words: &Words) -> Self {
        if let Some((mut exponent, scale)) = eat_words(cursor, words) {
            let mut more = String::new();
            for _ in 1..MAX_WORDS {
                let mut ahead = *cursor;
                let part = ahead.eat_space().then(|| Numeral::parse(ahead.rest())).flatten();
                let Some(part) = part.filter(|part| part.whole().is_some()) else { break };
                ahead.skip(part.len);
                let Some((smaller, scale)) = eat_words(&mut ahead, words).filter(|(e, _)| *e < exponent)
                else {
                    break;
                };
                more = format!("{more} {} {scale}", before_noun(part.spoken(words), words));
                (exponent, *cursor) = (smaller, ahead);
            }
            return Self { numeral, scale: Some(scale), more };
        }
        let mut ahead = *cursor;
        ahead.eat_space();
        let letters = money.then(|| ahead.eat_word_of(["Cr", "L", "K", "bn", "B", "mn", "M"])).flatten();
        let Some(letters) = letters else { return Self::plain(numeral) };
        ahead.eat(".");
        *cursor = ahead;
        let exponent = match letters {
            0 => 7,
            1 => 5,
            2 => 3,
            3 | 4 => 9,
            _ => 6,
        };
        match numeral.whole().and_then(|whole| whole.checked_mul(10_u64.pow(exponent))) {
            Some(value) if matches!(exponent, 3 | 5 | 7) && value <= crate::number::MAX_SPELLED => {
                Self::plain(Numeral::of(value))
            }
            _ => Self { numeral, scale: Some(scale_word(exponent, words)), more: String::new() },
        }
    }

    /// The amount in words, as it stands before a noun.
    pub(super) fn spoken(&self, words: &Words) -> String {
        match &self.scale {
            None => before_noun(self.numeral.spoken(words), words),
            Some(scale) => {
                let number = idiomatic(&self.numeral, words)
                    .unwrap_or_else(|| before_noun(self.numeral.spoken(words), words));
                format!("{number} {scale}{}", self.more)
            }
        }
    }
}

/// Whether a scale word is at the start of `text`.
pub(super) fn is_scale(text: &str) -> bool {
    let mut cursor = Cursor::new(text);
    cursor.eat_word(SCALES.into_iter().flatten().map(|(word, _)| *word))
}

/// Reads scale words, and returns their exponent and what is said.
fn eat_words(cursor: &mut Cursor<'_>, words: &Words) -> Option<(u8, String)> {
    let mut said = String::new();
    let mut sum = 0;
    for _ in 0..MAX_WORDS {
        let mut ahead = *cursor;
        ahead.eat_space();
        let start = ahead;
        if !ahead.peek().is_some_and(super::cursor::is_letter) {
            break;
        }
        let Some(index) = ahead.eat_word_of(SCALES.into_iter().flatten().map(|(word, _)| *word)) else {
            break;
        };
        let exponent = SCALES.into_iter().flatten().nth(index).map_or(0, |(_, exponent)| *exponent);
        let typed = start.rest().get(..ahead.at() - start.at())?;
        if !said.is_empty() {
            said.push(' ');
        }
        said.push_str(&before_noun(singular(typed).to_owned(), words));
        sum += exponent;
        *cursor = ahead;
    }
    (!said.is_empty()).then_some((sum, said))
}

/// English scale words are said in the singular behind a number.
fn singular(word: &str) -> &str {
    let plural = word.is_ascii() && word.ends_with('s');
    let word = if plural { word.get(..word.len() - 1).unwrap_or(word) } else { word };
    if same(word, "lac") { "lakh" } else { word }
}

/// The word for 10 to the power of `exponent`, before a noun.
fn scale_word(exponent: u32, words: &Words) -> String {
    let [million, billion, _] = words.loans.western;
    let Above::Descending(parts) = &words.numbers.above else {
        let compound = match exponent {
            7 => "कोटि",
            5 => "लक्षम्",
            3 => "सहस्रम्",
            6 => million,
            _ => billion,
        };
        return compound.to_owned();
    };
    let Scale { word, join, irregular } = match exponent {
        7 => parts.crore,
        5 => parts.lakh,
        3 => parts.thousand,
        6 => return million.to_owned(),
        _ => return billion.to_owned(),
    };
    // Where the scale melts into its count, the word for one of it stands alone.
    let melts = matches!(join, Join::Melt(_));
    let word = irregular.first().filter(|_| melts).map_or(word.last, |(_, form)| form.last);
    before_noun(word.to_owned(), words)
}

/// Says a number and a half or a quarter as people do, where the language has words for it.
pub(super) fn idiomatic(numeral: &Numeral, words: &Words) -> Option<String> {
    let Idiom { one_and_half, two_and_half, half, quarter, three_quarters, .. } = words.idiom?;
    let whole = numeral.quantity()?;
    let say = |template: &str, number: u64| {
        let spoken = cardinal(number, words);
        template.replace("{n}", &spoken).replace("{m}", &spoken)
    };
    match (whole, numeral.fraction.as_deref()?) {
        (0, _) => None,
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
