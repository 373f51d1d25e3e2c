//! The signs and codes of currencies, and the spellings of rupee.

use super::{Money, Noun, Words, noun};
use crate::writing::starts_with;

/// The number of currencies without hundredths of their own, in [`super::Loans`].
pub(crate) const FOREIGN: usize = 12;

/// A currency: an index into [`Words::money`] and, behind those, into the foreign ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Currency(usize);

const TAKA: usize = 8;

/// Signs and codes, each with the index of its currency. Longer ones come first.
const BEFORE: &[(&str, usize)] = &[
    ("₹", 0),
    ("₨", 0),
    ("Rs.", 0),
    ("Rs", 0),
    ("rs.", 0),
    ("rs", 0),
    ("RS.", 0),
    ("RS", 0),
    ("Re.", 0),
    ("Re", 0),
    ("INR", 0),
    ("NPR", 0),
    ("NRs.", 0),
    ("NRs", 0),
    ("नेरु.", 0),
    ("नेरु", 0),
    ("नेरू.", 0),
    ("नेरू", 0),
    ("ने.रु.", 0),
    ("ने. रु.", 0),
    ("ने रु.", 0),
    ("ने रु", 0),
    ("ने.रू.", 0),
    ("ने. रू.", 0),
    ("भारु.", 0),
    ("भारु", 0),
    ("भा.रु.", 0),
    ("भा. रु.", 0),
    ("रु॰", 0),
    ("रू॰", 0),
    ("रुo", 0),
    ("रूo", 0),
    ("रु.", 0),
    ("रू.", 0),
    ("रु०", 0),
    ("रु0", 0),
    ("रू०", 0),
    ("रू0", 0),
    ("रु", 0),
    ("रू", 0),
    ("રૂા.", 0),
    ("રૂા", 0),
    ("રૂ.", 0),
    ("રૂ", 0),
    ("રુ.", 0),
    ("રુ", 0),
    ("ரூ.", 0),
    ("ரூ", 0),
    ("రూ.", 0),
    ("రూ", 0),
    ("రు.", 0),
    ("ರೂ.", 0),
    ("ರೂ", 0),
    ("ರು.", 0),
    ("രൂ.", 0),
    ("രൂ", 0),
    ("ਰੁ.", 0),
    ("ਰੁ", 0),
    ("ਰੂ.", 0),
    ("ਰੂ", 0),
    ("রু.", 0),
    ("US $", 1),
    ("US$", 1),
    ("USD", 1),
    ("CAD", 1),
    ("AUD", 1),
    ("SGD", 1),
    ("A$", 1),
    ("C$", 1),
    ("CA$", 1),
    ("S$", 1),
    ("HK$", 1),
    ("NZ$", 1),
    ("$", 1),
    ("EUR", 2),
    ("€", 2),
    ("GBP", 3),
    ("£", 3),
    ("JPY", 4),
    ("¥", 4),
    ("₩", 5),
    ("₺", 6),
    ("₦", 7),
    ("৳", TAKA),
    ("BDT", TAKA),
    ("Tk.", TAKA),
    ("Tk", TAKA),
    ("ট.", 0),
    ("টাঃ", TAKA),
    ("টা.", TAKA),
    ("CNY", 12),
    ("RMB", 12),
    ("AED", 9),
    ("SAR", 10),
    ("₽", 11),
    ("฿", 13),
    ("CHF", 14),
    ("₫", 15),
    ("VND", 15),
];

/// Signs behind a sum.
const BEHIND: &[(&str, usize)] = &[
    ("रु॰", 0),
    ("रू॰", 0),
    ("रुo", 0),
    ("रूo", 0),
    ("₹", 0),
    ("Rs.", 0),
    ("Rs", 0),
    ("rs.", 0),
    ("rs", 0),
    ("INR", 0),
    ("रु०", 0),
    ("रु0", 0),
    ("रू०", 0),
    ("रू0", 0),
    ("रु.", 0),
    ("रू.", 0),
    ("रु", 0),
    ("रू", 0),
    ("રૂા.", 0),
    ("રૂ.", 0),
    ("రూ.", 0),
    ("ரூ.", 0),
    ("ರೂ.", 0),
    ("രൂ.", 0),
    ("ரூ", 0),
    ("రూ", 0),
    ("ರೂ", 0),
    ("രൂ", 0),
    ("રૂ", 0),
    ("ਰੁ.", 0),
    ("ਰੁ", 0),
    ("ਰੂ.", 0),
    ("ਰੂ", 0),
    ("রু.", 0),
    ("రు.", 0),
    ("ರು.", 0),
    ("રુ.", 0),
    ("રુ", 0),
    ("টাঃ", TAKA),
    ("টা.", TAKA),
    ("NPR", 0),
    ("$", 1),
    ("CAD", 1),
    ("AUD", 1),
    ("SGD", 1),
    ("USD", 1),
    ("€", 2),
    ("EUR", 2),
    ("£", 3),
    ("GBP", 3),
    ("¥", 4),
    ("₩", 5),
    ("₺", 6),
    ("₦", 7),
    ("৳", TAKA),
    ("AED", 9),
    ("₽", 11),
    ("CHF", 14),
    ("₫", 15),
    ("VND", 15),
    ("JPY", 4),
    ("BDT", TAKA),
    ("Tk.", TAKA),
    ("Tk", TAKA),
    ("SAR", 10),
    ("CNY", 12),
    ("RMB", 12),
];

impl Currency {
    /// The rupee, which `500/-` means.
    pub(crate) const RUPEE: Self = Self(0);
    pub(crate) const DOLLAR: Self = Self(1);
    pub(crate) const EURO: Self = Self(2);

    /// Parses the sign at the start of `text` that stands before a sum, and returns its length in bytes.
    pub(crate) fn before(text: &str) -> Option<(Self, usize)> {
        static STARTS: FirstBytes = FirstBytes::of(BEFORE);
        if STARTS.fit(text) { first_of(BEFORE, text) } else { None }
    }

    /// Parses the sign at the start of `text` that stands behind a sum, and returns its length in bytes.
    pub(crate) fn behind(text: &str) -> Option<(Self, usize)> {
        static STARTS: FirstBytes = FirstBytes::of(BEHIND);
        if STARTS.fit(text) { first_of(BEHIND, text) } else { None }
    }

    /// Every sign that stands before a sum.
    pub(crate) fn signs() -> impl Iterator<Item = &'static str> {
        BEFORE.iter().map(|(sign, _)| *sign)
    }

    /// Whether `c` is a sign that only currencies have.
    pub(crate) const fn is_sign(c: char) -> bool {
        matches!(c, '₹' | '₨' | '$' | '€' | '£' | '¥' | '₩' | '₺' | '₦' | '৳' | '₽' | '฿' | '₫')
    }

    /// Whether people type a stop, a hyphen or a colon between its sign and the sum: `₹.500`, `Rs-500`.
    pub(crate) const fn takes_marks(self) -> bool {
        matches!(self.0, 0 | TAKA)
    }

    /// Its name, and that of its hundredth if it has one.
    pub(crate) fn name(self, words: &Words) -> (Noun, Option<Noun>) {
        // Every index is below that of the last foreign currency: a test holds it.
        let foreign =
            self.0.checked_sub(words.money.len()).and_then(|index| words.loans.currencies.get(index));
        let rupee = words.money.first().map_or("", |money| money.unit.one);
        let index = if foreign.is_some_and(|noun| noun.one == rupee) { 0 } else { self.0 };
        match words.money.get(index) {
            // Bengal's and Assam's word for the rupee is the taka.
            Some(Money { unit, hundredth }) => (*unit, Some(*hundredth)),
            None => {
                let name = words.loans.hundredths.get(self.0 - words.money.len()).copied();
                let paisa = words.money.first().map(|money| money.hundredth).filter(|_| self.0 == TAKA);
                let hundredth = name.map(|name| noun(name, name)).or(paisa);
                (foreign.copied().unwrap_or(noun("", "")), hundredth)
            }
        }
    }
}

/// The bytes that signs begin with: around most numbers is none.
struct FirstBytes([bool; 256]);

impl FirstBytes {
    #[expect(clippy::indexing_slicing, reason = "in const evaluation")]
    const fn of(signs: &[(&str, usize)]) -> Self {
        let mut bytes = [false; 256];
        let mut i = 0;
        while i < signs.len() {
            bytes[signs[i].0.as_bytes()[0] as usize] = true;
            i += 1;
        }
        Self(bytes)
    }

    /// Whether one of the signs may be at the start of `text`.
    fn fit(&self, text: &str) -> bool {
        text.as_bytes().first().is_some_and(|byte| self.0.get(usize::from(*byte)) == Some(&true))
    }
}

fn first_of(signs: &[(&str, usize)], text: &str) -> Option<(Currency, usize)> {
    signs
        .iter()
        .find(|(sign, _)| starts_with(text, sign))
        .map(|&(sign, currency)| (Currency(currency), sign.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_has_a_currency_and_longer_signs_come_first() {
        for signs in [BEFORE, BEHIND] {
            for (at, (sign, currency)) in signs.iter().enumerate() {
                assert!(*currency < 4 + FOREIGN, "{sign}");
                let hidden = signs[..at].iter().find(|(earlier, _)| sign.starts_with(earlier));
                assert_eq!(hidden, None, "{sign} is never found");
            }
        }
    }
}
