//! Numbers in digits.

use super::{cardinal, one_by_one};
use crate::{
    languages::Words,
    writing::{digit_value, is_space},
};

/// The most digits of a quantity without group marks, unless it has a fraction or is a round number. Longer runs are codes.
const MAX_QUANTITY_DIGITS: usize = 12;

/// The most groups behind the first one.
const MAX_GROUPS: usize = 7;

/// A number in digits: `12,34,567.89`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numeral {
    /// The digits before the point, as ASCII; never empty.
    pub integer: String,
    /// The digits after it, as ASCII.
    pub fraction: Option<String>,
    /// Whether its digits are grouped by marks.
    pub grouped: bool,
    /// Its length in the text, in bytes.
    pub len: usize,
}

impl Numeral {
    /// Parses the numeral at the start of `text`, in any digit system, with Indian or Western group marks.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mut integer, mut len) = digits(text)?;
        let groups = groups(text, integer.len(), len);
        let grouped = groups.is_some();
        if let Some((more, end)) = groups {
            integer.push_str(&more);
            len = end;
        }
        let fraction = text.get(len..)?.strip_prefix('.').and_then(digits);
        if let Some((_, digits)) = &fraction {
            len += 1 + digits;
        }
        Some(Self { integer, fraction: fraction.map(|(digits, _)| digits), grouped, len })
    }

    /// The whole number `value`.
    pub(crate) fn of(value: u64) -> Self {
        Self { integer: value.to_string(), fraction: None, grouped: false, len: 0 }
    }

    /// The digits at the start of `text` as a fraction of one, behind a point that is already read.
    pub(crate) fn below_one(text: &str) -> Option<Self> {
        let (fraction, len) = digits(text)?;
        Some(Self { integer: "0".to_owned(), fraction: Some(fraction), grouped: false, len })
    }

    /// The value, precise enough to compare.
    pub(crate) fn value(&self) -> Option<f64> {
        self.quantity()?;
        format!("{}.{}", self.integer, self.fraction.as_deref().unwrap_or("0")).parse().ok()
    }

    /// The number, if it is whole and a [`Self::quantity`].
    pub(crate) fn whole(&self) -> Option<u64> {
        self.fraction.is_none().then(|| self.quantity()).flatten()
    }

    /// The part before the point, unless it is a code: with a leading zero, or too long or too great for a quantity.
    pub(crate) fn quantity(&self) -> Option<u64> {
        let code = (self.integer.len() > 1 && self.integer.starts_with('0'))
            || (!self.grouped
                && self.fraction.is_none()
                && !self.integer.ends_with("000000")
                && self.integer.len() > MAX_QUANTITY_DIGITS);
        if code { None } else { self.integer.parse().ok() }
    }

    /// The number without the zero before its only other digit.
    pub(crate) fn without_zero(&self) -> Option<Self> {
        let digit = self.integer.strip_prefix('0').filter(|rest| rest.len() == 1 && *rest != "0")?;
        (!self.grouped && self.fraction.is_none()).then(|| Self { integer: digit.to_owned(), ..self.clone() })
    }

    /// The number in words. Digits after the point and those of codes (`007`) are said one by one.
    pub(crate) fn spoken(&self, words: &Words) -> String {
        let mut spoken = match self.quantity() {
            Some(value) => cardinal(value, words),
            None => one_by_one(&self.integer, words),
        };
        if let Some(fraction) = &self.fraction {
            spoken.push(' ');
            spoken.push_str(words.signs.point);
            spoken.push(' ');
            spoken.push_str(&one_by_one(fraction, words));
        }
        spoken
    }
}

/// The run of digits at the start of `text`, as ASCII, and its length in `text` in bytes.
pub(crate) fn digits(text: &str) -> Option<(String, usize)> {
    let mut ascii = String::new();
    let mut len = 0;
    for (digit, c) in text.chars().map_while(|c| Some((digit_value(c)?, c))) {
        ascii.push(char::from(b'0' + digit));
        len += c.len_utf8();
    }
    (!ascii.is_empty()).then_some((ascii, len))
}

/// The digits behind the first group, and where they end in bytes. Groups have three digits each, or two each but for a
/// last one of three.
fn groups(text: &str, first_digits: usize, first_len: usize) -> Option<(String, usize)> {
    if first_digits > 3 {
        return None;
    }
    if let Some(space) = text.get(first_len..)?.chars().next().filter(|c| is_space(*c)) {
        return if text.starts_with('0') {
            None
        } else {
            spaced_groups(text, first_digits, first_len, space)
        };
    }
    let mut more = String::new();
    let mut sizes = Vec::new();
    let mut end = first_len;
    while let Some((group, len)) = text.get(end..)?.strip_prefix(',').and_then(digits) {
        if sizes.len() == MAX_GROUPS || !matches!(group.len(), 2 | 3) {
            return None;
        }
        sizes.push(group.len());
        more.push_str(&group);
        end += 1 + len;
    }
    let (last, inner) = sizes.split_last()?;
    let western = inner.iter().all(|size| *size == 3);
    let indian = inner.iter().all(|size| *size == 2) && (inner.is_empty() || first_digits <= 2);
    (*last == 3 && (western || indian)).then_some((more, end))
}

/// Groups of three digits with the same space between: `10 000`, `1 234 567`. A space that can't be typed by mistake groups
/// whatever follows; the common one only where a list is unlikely: before zeros, or behind a single digit.
fn spaced_groups(text: &str, first_digits: usize, first_len: usize, space: char) -> Option<(String, usize)> {
    let mut more = String::new();
    let mut end = first_len;
    while let Some((group, len)) = text.get(end..)?.strip_prefix(space).and_then(digits) {
        if more.len() == 3 * MAX_GROUPS || group.len() != 3 {
            return None;
        }
        more.push_str(&group);
        end += space.len_utf8() + len;
    }
    let sure = space != ' ' || more.ends_with("000") || (first_digits == 1 && more.len() > 3);
    (sure && !more.is_empty()).then_some((more, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(String, Option<String>, usize)> {
        Numeral::parse(text).map(|n| (n.integer, n.fraction, n.len))
    }

    #[test]
    fn numerals_end_where_they_should() {
        for (text, integer, fraction, len) in [
            ("42", "42", None, 2),
            ("1,234", "1234", None, 5),
            ("12,34,567.89 x", "1234567", Some("89"), 12),
            ("1,234,567", "1234567", None, 9),
            ("1,23", "1", None, 1),
            ("1,2,3", "1", None, 1),
            ("1234,567", "1234", None, 4),
            ("3.", "3", None, 1),
            ("0.5", "0", Some("5"), 3),
            ("२,५००", "2500", None, 13),
            ("10 000 x", "10000", None, 6),
            ("10 000.50", "10000", Some("50"), 9),
            ("1 234 567 x", "1234567", None, 9),
            ("10\u{202F}500", "10500", None, 8),
            ("10 500", "10", None, 2),
            ("10 500 700", "10", None, 2),
            ("1 800 123 4567", "1", None, 1),
            ("0 000", "0", None, 1),
            ("100 000 5", "100", None, 3),
        ] {
            assert_eq!(parts(text), Some((integer.to_owned(), fraction.map(str::to_owned), len)), "{text}");
        }
        assert_eq!(parts("x1"), None);
        assert_eq!(parts(".5"), None);
    }

    #[test]
    fn codes_are_not_quantities() {
        for (text, whole) in [
            ("007", None),
            ("0", Some(0)),
            ("1234567890123", None),
            ("12,34,56,78,901", Some(12_345_678_901)),
        ] {
            assert_eq!(Numeral::parse(text).unwrap().whole(), whole, "{text}");
        }
    }
}
