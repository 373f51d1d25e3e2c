//! E-mail addresses and URLs.

use super::{
    abbreviation::english_abbreviation,
    cursor::Cursor,
    phone::spoken_groups,
    place::{Found, Place},
};
use crate::{
    languages::Web,
    number::{Numeral, digits},
    writing::digit_value,
};

/// The longest address that is recognized, in bytes.
pub(super) const MAX_ADDRESS_BYTES: usize = 500;

/// The fewest digits in a row that are read one by one: the telephone number of `wa.me/919845012345`.
const LONG_DIGITS: usize = 7;

/// Marks that are of the sentence where they end an address.
const BEHIND_ADDRESSES: [char; 6] = ['.', '?', ':', '-', '&', '='];

/// What an address has one of, unless it has a scheme.
pub(super) const ADDRESS_MARKS: [char; 2] = ['@', '.'];

/// Top-level domains that make a host name without a scheme an address.
const TOP_DOMAINS: [&str; 23] = [
    "com", "org", "net", "in", "edu", "gov", "info", "io", "ai", "dev", "app", "co", "me", "biz", "xyz",
    "tv", "uk", "us", "online", "shop", "store", "site", "tech",
];

/// Hosts of short links, whose endings are words elsewhere.
const SHORT_HOSTS: [&str; 7] = ["bit.ly", "youtu.be", "amzn.to", "goo.gl", "forms.gle", "t.ly", "cutt.ly"];

/// What stands behind the sign of an address for payments: `rahul@okaxis`.
const PAYMENTS: [&str; 22] = [
    "okaxis",
    "oksbi",
    "okicici",
    "okhdfcbank",
    "ybl",
    "ibl",
    "axl",
    "paytm",
    "upi",
    "apl",
    "yapl",
    "sbi",
    "icici",
    "hdfcbank",
    "axisbank",
    "kotak",
    "pnb",
    "barodampay",
    "fbl",
    "airtel",
    "jupiteraxis",
    "ptsbi",
];

/// Endings of the names of files, which are read like addresses: `report.pdf`.
const FILES: [&str; 26] = [
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "csv", "txt", "rtf", "jpg", "jpeg", "png", "gif",
    "svg", "zip", "rar", "html", "php", "json", "xml", "apk", "exe", "wav", "mov", "avi",
];

/// `user@example.com`, `https://example.com/path`, `www.example.com`, `example.co.in`.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    if place.before.is_some_and(|c| is_address_char(c) && !matches!(c, '/' | ':' | '=')) {
        return None;
    }
    let mut cursor = Cursor::new(place.rest);
    let mut after_scheme = cursor;
    let scheme = after_scheme.eat_word(["https", "http", "ftp"]) && after_scheme.eat("://");
    if scheme {
        cursor = after_scheme;
    }
    if !scheme && !may_be_address(place) {
        return None;
    }
    let body = address_run(cursor.rest());
    // The digits are spelled out, which makes a word of its own of what is before them.
    let before_digits = body.split(|c| digit_value(c).is_some()).next().unwrap_or_default();
    let address = if scheme && body.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        body
    } else {
        mail(body).or_else(|| with_known_host(body)).or_else(|| with_known_host(before_digits))?
    };
    cursor.skip(address.len());
    let mut spoken = spoken(address, place);
    // The last letter would be taken for the beginning of an account.
    if spoken.ends_with('a') && cursor.rest().starts_with(['/']) {
        spoken.push(' ');
    }
    Some(Found::new(cursor.at(), spoken))
}

/// Whether an address without a scheme may be at the place. Most rows of words and points are none, and are looked through no
/// more often than it takes to see that.
fn may_be_address(place: Place<'_>) -> bool {
    let text = place.rest;
    if place.to_mark > MAX_ADDRESS_BYTES {
        return false;
    }
    let is_of_host = |c| is_label_char(c) || matches!(c, '_' | '%' | '+' | '~');
    let near = text.get(..text.ceil_char_boundary(MAX_ADDRESS_BYTES + 1)).unwrap_or_default();
    text.get(..place.to_mark).is_some_and(|head| head.chars().all(is_of_host))
        && (near.as_bytes().contains(&b'@') || has_known_host(near))
}

/// Whether the host at the start of `text` is a known one, by itself or before its first digit.
fn has_known_host(text: &str) -> bool {
    // Most abbreviations have a capital letter, and no other behind it: "Booking.com".
    let lower = || {
        let label = text.split('.').next().unwrap_or_default();
        !label.get(1..).is_some_and(|rest| rest.contains(|c: char| c.is_ascii_uppercase()))
    };
    let starts_well = || text.starts_with(|c: char| c.is_ascii_alphanumeric());
    (text.starts_with("www.") || (starts_well() && lower())) && {
        let host = host(text);
        let before_digits = host.split(|c| digit_value(c).is_some()).next().unwrap_or_default();
        is_known(host) || is_known(trimmed_host(before_digits))
    }
}

/// Whether a word right before `text` would look like the start of an address.
pub(super) fn is_address_tail(text: &str) -> bool {
    if !text.starts_with(|c: char| c.is_ascii_punctuation()) {
        return false;
    }
    // Whether [`address_run`] has a mark, without reading it to its end.
    let mut run = text.char_indices().take_while(|(at, c)| *at <= MAX_ADDRESS_BYTES && is_address_char(*c));
    let mut marked = false;
    run.any(|(_, c)| {
        marked |= ADDRESS_MARKS.contains(&c);
        marked && !BEHIND_ADDRESSES.contains(&c)
    })
}

/// The characters of an address at the start of `text`, without the punctuation of the sentence behind it.
fn address_run(text: &str) -> &str {
    let end = text
        .char_indices()
        .find(|(at, c)| *at > MAX_ADDRESS_BYTES || !is_address_char(*c))
        .map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or_default().trim_end_matches(BEHIND_ADDRESSES)
}

/// The address at the start of `run`, if its host begins with `www.` or ends in a well-known domain.
fn with_known_host(run: &str) -> Option<&str> {
    let host = host(run);
    let path_follows = run.get(host.len()..)?.starts_with(['/', ':', '?', '#']);
    is_known(host).then_some(if path_follows { run } else { host })
}

fn is_known(host: &str) -> bool {
    let top = host.rsplit_once('.').map(|(_, top)| top);
    host.starts_with("www.")
        || SHORT_HOSTS.contains(&host)
        || is_titled(host)
        || (top.is_some_and(|top| TOP_DOMAINS.contains(&top) || FILES.contains(&top))
            && !host.contains(|c: char| c.is_ascii_uppercase())
            && host.starts_with(|c: char| c.is_ascii_alphanumeric()))
}

/// Whether a host with a capital can be nothing but one: `Booking.com`.
fn is_titled(host: &str) -> bool {
    let small = |rest: &str| !rest.contains(|c: char| c.is_ascii_uppercase());
    host.starts_with(|c: char| c.is_ascii_uppercase())
        && host.get(1..).is_some_and(small)
        && [".com", ".org", ".net", ".co.in", ".gov.in", ".org.in", ".ac.in", ".nic.in"]
            .iter()
            .any(|top| host.ends_with(top))
}

/// The e-mail address at the start of `text`.
fn mail(text: &str) -> Option<&str> {
    let (user, rest) = text.split_once('@')?;
    let mut host = host(rest);
    if rest.get(host.len()..)?.starts_with("://") {
        // Leave out the scheme of a URL typed right behind the address.
        host = host.trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim_end_matches(['.', '-']);
    }
    let starts_well = user.starts_with(|c: char| c == '_' || (c != '-' && is_label_char(c)));
    let known = host.contains('.') || PAYMENTS.contains(&host);
    let fits = starts_well && known && !user.contains(['/', ':', '=', '?', '#', '&']);
    fits.then(|| text.get(..user.len() + 1 + host.len()))?
}

/// The host name at the start of `text`: labels with single points between.
fn host(text: &str) -> &str {
    // In one pass: a search for each point would take long in a row of short labels.
    let mut before = '.';
    let ends = |(_, c): &(usize, char)| {
        let within = is_label_char(*c) || (*c == '.' && before != '.');
        before = *c;
        !within
    };
    let end = text.char_indices().find(ends).map_or(text.len(), |(at, _)| at);
    trimmed_host(text.get(..end).unwrap_or_default())
}

/// A host without the marks of the sentence behind it.
fn trimmed_host(host: &str) -> &str {
    host.trim_end_matches(['.', '-'])
}

fn is_address_char(c: char) -> bool {
    is_label_char(c) || matches!(c, '.' | '_' | '@' | '%' | '+' | '&' | '?' | '#' | '~' | '/' | ':' | '=')
}

fn is_label_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || digit_value(c).is_some()
}

/// Says an address: letters in lower case, signs by name, numbers in words.
fn spoken(address: &str, place: Place<'_>) -> String {
    let mut pieces: Vec<String> = Vec::new();
    let mut cursor = Cursor::new(address.trim_end_matches('/'));
    while let Some(c) = cursor.peek() {
        if let Some((digits, len)) = digits(cursor.rest()) {
            cursor.skip(len);
            if digits.len() >= LONG_DIGITS {
                pieces.push(spoken_groups(&[digits], place.words).replace(',', ""));
                continue;
            }
            pieces.push(Numeral { integer: digits, fraction: None, grouped: false, len }.spoken(place.words));
            continue;
        }
        if let Some(name) = sign_name(c, place.words.web) {
            cursor.skip(c.len_utf8());
            pieces.push(name.to_owned());
            continue;
        }
        let rest = cursor.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len()).max(c.len_utf8());
        // Capitals would be taken for an acronym.
        let piece = rest.get(..end).unwrap_or_default().to_ascii_lowercase();
        // An "etc" with the full stop of the sentence behind it would be taken for the abbreviation.
        pieces.push(english_abbreviation(&piece).map_or(piece, str::to_owned));
        cursor.skip(end);
    }
    pieces.join(" ")
}

const fn sign_name(c: char, names: &Web) -> Option<&'static str> {
    Some(match c {
        '@' => names.at,
        '.' => names.dot,
        '/' => names.slash,
        '-' => names.hyphen,
        '_' => names.underscore,
        ':' => names.colon,
        '?' => names.question,
        '=' => names.equals,
        '&' => names.and,
        '#' => names.hash,
        '%' => names.percent,
        '+' => names.plus,
        '~' => names.tilde,
        _ => return None,
    })
}
