//! Slips of TOML's syntax in plain words, with what to write instead.

use toml::{Table, Value};

use crate::{
    base_url::masked,
    written::{Slip, Top},
};

/// What quotes look like, also in texts that a word processor has touched.
const QUOTES: [char; 8] = ['"', '\'', '“', '”', '„', '‘', '’', '`'];

/// What is wrong with what stands in place of a key's value. `takes` says whether the key takes a value, and what it takes.
pub(super) fn of_value(key: &str, slip: &Slip, takes: impl Fn(&Value) -> Result<(), String>) -> String {
    let raw = slip.raw.as_str();
    if slip.is_open {
        return format!("has no end: write ] behind the last item of {key} = […]");
    }
    if raw.starts_with('[') && !slip.part.trim().is_empty() {
        let item = Value::String(slip.part.trim().trim_matches(QUOTES).to_owned());
        return format!("must be a list with each text in quotes: {item} in place of {}", slip.part.trim());
    }
    let text = Value::String(raw.trim_matches(QUOTES).to_owned());
    let reason = takes(&text).err().unwrap_or_else(|| "must be text in quotes".to_owned());
    let meant = readings(raw).into_iter().find(|value| takes(value).is_ok());
    match meant {
        _ if raw.is_empty() => format!("has no value; it {reason}"),
        Some(_) if is_secret(key) => format!("{reason}: {key} = \"…\""),
        Some(value) => format!("{reason}: {key} = {}", masked(&value.to_string())),
        None => reason,
    }
}

/// What somebody may mean by a value, the likeliest first.
fn readings(raw: &str) -> Vec<Value> {
    let bare = raw.split(" //").next().unwrap_or_default().trim().trim_end_matches([';', ',']).trim();
    let text = bare.trim_matches(QUOTES).trim();
    let as_is = toml::from_str::<Table>(&format!("x = {bare}")).ok().and_then(|mut table| table.remove("x"));
    let switch = match text.to_lowercase().as_str() {
        "true" | "yes" | "on" => Some(Value::Boolean(true)),
        "false" | "no" | "off" => Some(Value::Boolean(false)),
        _ => None,
    };
    let digits = text.replace([',', '_'], "");
    let float = || digits.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::Float);
    let number = digits.parse::<i64>().map(Value::Integer).ok().or_else(float);
    let items = bare.trim_matches(['[', ']']).split(',').map(|item| item.trim().trim_matches(QUOTES));
    let items = items.filter(|item| !item.is_empty()).map(|item| Value::String(item.to_owned()));
    let list = Value::Array(items.collect());
    [as_is, switch, number, Some(Value::String(text.to_owned())), Some(list)].into_iter().flatten().collect()
}

/// Whether a key's value must not be shown.
pub(super) fn is_secret(key: &str) -> bool {
    key.replace(['-', ' '], "_").ends_with("api_key")
}

/// The value of a line, as far as it may be shown.
fn shown(key: &str, value: &str) -> String {
    if is_secret(key) { "\"…\"".to_owned() } else { masked(value.trim()) }
}

/// What is wrong with a line outside of values. `message` is the parser's.
pub(super) fn of_line(text: &str, number: usize, message: &str, tops: &[Top]) -> String {
    let line = text.lines().nth(number.saturating_sub(1)).unwrap_or_default().trim();
    let header =
        |line: &str| line.trim().strip_prefix('[').map(|name| name.trim_matches(['[', ']']).to_owned());
    let section = text.lines().take(number.saturating_sub(1)).filter_map(header).last();
    let within = |key: &str| match &section {
        Some(section) => format!("{section}.{}", key.trim()),
        None => key.trim().to_owned(),
    };
    let colon = line.split_once(':').filter(|(key, _)| !key.contains('='));
    match (line.split_once('='), colon) {
        _ if message.starts_with("duplicate") && line.starts_with('[') => {
            let name = header(line).unwrap_or_default();
            let first =
                text.lines().position(|line| header(line).as_ref() == Some(&name)).map_or(1, |at| at + 1);
            format!("the section [{name}] is there twice, first on line {first}: write its keys in one place")
        }
        (Some((key, _)), _) if message.starts_with("duplicate") => {
            let first = first(section.as_deref().unwrap_or_default(), key.trim(), tops);
            format!("{} is there twice{first}", within(key))
        }
        _ if line.starts_with('{') => {
            "the file must be TOML: sections such as [server], and in each a line key = value for a key"
                .to_owned()
        }
        _ if line.starts_with('[') => {
            let name: String =
                line.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '.').collect();
            format!("a section stands in brackets, alone in its line: [{name}]")
        }
        (_, Some((key, ""))) => format!("a section stands in brackets: [{}]", key.trim()),
        (_, Some((key, value))) => {
            let (key, value) = (key.trim(), shown(key.trim(), value));
            format!("{} needs = in place of the colon: {key} = {value}", within(key))
        }
        (None, None) if !line.contains(char::is_whitespace) => format!("{} has no value", within(line)),
        (Some((key, value)), _) if !key.contains(['=', '"']) && key.trim().contains(' ') => {
            let meant = key.trim().replace(' ', "_");
            let value = shown(&meant, value);
            format!("{} must have no space in its name: {meant} = {value}", within(key))
        }
        _ => format!(
            "this is no line of TOML, such as key = value or [section]: {}",
            message.replace('\n', ", ")
        ),
    }
}

/// Where a key stands first.
fn first(section: &str, key: &str, tops: &[Top]) -> String {
    let top = tops.iter().find(|top| top.name == section);
    let mut keys = top.and_then(|top| top.keys.as_ref()).into_iter().flatten();
    let found = keys.find(|found| found.name == key);
    found.map(|found| format!(", first on line {}", found.line)).unwrap_or_default()
}
