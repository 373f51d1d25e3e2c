//! Sanskrit numbers above 99: one compound word, the smallest part first.
//!
//! 1947 is 47 (सप्तचत्वारिंशत्) beyond (उत्तर) nine hundred (नवशत) above (अधिक) a thousand (सहस्रम्).

use super::{CRORE, LAKH};
use crate::languages::Numbers;

pub(super) fn compound(number: u64, numbers: &Numbers) -> String {
    if number < 100 {
        return numbers.below_hundred(number).to_owned();
    }
    let (hundreds, rest) = (number / 100 % 10, number % 100);
    let scales = [
        (hundreds, "शत"),
        (number / 1000 % 100, "सहस्र"),
        (number / LAKH % 100, "लक्ष"),
        (number / CRORE, "कोटि"),
    ];
    let mut spoken = String::new();
    if rest > 0 {
        let beyond = if hundreds > 0 && number > 999 { Link::Uttara } else { Link::Adhika };
        spoken.push_str(&linked(rest, numbers, beyond));
    }
    let mut parts = scales.into_iter().filter(|(count, _)| *count > 0).peekable();
    while let Some((count, scale)) = parts.next() {
        join(&mut spoken, &stem(count, scale, numbers));
        spoken.push_str(scale);
        if parts.peek().is_some() {
            spoken.push_str("ाधिक");
        } else if scale != "कोटि" {
            spoken.push_str("म्");
        }
    }
    spoken
}

/// Adds a part behind a link, whose last vowel melts with a first one: "उत्तर" and "अष्टशत" make "उत्तराष्टशत".
fn join(spoken: &mut String, part: &str) {
    const VOWELS: [(char, &str); 2] = [('अ', "ा"), ('ए', "ै")];
    let melted = VOWELS.iter().find_map(|(vowel, sign)| Some((part.strip_prefix(*vowel)?, sign)));
    match melted.filter(|_| !spoken.is_empty()) {
        Some((rest, sign)) => {
            spoken.push_str(sign);
            spoken.push_str(rest);
        }
        None => spoken.push_str(part),
    }
}

/// The word that links a part to the next greater one.
#[derive(Clone, Copy)]
enum Link {
    Adhika,
    Uttara,
}

/// The word for 1..=99 joined with a link, by vowel sandhi.
fn linked(number: u64, numbers: &Numbers, link: Link) -> String {
    let (a, u) = match number {
        1 => ("एकाधिक", "एकोत्तर"),
        2 => ("द्व्यधिक", "द्व्युत्तर"),
        3 => ("त्र्यधिक", "त्र्युत्तर"),
        4 => ("चतुरधिक", "चतुरुत्तर"),
        6 => ("षडधिक", "षडुत्तर"),
        _ => ("", ""),
    };
    if !a.is_empty() {
        return match link {
            Link::Adhika => a.to_owned(),
            Link::Uttara => u.to_owned(),
        };
    }
    let ends = match link {
        Link::Adhika => [("िः", "्यधिक"), ("त्", "दधिक"), ("", "ाधिक")],
        Link::Uttara => [("िः", "्युत्तर"), ("त्", "दुत्तर"), ("", "ोत्तर")],
    };
    let mut word = numbers.below_hundred(number).to_owned();
    super::replace_end(&mut word, &ends);
    word
}

/// The form of a count in front of a scale word, by consonant sandhi.
fn stem(count: u64, scale: &str, numbers: &Numbers) -> String {
    let irregular = match (count, scale) {
        (1, _) => "",
        (2, _) => "द्वि",
        (3, _) => "त्रि",
        (4, "शत") => "चतुश्",
        (4, "सहस्र") => "चतुस्",
        (4, "लक्ष") => "चतुर्",
        (4, _) => "चतुष्",
        (6, "लक्ष") => "षड्",
        (6, _) => "षट्",
        _ => {
            let mut word = compound(count, numbers);
            super::replace_end(&mut word, &[("ः", ""), ("म्", "")]);
            return word;
        }
    };
    irregular.to_owned()
}
