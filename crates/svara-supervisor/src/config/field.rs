//! Reads single values: expands and parses them, and records every fault with its key.

use std::{borrow::Cow, fmt::Display, ops::RangeInclusive, path::PathBuf, time::Duration};

use bytesize::ByteSize;

use super::{
    expand::{ExpandError, Variables},
    fault::Fault,
    file::Scalar,
};
use crate::{times::parse_time, uri::without_user};

/// A longer time is a mistake, and the clock may not have it.
pub(super) const LONGEST: Duration = Duration::from_secs(3650 * 86_400);

/// A shorter time would do the same thing all the time.
pub(super) const SHORTEST: Duration = Duration::from_millis(10);

/// Reads the values of one table and collects their faults.
pub(super) struct Fields<'a> {
    /// Name of the table, as in `program.vllm`.
    pub(super) table: String,
    pub(super) variables: &'a Variables,
    pub(super) faults: &'a mut Vec<Fault>,
}

impl Fields<'_> {
    /// A reader for a subtable, with the same faults and variables.
    pub(super) fn below(&mut self, table: &str) -> Fields<'_> {
        let table = if self.table.is_empty() { table.to_owned() } else { format!("{}.{table}", self.table) };
        Fields { table, variables: self.variables, faults: self.faults }
    }

    pub(super) fn fault(&mut self, key: &str, message: impl Display) {
        let key = if self.table.is_empty() { key.to_owned() } else { format!("{}.{key}", self.table) };
        self.faults.push(Fault::new(key, message.to_string()));
    }

    /// Expands and parses; records a fault and returns `None` on failure.
    fn parsed<T, E: Display>(
        &mut self,
        key: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.parsed_shown(key, text, parse, |expanded| format!("`{expanded}`: "))
    }

    /// As [`Self::parsed`]; a fault begins with what `show` makes of the value.
    fn parsed_shown<T, E: Display>(
        &mut self,
        key: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
        show: impl FnOnce(&str) -> String,
    ) -> Option<T> {
        let expanded = match self.variables.expand(text) {
            Ok(expanded) => expanded,
            Err(error) => {
                self.fault(key, error);
                return None;
            }
        };
        match parse(&expanded) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(key, format!("{}{error}", show(&expanded)));
                None
            }
        }
    }

    pub(super) fn text(&mut self, key: &str, value: &str) -> String {
        self.parsed(key, value, without_zero).unwrap_or_default()
    }

    /// As [`Self::text`], for what may be a key: no fault shows it.
    pub(super) fn secret_text(&mut self, key: &str, value: &str) -> String {
        self.parsed_shown(key, value, without_zero, |_| String::new()).unwrap_or_default()
    }

    /// The value of a header that may hold a key: no fault shows it, nor does its `Debug`.
    pub(super) fn secret(&mut self, key: &str, value: &str) -> Option<http::HeaderValue> {
        let expanded = match self.variables.expand(value) {
            Ok(expanded) => expanded,
            Err(error @ ExpandError::Unset(_)) => {
                self.fault(key, error);
                return None;
            }
            Err(_) => {
                self.fault(key, "expected text with ${NAME}, ${NAME:-default} or $$ for a dollar sign");
                return None;
            }
        };
        match http::HeaderValue::try_from(expanded.trim()) {
            Ok(mut value) => {
                value.set_sensitive(true);
                Some(value)
            }
            Err(_) => {
                self.fault(key, "must not contain a control character");
                None
            }
        }
    }

    /// A command: its first word names a program file.
    pub(super) fn words(&mut self, key: &str, value: &[String]) -> Vec<String> {
        let Some(file) = value.first() else {
            self.fault(key, "must contain at least the program file, as in [\"sleep\", \"100\"]");
            return Vec::new();
        };
        let before = self.faults.len();
        let words: Vec<String> = value.iter().map(|word| self.text(key, word)).collect();
        if words.first().is_some_and(|word| word.trim().is_empty()) && self.faults.len() == before {
            let which = if file.is_empty() { String::new() } else { format!(", but `{file}` is") };
            self.fault(key, format!("the program file must not be empty{which}"));
        }
        words
    }

    pub(super) fn path(&mut self, key: &str, value: Option<&str>, default: &str) -> PathBuf {
        let before = self.faults.len();
        let path = self.text(key, value.unwrap_or(default));
        if path.is_empty() && self.faults.len() == before {
            self.fault(key, "must not be empty");
        }
        PathBuf::from(path)
    }

    pub(super) fn duration(&mut self, key: &str, value: Option<&str>, default: Duration) -> Duration {
        self.duration_in(key, value, default, Duration::ZERO..=LONGEST)
    }

    /// A time within these bounds.
    pub(super) fn duration_in(
        &mut self,
        key: &str,
        value: Option<&str>,
        default: Duration,
        bounds: RangeInclusive<Duration>,
    ) -> Duration {
        let parse = |text: &str| match parse_time(text, "expected a time such as 500ms, 30s, 15m or 1h 30m")?
        {
            time if time > LONGEST => Err("must not be longer than 3650d".to_owned()),
            time => Ok(time),
        };
        let Some(time) = value.and_then(|text| self.parsed(key, text, parse)) else { return default };
        let (least, most) = bounds.into_inner();
        if time < least {
            self.fault(key, format!("must be at least {}", humantime::format_duration(least)));
        } else if time > most {
            self.fault(key, format!("must not be longer than {}", humantime::format_duration(most)));
        }
        time.clamp(least, most)
    }

    pub(super) fn bytes(&mut self, key: &str, value: Option<&str>) -> Option<u64> {
        let parse = |text: &str| {
            let parsed = text.trim().parse::<ByteSize>().map(|size| size.as_u64());
            // A number that doesn't fit is made to fit by the library.
            parsed.ok().filter(|size| *size < 1 << 60).ok_or("expected a size such as 4096, 50MiB or 24GB")
        };
        value.and_then(|text| self.parsed(key, text, parse))
    }

    /// A whole number within these bounds.
    pub(super) fn integer<T: std::str::FromStr + Copy + PartialOrd + Display>(
        &mut self,
        key: &str,
        value: Option<&Scalar>,
        default: T,
        bounds: RangeInclusive<T>,
    ) -> T {
        let (least, most) = bounds.into_inner();
        let expected = format!("expected a whole number from {least} to {most}");
        let parse = |text: &str| text.trim().parse::<T>().map_err(|_| expected);
        let Some(number) = value.and_then(|v| self.parsed(key, &v.to_string(), parse)) else {
            return default;
        };
        if number < least {
            self.fault(key, format!("must be at least {least}"));
            return least;
        }
        if number > most {
            self.fault(key, format!("must be at most {most}"));
            return most;
        }
        number
    }

    pub(super) fn octal(&mut self, key: &str, value: &str) -> Option<u32> {
        let parse = |text: &str| match u32::from_str_radix(text, 8) {
            Ok(mask) if mask <= 0o777 => Ok(mask),
            _ => Err("expected octal digits such as 022"),
        };
        self.parsed(key, value, parse)
    }

    pub(super) fn float(&mut self, key: &str, value: Option<&Scalar>, default: f64) -> f64 {
        let parse = |text: &str| {
            text.trim().parse::<f64>().map_err(|_| "expected a number such as 2 or 0.1").and_then(|number| {
                if number.is_finite() { Ok(number) } else { Err("expected a finite number") }
            })
        };
        value.map_or(Some(default), |v| self.parsed(key, &v.to_string(), parse)).unwrap_or(default)
    }

    pub(super) fn switch(&mut self, key: &str, value: Option<&Scalar>, default: bool) -> bool {
        let parse = |text: &str| match text {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err("expected true or false"),
        };
        value.map_or(Some(default), |v| self.parsed(key, &v.to_string(), parse)).unwrap_or(default)
    }

    /// Whether a format is JSON.
    pub(super) fn json(&mut self, key: &str, value: Option<&str>, default: bool) -> bool {
        let parse = |text: &str| match text {
            "text" => Ok(false),
            "json" => Ok(true),
            _ => Err("expected text or json"),
        };
        value.and_then(|text| self.parsed(key, text, parse)).unwrap_or(default)
    }

    /// A URL to ask. Its host may stand in brackets whatever it is, for a variable that may hold an IPv6 address.
    pub(super) fn url(&mut self, key: &str, value: &str) -> http::Uri {
        let parse = |text: &str| {
            let expected = || "expected http://host[:port]/path (TLS is not supported)";
            let uri: http::Uri = plain_host(text).parse().map_err(|_| expected())?;
            // A port that is written but isn't one.
            let port = uri.authority().is_some_and(|authority| {
                let place = without_user(authority.as_str());
                let written = place.strip_prefix(authority.host()).unwrap_or(place);
                written.starts_with(':') && !(1..=u16::MAX).contains(&authority.port_u16().unwrap_or(0))
            });
            match (uri.scheme_str(), uri.host()) {
                (Some("http"), Some(host)) if !host.is_empty() && !port => Ok(uri),
                _ => Err(expected()),
            }
        };
        let show = |text: &str| format!("`{}`: ", shown(text));
        self.parsed_shown(key, value, parse, show).unwrap_or_default()
    }
}

fn without_zero(text: &str) -> Result<String, &'static str> {
    match text.contains('\0') {
        true => Err("must not contain a zero byte"),
        false => Ok(text.to_owned()),
    }
}

/// A URL in a fault, which anybody may read: a user, a path or a query may hold a key.
fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    if rest.contains('@') {
        return format!("{scheme}://…");
    }
    match rest.split_once(['/', '?', '#']) {
        Some((host, path)) if !path.is_empty() => format!("{scheme}://{host}/…"),
        _ => url.to_owned(),
    }
}

/// A URL whose host is in brackets only if it is an IPv6 address.
fn plain_host(url: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = url.split_once("://") else { return url.into() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.len() - without_user(authority).len();
    let (user, place) = rest.split_at(user);
    // A variable may have brackets of its own.
    if place.starts_with("[[") {
        let place = place.replacen("[[", "[", 1).replacen("]]", "]", 1);
        return format!("{scheme}://{user}{place}").into();
    }
    match place.strip_prefix('[').and_then(|place| place.split_once(']')) {
        Some((host, after)) if !host.contains(':') => format!("{scheme}://{user}{host}{after}").into(),
        _ => url.into(),
    }
}
