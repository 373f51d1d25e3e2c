//! SSML's `<say-as>`: what a part of a text is, where it can't be told from its shape.

use crate::{
    edits::{Edited, Editor, Edits},
    language::Language,
    languages::Words,
    normalize::normalize_mapped,
    number::{cardinal, digits, one_by_one},
    writing::digit_value,
};

/// How a part of a text is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SayAs {
    /// Letter by letter.
    Characters,
    /// Digit by digit.
    Digits,
    /// A quantity, whatever its shape.
    Cardinal,
    /// First, second.
    Ordinal,
    /// A date, with the order of its parts.
    Date(DateOrder),
    /// A telephone number: digit by digit, with its sign.
    Telephone,
    /// What the rules make of it: times, money, units.
    Usual,
}

/// Which part of a date comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// 15/08/1947
    DayMonth,
    /// 08/15/1947
    MonthDay,
    /// 1947/08/15
    YearMonth,
}

impl SayAs {
    /// What SSML's `interpret-as` and `format` name.
    pub(super) fn named(interpret_as: &str, format: Option<&str>) -> Option<Self> {
        Some(match interpret_as.to_ascii_lowercase().as_str() {
            "characters" | "character" | "spell-out" | "verbatim" | "letters" => Self::Characters,
            "digits" | "number_digit" => Self::Digits,
            "cardinal" | "number" => match format {
                Some(format) if format.eq_ignore_ascii_case("ordinal") => Self::Ordinal,
                Some(format) if format.eq_ignore_ascii_case("digits") => Self::Digits,
                Some(format) if format.eq_ignore_ascii_case("telephone") => Self::Telephone,
                _ => Self::Cardinal,
            },
            "ordinal" => Self::Ordinal,
            "date" => Self::Date(match format.map(str::to_ascii_lowercase).as_deref() {
                Some("mdy" | "md" | "mm/dd/yyyy") => DateOrder::MonthDay,
                Some("ymd" | "ym" | "yyyymmdd") => DateOrder::YearMonth,
                _ => DateOrder::DayMonth,
            }),
            "telephone" | "phone" => Self::Telephone,
            "time" | "currency" | "unit" | "units" | "fraction" | "duration" | "address" => Self::Usual,
            _ => return None,
        })
    }

    /// The words for `text` in `language`.
    pub(crate) fn say(self, text: &str, language: Language) -> Edited<'_> {
        let words = Words::of(language);
        match self {
            Self::Characters => characters(text, words),
            Self::Digits => in_place_of_digits(text, |digits| Some(one_by_one(digits, words))),
            Self::Telephone => telephone(text, words),
            Self::Cardinal => quantity(text, |number| Some(cardinal(number, words)), language),
            Self::Ordinal => quantity(
                text,
                |number| {
                    let typed = format!("{number}{}", ordinal_mark(number, language));
                    Some(normalize_mapped(&typed, language).said.into_owned())
                },
                language,
            ),
            Self::Date(order) => date(text, order, language),
            Self::Usual => usual(text, language),
        }
    }
}

fn usual(text: &str, language: Language) -> Edited<'_> {
    let normalized = normalize_mapped(text, language);
    Edited { text: normalized.said, edits: Edits::new(normalized.replacements) }
}

fn characters<'t>(text: &'t str, words: &Words) -> Edited<'t> {
    use unicode_segmentation::UnicodeSegmentation;
    let web = words.web;
    let mut editor = Editor::new(text);
    let mut first = true;
    for (at, cluster) in text.grapheme_indices(true) {
        let range = at..at + cluster.len();
        let name = match cluster {
            "@" => web.at,
            "." => web.dot,
            "/" => web.slash,
            "-" => web.hyphen,
            "_" => web.underscore,
            ":" => web.colon,
            "?" => web.question,
            "=" => web.equals,
            "&" => web.and,
            "#" => web.hash,
            "%" => web.percent,
            "+" => web.plus,
            "~" => web.tilde,
            _ => cluster,
        };
        let said = if cluster.starts_with(|c| digit_value(c).is_some()) {
            one_by_one(cluster, words)
        } else {
            // Letters as the voice's language names them.
            let letter = cluster.chars().next().filter(|c| c.is_ascii_alphabetic() && cluster.len() == 1);
            let named =
                letter.filter(|_| !words.letters.words.is_empty()).and_then(|c| words.letters.name(c));
            named.unwrap_or(name).to_owned()
        };
        let is_said = said.contains(char::is_alphanumeric);
        let parted = if is_said && !first {
            format!(" {said}")
        } else if is_said {
            said
        } else {
            String::new()
        };
        first &= !is_said;
        editor.replace(range, &parted);
    }
    editor.finish()
}

/// Replaces each run of digits.
fn in_place_of_digits(text: &str, say: impl Fn(&str) -> Option<String>) -> Edited<'_> {
    let mut editor = Editor::new(text);
    let mut at = 0;
    while let Some(start) =
        text.get(at..).and_then(|rest| rest.find(|c| digit_value(c).is_some())).map(|found| at + found)
    {
        let rest = text.get(start..).unwrap_or_default();
        let end = start + rest.find(|c| digit_value(c).is_none()).unwrap_or(rest.len());
        if let Some(mut said) = text.get(start..end).and_then(&say) {
            let parts = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            if parts(editor.last(start)) {
                said.insert(0, ' ');
            }
            if parts(text.get(end..).and_then(|rest| rest.chars().next())) {
                said.push(' ');
            }
            editor.replace(start..end, &said);
        }
        at = end;
    }
    editor.finish()
}

fn telephone<'t>(text: &'t str, words: &Words) -> Edited<'t> {
    let mut editor = Editor::new(text);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        let said = match c {
            '+' => format!("{} ", words.signs.plus),
            '-' | '.' | '(' | ')' | '/' => " ".to_owned(),
            c if digit_value(c).is_some() => {
                let more = chars.peek().is_some_and(|(_, next)| digit_value(*next).is_some());
                let mut word = one_by_one(text.get(at..end).unwrap_or_default(), words);
                if more {
                    word.push(' ');
                }
                word
            }
            _ => continue,
        };
        editor.replace(at..end, &said);
    }
    editor.finish()
}

/// Says the one number of `text`, in whatever grouping; where there is another thing, as usual.
fn quantity(text: &str, say: impl Fn(u64) -> Option<String>, language: Language) -> Edited<'_> {
    let trimmed = text.trim();
    let bare: String = trimmed.chars().filter(|c| *c != ',' && !c.is_whitespace()).collect();
    let number =
        digits(&bare).filter(|(_, len)| *len == bare.len()).and_then(|(digits, _)| digits.parse().ok());
    let Some(said) = number.and_then(say) else { return usual(text, language) };
    let start = text.len() - text.trim_start().len();
    let mut editor = Editor::new(text);
    editor.replace(start..start + trimmed.len(), &said);
    editor.finish()
}

/// What is typed behind the digits of an ordinal.
fn ordinal_mark(number: u64, language: Language) -> &'static str {
    let by_number = |[first, second, third, fourth, sixth]: [&'static str; 5], other| match number {
        1 => first,
        2 => second,
        3 => third,
        4 => fourth,
        6 => sixth,
        _ => other,
    };
    match language {
        Language::English => match (number % 10, number % 100) {
            (1, rest) if rest != 11 => "st",
            (2, rest) if rest != 12 => "nd",
            (3, rest) if rest != 13 => "rd",
            _ => "th",
        },
        Language::Hindi | Language::Bhojpuri | Language::Magahi | Language::Chhattisgarhi => {
            by_number(["ला", "रा", "रा", "था", "ठा"], "वाँ")
        }
        Language::Marathi => by_number(["ला", "रा", "रा", "था", "वा"], "वा"),
        Language::Gujarati => by_number(["લો", "જો", "જો", "થો", "ઠ્ઠો"], "મો"),
        Language::Punjabi => by_number(["ਲਾ", "ਜਾ", "ਜਾ", "ਥਾ", "ਵਾਂ"], "ਵਾਂ"),
        Language::Bengali => match number {
            2 | 3 => "য়",
            4 => "র্থ",
            6 => "ষ্ঠ",
            1 | 5 | 7..=10 => "ম",
            _ => "তম",
        },
        Language::Assamese => match number {
            2 | 3 => "য়",
            4 => "ৰ্থ",
            6 => "ষ্ঠ",
            1 | 5 | 7..=10 => "ম",
            _ => "তম",
        },
        Language::Tamil => "-வது",
        Language::Telugu => "వ",
        Language::Kannada => "ನೇ",
        Language::Malayalam => "-ാം",
        Language::Nepali => "औं",
        Language::Maithili => "म",
        Language::Dogri => "मां",
        Language::Bodo | Language::Sanskrit => "",
    }
}

/// Says a date whose parts stand in this order.
fn date(text: &str, order: DateOrder, language: Language) -> Edited<'_> {
    let trimmed = text.trim();
    let cut;
    let trimmed_parts = match eight_digits(trimmed, order) {
        Some(parts) => {
            cut = parts;
            &cut
        }
        None => trimmed,
    };
    let parts: Vec<&str> =
        trimmed_parts.split(['/', '-', '.', ' ']).filter(|part| !part.is_empty()).collect();
    let all_digits = parts.iter().all(|part| part.chars().all(|c| digit_value(c).is_some()));
    let in_order = match (parts.as_slice(), order) {
        ([month, day, year], DateOrder::MonthDay)
        | ([year, month, day], DateOrder::YearMonth)
        | ([day, month, year], DateOrder::DayMonth) => format!("{day}/{month}/{year}"),
        _ => return usual(text, language),
    };
    if !all_digits {
        return usual(text, language);
    }
    let start = text.len() - text.trim_start().len();
    let mut editor = Editor::new(text);
    editor.replace(start..start + trimmed.len(), &normalize_mapped(&in_order, language).said);
    editor.finish()
}

/// The parts of a date in eight digits, with slashes between: `20240805`.
fn eight_digits(text: &str, order: DateOrder) -> Option<String> {
    let (ascii, len) = digits(text).filter(|(ascii, len)| ascii.len() == 8 && *len == text.len())?;
    let at = if order == DateOrder::YearMonth { [4, 6] } else { [2, 4] };
    let [first, second] = at;
    debug_assert!(len >= ascii.len());
    Some(format!("{}/{}/{}", ascii.get(..first)?, ascii.get(first..second)?, ascii.get(second..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_says_what_the_shape_does_not() {
        for (named, format, language, typed, said) in [
            ("digits", None, Language::English, "4582", "four five eight two"),
            ("digits", None, Language::Hindi, "४५ x2", "चार पाँच x दो"),
            ("characters", None, Language::English, "AB-12", "A B hyphen one two"),
            ("spell-out", None, Language::Hindi, "OTP", "ओ टी पी"),
            ("characters", None, Language::Tamil, "aB1", "ஏ பி ஒன்று"),
            ("cardinal", None, Language::English, "1,947", "one thousand nine hundred and forty seven"),
            ("ordinal", None, Language::English, "23", "twenty third"),
            ("date", Some("mdy"), Language::English, "08/15/1947", "fifteenth August nineteen forty seven"),
            ("date", Some("ymd"), Language::Hindi, "1947-08-15", "पंद्रह अगस्त उन्नीस सौ सैंतालीस"),
            ("date", Some("yyyymmdd"), Language::English, "20240805", "fifth August twenty twenty four"),
            ("ordinal", None, Language::Assamese, "2", "দ্বিতীয়"),
            ("telephone", None, Language::English, "+91 98-7", "plus nine one nine eight seven"),
            ("time", None, Language::Hindi, "9:30", "साढ़े नौ बजे"),
            ("cardinal", None, Language::English, "no number", "no number"),
        ] {
            let said_as = SayAs::named(named, format).unwrap();
            let words = said_as.say(typed, language).text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(words, said, "{named} {typed}");
        }
        assert_eq!(SayAs::named("interjection", None), None);
    }

    #[test]
    fn ordinals_have_words_in_every_language_with_a_mark() {
        for language in Language::ALL {
            for number in [1, 2, 3, 4, 5, 6, 11, 25] {
                let typed = number.to_string();
                let said = SayAs::Ordinal.say(&typed, language).text.into_owned();
                let plain = cardinal(number, Words::of(language));
                let has_mark = !ordinal_mark(number, language).is_empty();
                assert!(!said.contains(char::is_numeric), "{language} {number} {said}");
                assert_eq!(said != plain, has_mark, "{language} {number}: {said}");
            }
        }
    }
}
