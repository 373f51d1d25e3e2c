//! Codes: numbers that a word before them says are read digit by digit, and mixed ones of letters and digits.

use super::{
    cue::{Cue, cue, follows_ending, follows_one_time, follows_series, is_behind_account, leads_to_cue},
    cursor::{Cursor, is_dash, is_letter, is_space, is_wordish},
    follows,
    phone::{before_another, eat_gap, spoken_groups},
    place::{Found, Place, ends_with_one},
    shape,
    spelling::{is_one_of, same},
    words::{self, led_by},
};
use crate::languages::{CHEQUES, NUMBER_WORDS, SHARED, TRAINS};

/// The most groups of a code.
const MAX_GROUPS: usize = 6;

/// The fewest digits of a code behind the bare name of a device, a card or an account.
const DEVICE_DIGITS: usize = 7;

/// What the numbers of books and journals are called, and the fewest digits that one has.
const BOOK_NUMBERS: [&str; 5] = ["ISBN", "ISBN-10", "ISBN-13", "ISSN", "आईएसबीएन"];
const BOOK_DIGITS: usize = 7;

/// Flights, whose letters may stand before their digits.
const FLIGHTS: [&str; 12] =
    ["flight", "फ्लाइट", "फ़्लाइट", "उड़ान", "विमान", "ফ্লাইট", "விமானம்", "ఫ్లైట్", "ફ્લાઇટ", "ವಿಮಾನ", "ഫ്ലൈറ്റ്", "ਫਲਾਈਟ"];

/// Postpositions between a number and what one does with it.
const AT: [&str; 8] = ["पर", "पे", "वर", "নম্বরে", "પર", "ਤੇ", "ਉੱਤੇ", "मा"];

/// The most digits of a short number that one calls.
const MOST_DIALLED: usize = 6;

/// The codes of Indian states and territories on number plates.
const STATES: [&str; 39] = [
    "AN", "AP", "AR", "AS", "BR", "CG", "CH", "DD", "DL", "DN", "GA", "GJ", "HP", "HR", "JH", "JK", "KA",
    "KL", "LA", "LD", "MH", "ML", "MN", "MP", "MZ", "NL", "OD", "OR", "PB", "PY", "RJ", "SK", "TN", "TR",
    "TS", "UA", "UK", "UP", "WB",
];

/// `OTP is 458291`, `पिन कोड 110023`, `card ending in 8876`, `नई दिल्ली-110001`.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    if place.behind_digit() || place.behind_number_and(|c| is_dash(c) || "/.:,".contains(c)) {
        return None;
    }
    if let Some(found) = book_number(&place) {
        return Some(found);
    }
    let mut cursor = place.cursor();
    // "a/c -1234" has no negative number.
    if cursor.eat_if(is_dash).is_some() && !is_behind_account(&place) {
        return None;
    }
    let mut groups = vec![cursor.digits(3, 19)?];
    let mut end = cursor;
    while groups.len() < MAX_GROUPS {
        let spaced = !eat_gap(&mut cursor, false).contains(is_dash);
        let Some(group) = cursor.digits(2, 12) else { break };
        // "OTP 4582 10 मिनट में"
        let counts = cursor.rest().trim_start_matches(is_space).starts_with(is_letter);
        if group.len() == 2 && groups.len() == 1 && spaced && counts {
            break;
        }
        groups.push(group);
        end = cursor;
    }
    let words = place.words;
    let of_series = is_of_series(&groups, &place);
    // "12951/52" are two trains.
    let mut other = end;
    if of_series
        && other.eat("/")
        && let Some(group) = other.digits(2, 8)
    {
        groups.push(group);
        end = other;
    }
    let is_code = of_series
        || is_postal_code(&groups, &place, &end)
        || is_behind_town(&groups, &place, &end)
        || is_of_neighbours(&groups, &place)
        || is_told(&groups, &place, &end)
        || is_to_verify(&groups, &place, &end)
        || is_texted(&groups, &place, &end);
    let leads =
        matches!(groups.as_slice(), [one] if (4..=8).contains(&one.len())) && leads_to_cue(&end, words);
    let told = leads && !follows::is_plural(&end)
        || is_code && !end.rest().starts_with(is_letter)
        || is_called(&groups, &place, &end);
    (told && !follows::quantity(&end, &place)).then(|| Found::new(end.at(), spoken_groups(&groups, words)))
}

/// The number of a book or journal, in groups of any length: `978-3-16-148410-0`, `0-19-852663-X`.
fn book_number(place: &Place<'_>) -> Option<Found> {
    if !place.behind_word(&BOOK_NUMBERS) {
        return None;
    }
    let mut cursor = place.cursor();
    let mut groups = vec![cursor.digits(1, 13)?];
    let mut end = cursor;
    while groups.len() < MAX_GROUPS {
        eat_gap(&mut cursor, false);
        let Some(group) = cursor.digits(1, 7) else { break };
        groups.push(group);
        end = cursor;
    }
    if groups.iter().map(String::len).sum::<usize>() < BOOK_DIGITS {
        return None;
    }
    let mut spoken = spoken_groups(&groups, place.words);
    let mut check = end;
    eat_gap(&mut check, false);
    if check.eat("X") && check.at_word_end() {
        spoken = format!("{spoken}, {}", shape::spelled("X", place.words));
        end = check;
    }
    Some(Found::new(end.at(), spoken))
}

/// Whether the number is that of a train, an order or the like: "ट्रेन नंबर 12952", "Order ID 45217".
fn is_of_series(groups: &[String], place: &Place<'_>) -> bool {
    let context = place.words.context;
    let series =
        |typed: &str| [SHARED.series, context.series, CHEQUES].iter().any(|words| is_one_of(typed, words));
    let number = |typed: &str| is_one_of(typed, NUMBER_WORDS);
    // "Flight AI 302": the letters of an airline.
    let letters = |typed: &str| typed.len() <= 3 && typed.bytes().all(|b| b.is_ascii_uppercase());
    let link = |typed: &str| number(typed) || is_one_of(typed, &["is", "है"]);
    let flight = |typed: &str| is_one_of(typed, &FLIGHTS);
    let five = matches!(groups, [one] if one.len() == 5 && !one.ends_with("000"));
    let train = |typed: &str| is_one_of(typed, TRAINS);
    let linked = place.words_before().next().is_some_and(|(word, _)| link(word));
    // IndiGo's flights begin with a digit.
    let typed = place.done.trim_end_matches([' ', '-']);
    let indigo = typed.ends_with("6E") && !typed.trim_end_matches("6E").ends_with(is_wordish);
    let short = matches!(groups, [one] if matches!(one.len(), 3 | 4));
    (linked && led_by(place, series, link, 3))
        || follows_series(place)
        || (indigo && short)
        || (five && led_by(place, train, link, 2))
        || (place.words_before().next().is_some_and(|(word, _)| letters(word) || same(word, "flight"))
            && led_by(place, flight, letters, 2))
}

/// Whether the words before say that it is a code. Behind the bare name of a device, it must look like one.
fn is_told(groups: &[String], place: &Place<'_>, end: &Cursor<'_>) -> bool {
    let digits: usize = groups.iter().map(String::len).sum();
    let one = match groups {
        [one] if (4..=8).contains(&one.len()) => Some(one),
        _ => None,
    };
    // "फोन: 22375150, 23456789"
    let second = one.filter(|one| one.len() > 6).is_some_and(|one| {
        before_another(place.done).is_some_and(|(done, digits)| {
            digits == one.len() && cue(&Place { done, before: None, ..*place }).is_some()
        })
    });
    if second {
        return true;
    }
    // "हेल्पलाइन पर 1500 शिकायतें"
    let at = place.words_before().next().is_some_and(|(word, _)| is_one_of(word, &AT));
    let counted = || at && digits < MOST_DIALLED && words::counts(end, place.words);
    match cue(place) {
        Some(Cue::Sure) => !counted(),
        Some(Cue::Device) => {
            let ends = !end.rest().trim_start_matches(is_space).starts_with(is_letter);
            digits >= DEVICE_DIGITS
                || (digits == 6 && ends && groups.last().is_some_and(|last| !last.ends_with("00")))
        }
        None => one.is_some_and(|one| {
            let year = one.starts_with("19") || one.starts_with("20");
            (one.len() == 4 && !year && follows_ending(place)) || follows_one_time(one.len(), place, end)
        }),
    }
}

/// Whether it is a short number that one writes to, or what one writes: "SMS STOP to 56767", "SMS BLOCK 4521".
fn is_texted(groups: &[String], place: &Place<'_>, end: &Cursor<'_>) -> bool {
    let sms = |word: &str| same(word, "SMS") || same(word, "एसएमएस");
    let link =
        |word: &str| word == "to" || (word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase()));
    let mut ahead = *end;
    ahead.eat_space();
    matches!(groups, [one] if (4..=6).contains(&one.len()))
        && place.words_before().next().is_some_and(|(word, _)| link(word) && !sms(word))
        && !super::year::is_counted(ahead.word())
        && led_by(place, sms, link, 4)
}

/// Whether it is a short number that one calls: "112 पर कॉल करें", "call 1098 now".
fn is_called(groups: &[String], place: &Place<'_>, end: &Cursor<'_>) -> bool {
    const CALL: [&str; 30] = [
        "कॉल",
        "फोन",
        "फ़ोन",
        "डायल",
        "संपर्क",
        "कल",
        "কল",
        "ফোন",
        "કૉલ",
        "કોલ",
        "ફોન",
        "ਕਾਲ",
        "ਫੋਨ",
        "ਫ਼ੋਨ",
        "ਸੰਪਰਕ",
        "కాల్",
        "ఫోన్",
        "డయల్",
        "அழைக்க",
        "அழைக்கவும்",
        "அழையுங்கள்",
        "போன்",
        "டயல்",
        "ಕರೆ",
        "ಕಾಲ್",
        "ಫೋನ್",
        "വിളിക്കുക",
        "വിളിക്കാം",
        "വിളിക്കൂ",
        "കോൾ",
    ];
    // Endings that mean "at".
    const AT_ENDINGS: [&str; 14] =
        ["-এ", "এ", "కి", "కు", "-కి", "-కు", "க்கு", "-க்கு", "ಕ್ಕೆ", "ಗೆ", "-ಕ್ಕೆ", "ൽ", "-ൽ", "ലേക്ക്"];
    const DIALLED: [&str; 4] = ["डायल", "ডায়াল", "ડાયલ", "ਡਾਇਲ"];
    if !matches!(groups, [one] if one.len() <= MOST_DIALLED) {
        return false;
    }
    let mut ahead = *end;
    let spaced = ahead.eat_space();
    // "112 'ਤੇ ਕਾਲ ਕਰੋ"
    ahead.eat_if(|c| matches!(c, '\'' | '’'));
    let next = ahead.word();
    ahead.skip(next.len());
    let at = spaced && is_one_of(next, &AT) && ahead.eat_space();
    // "৯৯৯-এ কল করুন", "1930కి కాల్ చేయండి", "1930 ൽ വിളിക്കുക"
    let at_ending = {
        let mut ahead = *end;
        ahead.eat_space();
        ahead.eat_word(AT_ENDINGS) && ahead.eat_space() && is_one_of(ahead.word(), &CALL)
    };
    let called = at_ending || (at && is_one_of(ahead.word(), &CALL)) || (spaced && is_one_of(next, &DIALLED));
    let before = |word: &str| same(word, "call") || same(word, "dial") || is_one_of(word, &DIALLED);
    let link = |word: &str| is_one_of(word, &["करें", "करा", "કરો", "ਕਰੋ"]);
    called
        || (!next.starts_with(|c: char| !c.is_ascii_lowercase())
            && !super::year::is_counted(next)
            && led_by(place, before, link, 2))
}

/// Whether the number is what one types to log in: "Use 4829 to verify".
fn is_to_verify(groups: &[String], place: &Place<'_>, end: &Cursor<'_>) -> bool {
    const USE: [&str; 3] = ["use", "enter", "type"];
    const VERIFY: [&str; 10] = [
        "verify",
        "log",
        "login",
        "sign",
        "confirm",
        "complete",
        "reset",
        "activate",
        "authenticate",
        "register",
    ];
    let mut ahead = *end;
    matches!(groups, [one] if (4..=8).contains(&one.len()))
        && led_by(place, |word| is_one_of(word, &USE), |_| false, 1)
        && ahead.eat_space()
        && ahead.eat_word(["to"])
        && ahead.eat_space()
        && is_one_of(ahead.word(), &VERIFY)
}

/// The six digits behind the name of a town and a hyphen. Behind a dash between spaces, the name must be a known one, or an
/// address is before it: "Views – 250125" counts something.
fn is_postal_code(groups: &[String], place: &Place<'_>, end: &Cursor<'_>) -> bool {
    let six = match groups {
        [one] => one.len() == 6,
        [a, b] => a.len() == 3 && b.len() == 3,
        _ => false,
    };
    let town = place.done.trim_end_matches(is_space);
    let hyphen = town.ends_with(is_dash);
    let town = town.trim_end_matches(is_dash).trim_end_matches(is_space);
    // "600 001": no number starts with a zero.
    let spaced = groups.get(1).is_some_and(|group| group.starts_with('0'));
    if !(six && (hyphen || spaced)) {
        return false;
    }
    let before_dash = place.done.trim_end_matches(is_space).trim_end_matches(is_dash);
    let apart = hyphen && place.done.ends_with(is_space) && before_dash.ends_with(is_space);
    let listed = [SHARED.towns, place.words.context.towns].iter().any(|towns| ends_with_one(town, towns));
    let addressed = || {
        let line = town.rsplit('\n').next().unwrap_or_default();
        line.contains(',') && !line.ends_with(|c: char| c.is_ascii_uppercase())
    };
    let counts = groups.last().is_some_and(|last| last.ends_with("000"))
        || end.rest().starts_with('/')
        || follows::quantity(end, place)
        || (apart && !listed && !addressed());
    !(hyphen && counts)
        && town.ends_with(is_letter)
        && !groups.first().is_some_and(|group| group.starts_with('0'))
}

/// The postal codes of Bangladesh and Nepal, which are shorter: "ঢাকা-১২০৭".
fn is_of_neighbours(groups: &[String], place: &Place<'_>) -> bool {
    let [code] = groups else { return false };
    let town = place.done.trim_end_matches(is_space);
    let towns: &[&str] = match code.len() {
        4 => &["ঢাকা", "চট্টগ্রাম", "সিলেট", "রাজশাহী", "খুলনা", "বরিশাল", "রংপুর", "ময়মনসিংহ"],
        5 => &["काठमाडौं", "काठमाडौँ", "ललितपुर", "भक्तपुर", "पोखरा", "विराटनगर", "चितवन"],
        _ => return false,
    };
    town.ends_with(is_dash) && ends_with_one(town.trim_end_matches(is_dash).trim_end_matches(is_space), towns)
}

/// Six digits behind the name of a known town or state, with nothing behind them that they could count.
fn is_behind_town(groups: &[String], place: &Place<'_>, end: &Cursor<'_>) -> bool {
    let [code] = groups else { return false };
    if code.len() != 6 || code.starts_with('0') || code.ends_with("000") {
        return false;
    }
    let ends = !end.rest().trim_start_matches(is_space).starts_with(is_letter);
    let typed = place.done.trim_end_matches(is_space).trim_end_matches([',', '.']);
    ends && [SHARED.towns, place.words.context.towns].iter().any(|towns| ends_with_one(typed, towns))
}

/// Number plates, and other codes of letters and digits.
pub(super) fn mixed(place: Place<'_>) -> Option<Found> {
    let mut cursor = place.cursor();
    if number_plate(&mut cursor).is_none() {
        return shape::recognize(place);
    }
    let spoken = shape::spelled(cursor.read(), place.words);
    cursor.at_word_end().then(|| Found::new(cursor.at(), spoken))
}

/// `MH12AB1234`, `DL 3C AB 1234`, `KA-01-HH-1234`.
fn number_plate(cursor: &mut Cursor<'_>) -> Option<()> {
    let state = cursor.rest().get(..2).filter(|state| STATES.contains(state))?;
    cursor.skip(state.len());
    let gap = |cursor: &mut Cursor<'_>| cursor.eat_if(|c| is_space(c) || is_dash(c));
    gap(cursor);
    cursor.digits(1, 2)?;
    gap(cursor);
    let mut letters = 0;
    while letters < 3 && cursor.eat_if(|c| c.is_ascii_uppercase()).is_some() {
        letters += 1;
        if letters == 1 && cursor.rest().starts_with(' ') {
            gap(cursor);
        }
    }
    gap(cursor);
    cursor.digits(if letters == 0 { 4 } else { 1 }, 4)?;
    (letters > 0).then_some(())
}
