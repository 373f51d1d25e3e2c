//! Phone numbers and other numbers that are read digit by digit.

use super::{Found, Place, cursor::Cursor, sign_allowed};
use crate::{number::one_by_one, writing::digit_value};

/// The most groups of digits in a number.
const MAX_GROUPS: usize = 6;

/// Numbers read digit by digit, with a pause between groups: `+91 98765 43210`, `9876543210`, `022-2345 6789`,
/// `1800-123-4567`, and the groups of four of identity and card numbers.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    if place.before.is_some_and(|c| "/-.:,+".contains(c)) {
        return None;
    }
    let mut cursor = Cursor::new(place.rest);
    let international = cursor.eat("+");
    if international && !sign_allowed(place.before) {
        return None;
    }
    let mut groups = vec![cursor.digits(1, 15)?];
    let mut end = cursor;
    while groups.len() < MAX_GROUPS {
        cursor.eat_if(|c| matches!(c, ' ' | '-' | '\u{A0}'));
        let Some(group) = cursor.digits(2, 15) else { break };
        // A number with a point or group marks is a quantity of its own.
        let mut after = cursor;
        if after.eat_if(|c| ".,:/".contains(c)).is_some() && after.digits(1, 20).is_some() {
            break;
        }
        groups.push(group);
        end = cursor;
    }
    let mut after = end;
    let runs_on = after.eat_if(|c| ".,:/-".contains(c)).is_some() && after.digits(1, 20).is_some();
    let known = (international && is_international(&groups))
        || is_code(&groups)
        || (behind_area_code(place.done) && is_local(&groups));
    if runs_on || !known {
        return None;
    }
    if groups.len() == 1 && groups.iter().all(|group| group.len() == 10) {
        // Indians group the ten digits of a mobile number in fives.
        groups = groups
            .iter()
            .flat_map(|group| [group.get(..5), group.get(5..)])
            .flatten()
            .map(str::to_owned)
            .collect();
    }
    let spoken: Vec<String> = groups.iter().map(|group| one_by_one(group, place.words)).collect();
    let plus = if international { format!("{} ", place.words.signs.plus) } else { String::new() };
    Some(Found::new(end.at(), format!("{plus}{}", spoken.join(", "))))
}

fn is_international(groups: &[String]) -> bool {
    (8..=15).contains(&groups.iter().map(String::len).sum::<usize>())
}

/// Whether `done` ends in an area code: `(011)` or `(011) `.
fn behind_area_code(done: &str) -> bool {
    let Some(inner) = done.trim_end().strip_suffix(')') else { return false };
    let digits = inner.chars().rev().take_while(|c| digit_value(*c).is_some()).count();
    (2..=5).contains(&digits) && inner.chars().rev().nth(digits) == Some('(')
}

/// Whether `groups` can be the part of a number behind its area code.
fn is_local(groups: &[String]) -> bool {
    (6..=8).contains(&groups.iter().map(String::len).sum::<usize>())
}

fn is_code(groups: &[String]) -> bool {
    let lengths: Vec<usize> = groups.iter().map(String::len).collect();
    let starts = |digits: &[u8]| {
        groups.first().and_then(|group| group.bytes().next()).is_some_and(|b| digits.contains(&b))
    };
    match lengths.as_slice() {
        // Mobile numbers, bare, or with the trunk prefix 0.
        [10] | [5, 5] | [3, 3, 4] | [4, 3, 3] | [4, 6] => starts(b"6789"),
        [11] | [6, 5] => starts(b"0"),
        // Area code and number.
        [3..=5, 6..=8] | [3..=5, 3..=4, 3..=4] if starts(b"0") => true,
        // Toll-free numbers.
        [4, 3, 3..=4] | [4, 2, 4] | [10..=11, ..] | [4, 6..=7] => {
            groups.first().is_some_and(|group| group.starts_with("1800") || group.starts_with("1860"))
        }
        [4, 4, 4] | [4, 4, 4, 4] => true,
        _ => false,
    }
}
