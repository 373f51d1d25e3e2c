//! Telephone numbers and other numbers that their shape alone makes codes, which are read digit by digit.

use super::{
    cursor::{Cursor, is_dash, is_invisible, is_letter, is_space},
    follows,
    place::{Found, Place},
};
use crate::{languages::Words, number::one_by_one, writing::digit_value};

/// The most groups of digits in a number.
const MAX_GROUPS: usize = 6;

/// The fewest digits of a number without its area code.
const FEWEST_DIGITS: usize = 6;

/// The most digits that a second number is shortened to.
const MAX_TAIL: usize = 5;

/// Numbers read digit by digit, with a pause between groups: `+91 98765 43210`, `9876543210`, `022-2345 6789`,
/// `1800-123-4567`, `(555) 123-4567`, and the groups of four of identity and card numbers.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    if let Some(found) = dotted(&place) {
        return Some(found);
    }
    let mut cursor = place.cursor();
    let international = cursor.eat("+");
    if international && !place.sign_allowed() {
        return None;
    }
    if international {
        // "+91-98230", "+1 (123) 123-5678".
        cursor.eat_if(|c| c == '(');
    }
    let mut groups = vec![cursor.digits(1, 15)?];
    let mut end = cursor;
    let mut dashed = true;
    while groups.len() < MAX_GROUPS {
        let gap = eat_gap(&mut cursor, international);
        let Some(group) = cursor.digits(if groups.len() > 3 { 1 } else { 2 }, 15) else { break };
        // A number with a point or group marks is a quantity of its own.
        let mut after = cursor;
        let mark = after.eat_if(|c| ".,:/".contains(c));
        let tailed = mark == Some('/') && dashed && starts_area(&groups) && group.len() > 3;
        if mark.is_some() && !tailed && after.digits(1, 3).is_some() {
            break;
        }
        // Two mobile numbers.
        if group.len() == 10 && groups.iter().all(|group| group.len() == 10) {
            break;
        }
        dashed &= gap.contains(is_dash);
        groups.push(group);
        end = cursor;
    }
    // Shorter ones are area codes in brackets or nothing.
    if groups.iter().map(String::len).sum::<usize>() < FEWEST_DIGITS && !place.done.ends_with('(') {
        return None;
    }
    let tails = eat_tails(&groups, international, &mut end);
    let mut after = end;
    let next = after.eat_if(|c| ".,:/-".contains(c));
    let local = groups.last().map_or(0, String::len);
    let another = (matches!(next, Some('/' | ',' | '-')) && is_mobile_run(&after))
        || (matches!(next, Some('/' | ',')) && groups.len() == 2 && is_local_run(&after, local));
    let runs_on = next.is_some() && after.at_digit() && !another;
    let known = (international && is_international(&groups))
        || (is_code(&groups, dashed) && !are_quantities(&groups, dashed, &end, &place))
        || (dashed && is_american(&groups, &end, &place))
        || (behind_area_code(place.done) && is_local(&groups))
        || (groups.len() == 1 && is_behind_landline(place.done, local))
        || (is_area_code(&groups, &place, &end));
    // Between two numbers, only another whole number fits.
    let glued = place.behind_number_and(|c| is_dash(c) || "/.:,+".contains(c))
        && !(place.done.ends_with(['/', ',']) && groups.iter().all(|group| group.len() >= 5))
        && !(place.done.ends_with('-') && groups.iter().all(|group| group.len() == 10));
    if glued || runs_on || !known {
        return None;
    }
    let plus = if international { format!("{} ", place.words.signs.plus) } else { String::new() };
    let mut spoken = format!("{plus}{}", spoken_groups(&groups, place.words));
    for tail in tails {
        spoken = format!("{spoken}, {}", one_by_one(&tail, place.words));
    }
    Some(Found::new(end.at(), spoken))
}

/// Whether the first group is an area code, or that of toll-free numbers.
fn starts_area(groups: &[String]) -> bool {
    let area = |first: &String| first.starts_with('0') && (3..=5).contains(&first.len());
    groups.first().is_some_and(|first| area(first) || matches!(first.as_str(), "1800" | "1860"))
}

/// The last digits of other numbers that begin alike: the 46 of `9845012345/46`.
fn eat_tails(groups: &[String], international: bool, end: &mut Cursor<'_>) -> Vec<String> {
    let mut tails = Vec::new();
    let whole = groups.iter().map(String::len).sum::<usize>() >= 10
        && (international
            || starts_area(groups)
            || groups.first().is_some_and(|first| first.starts_with(['0', '6', '7', '8', '9'])));
    let longest = groups.last().map_or(0, String::len).min(MAX_TAIL + 1);
    let mut ahead = *end;
    while whole && tails.len() < MAX_GROUPS && ahead.eat("/") {
        let Some(tail) = ahead.digits(1, MAX_TAIL).filter(|tail| tail.len() < longest) else { break };
        let mut after = ahead;
        if after.eat_if(|c| ".:-".contains(c)).is_some() && after.at_digit() {
            break;
        }
        tails.push(tail);
        *end = ahead;
    }
    tails
}

/// Groups with points between: `555.555.5555`, `022.23452345`.
fn dotted(place: &Place<'_>) -> Option<Found> {
    if place.behind_number_and(|c| is_dash(c) || "/.:,+".contains(c)) {
        return None;
    }
    let mut cursor = place.cursor();
    let mut groups = vec![cursor.digits(3, 5)?];
    while groups.len() < 3 && cursor.eat(".") {
        groups.push(cursor.digits(3, 8)?);
    }
    let mut after = cursor;
    let runs_on = after.eat_if(|c| is_dash(c) || "/.:,".contains(c)).is_some() && after.at_digit();
    let known = match groups.as_slice() {
        [a, b, c] => (a.len(), b.len(), c.len()) == (3, 3, 4),
        [area, number] => area.starts_with('0') && (6..=8).contains(&number.len()),
        _ => false,
    };
    (known && !runs_on && cursor.at_word_end())
        .then(|| Found::new(cursor.at(), spoken_groups(&groups, place.words)))
}

/// Says groups of digits one by one, with pauses between them.
pub(super) fn spoken_groups(groups: &[String], words: &Words) -> String {
    let sizes: &[usize] = match groups {
        [one] if one.len() == 10 && one.starts_with("18") => &[4, 3, 3],
        // Indians group the ten digits of a mobile number in fives.
        [one] if one.len() == 10 => &[5, 5],
        [one] if one.len() == 11 && (one.starts_with("18")) => &[4, 3, 4],
        [one] if one.len() == 12 && one.starts_with("91") => &[2, 5, 5],
        [one] if matches!(one.len(), 12 | 16) => &[4, 4, 4, 4],
        _ => &[],
    };
    let Some(one) = groups.first().filter(|_| !sizes.is_empty()) else {
        return groups.iter().map(|group| one_by_one(group, words)).collect::<Vec<_>>().join(", ");
    };
    let mut left = one.as_str();
    let mut spoken = Vec::new();
    for size in sizes {
        let (group, rest) = left.split_at_checked(*size).unwrap_or((left, ""));
        if !group.is_empty() {
            spoken.push(one_by_one(group, words));
        }
        left = rest;
    }
    spoken.join(", ")
}

/// Skips what may stand between two groups, and returns it.
pub(super) fn eat_gap<'t>(cursor: &mut Cursor<'t>, brackets: bool) -> &'t str {
    let start = *cursor;
    cursor.eat_if(|c| brackets && c == ')');
    cursor.eat_if(|c| is_space(c) || is_dash(c));
    cursor.eat_if(|c| is_dash(c) || is_invisible(c) || (brackets && c == '('));
    cursor.eat_if(|c| is_space(c) && brackets);
    start.rest().get(..cursor.at() - start.at()).unwrap_or_default()
}

/// Whether ten digits of a mobile number follow.
fn is_mobile_run(cursor: &Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.eat_if(is_space);
    ahead.digits(10, 10).is_some_and(|digits| digits.starts_with(['6', '7', '8', '9']))
}

/// Whether another number of a landline follows, as long as the one before it.
fn is_local_run(cursor: &Cursor<'_>, len: usize) -> bool {
    (6..=8).contains(&len) && {
        let mut ahead = *cursor;
        ahead.digits(len, len).is_some()
    }
}

/// Whether `done` ends in a landline's number of that length with its area code, perhaps in more such numbers, and a
/// slash or comma.
fn is_behind_landline(done: &str, len: usize) -> bool {
    if !(6..=8).contains(&len) {
        return false;
    }
    let is_digit = |c: char| digit_value(c).is_some();
    let mut left = done;
    for _ in 0..MAX_GROUPS {
        let Some((before, digits)) = before_another(left) else { return false };
        if digits != len {
            return false;
        }
        let area = before.trim_end_matches(|c: char| is_dash(c) || is_space(c));
        let code = area.chars().rev().take(6).take_while(|c| is_digit(*c));
        if area.len() < before.len() && code.last().and_then(digit_value) == Some(0) {
            return true;
        }
        left = before;
    }
    false
}

/// What is before a number at the end of `done` that a slash or comma follows, and how many digits it has.
pub(super) fn before_another(done: &str) -> Option<(&str, usize)> {
    let numbers = done.trim_end_matches(is_space).strip_suffix(['/', ','])?.trim_end_matches(is_space);
    let before = numbers.trim_end_matches(|c: char| digit_value(c).is_some());
    Some((before, numbers.get(before.len()..)?.chars().count()))
}

fn is_international(groups: &[String]) -> bool {
    (8..=18).contains(&groups.iter().map(String::len).sum::<usize>())
}

/// Whether `done` ends in an area code: `(011)` or `(011) `.
fn behind_area_code(done: &str) -> bool {
    let Some(inner) = done.trim_end_matches([' ', '-']).strip_suffix(')') else { return false };
    let digits = inner.chars().rev().take(6).take_while(|c| digit_value(*c).is_some()).count();
    (2..=5).contains(&digits) && inner.chars().rev().nth(digits) == Some('(')
}

/// Whether the only group is an area code in brackets with a number behind.
fn is_area_code(groups: &[String], place: &Place<'_>, end: &Cursor<'_>) -> bool {
    let [code] = groups else { return false };
    if !place.done.ends_with('(') || !(2..=5).contains(&code.len()) {
        return false;
    }
    let mut ahead = *end;
    if !ahead.eat(")") {
        return false;
    }
    ahead.eat_if(|c| is_space(c) || is_dash(c));
    let mut lengths = vec![];
    while let Some(group) = ahead.digits(2, 8).filter(|_| lengths.len() < 3) {
        lengths.push(group);
        ahead.eat_if(|c| is_space(c) || is_dash(c));
    }
    is_local(&lengths)
}

/// Whether `groups` can be the part of a number behind its area code.
fn is_local(groups: &[String]) -> bool {
    (6..=8).contains(&groups.iter().map(String::len).sum::<usize>())
}

/// North American forms, with hyphens: `123-456-0987`, `555-1234`.
fn is_american(groups: &[String], end: &Cursor<'_>, place: &Place<'_>) -> bool {
    let lengths: Vec<usize> = groups.iter().map(String::len).collect();
    match lengths.as_slice() {
        [3, 3, 4] | [3, 2, 4] | [1, 3, 3, 4] | [3, 3, 4, 1..=4] => true,
        // A range of round numbers is none, nor is one that counts something.
        [3, 4] => {
            let mut ahead = *end;
            ahead.eat_space();
            let round = groups.iter().any(|group| group.ends_with('0'));
            !round
                && !ahead.peek().is_some_and(|c| is_letter(c) || "%°₹$".contains(c))
                && !place.done.ends_with(['₹', '$'])
        }
        _ => false,
    }
}

/// Whether groups without an area code are numbers of their own: a range, a list or a round number. They end in zeros, or
/// something follows that they count.
fn are_quantities(groups: &[String], dashed: bool, end: &Cursor<'_>, place: &Place<'_>) -> bool {
    let starts = |digits: &[char]| groups.first().is_some_and(|first| first.starts_with(digits));
    if starts(&['0']) || starts_area(groups) {
        return false;
    }
    let round = groups.iter().all(|group| group.ends_with("00"));
    match groups {
        [one] => one.len() == 10 && one.ends_with("00000"),
        [first, second] if first.len() == 5 && second.len() == 5 => {
            let rises = dashed && first < second && follows::counted(end, place.words);
            round || rises || follows::quantity(end, place)
        }
        [first, second] => first.len() > 2 && (round || (second.len() == 6 && follows::quantity(end, place))),
        _ => round && groups.iter().all(|group| group.len() == 4),
    }
}

fn is_code(groups: &[String], dashed: bool) -> bool {
    let lengths: Vec<usize> = groups.iter().map(String::len).collect();
    let first = groups.first().map_or("", String::as_str);
    let starts = |digits: &[char]| first.starts_with(digits);
    let toll_free = first.starts_with("1800") || first.starts_with("1860");
    match lengths.as_slice() {
        // Mobile numbers, bare, with the trunk prefix 0, or with the country code.
        [10] if toll_free => true,
        [10] | [5, 5] | [3, 3, 4] | [4, 3, 3] => starts(&['6', '7', '8', '9']),
        [11] if starts(&['0']) || toll_free => true,
        [6, 5] => starts(&['0']),
        [2, 10] | [2, 5, 5] => first == "91",
        // "9839 012345"
        [4, 6] if !dashed && starts(&['6', '7', '8', '9']) => {
            groups.get(1).is_some_and(|group| !group.ends_with("00"))
        }
        // Toll-free in Nepal.
        [11] if first.starts_with("1660") => true,
        // Identity numbers, and the country code without a plus sign.
        [12] => !starts(&['0']),
        // Area code and number.
        [3..=5, 6..=8] | [3..=5, 3..=4, 3..=4] if starts(&['0']) => true,
        [2, 8] | [3, 7] | [4, 6] | [7, 4] if dashed => true,
        [2, 7] => starts(&['0']) && dashed,
        // Toll-free numbers.
        [4, 3, 3..=4] | [4, 2, 4] | [10..=11, ..] | [4, 6..=7] => toll_free,
        [4, 4, 4] | [4, 4, 4, 4] => true,
        _ => false,
    }
}
