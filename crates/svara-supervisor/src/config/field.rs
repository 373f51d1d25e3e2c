//! Reads single values: expands and parses them, and records every fault with its key.

use std::{fmt::Display, path::PathBuf, time::Duration};

use bytesize::ByteSize;

use super::{expand::Variables, fault::Fault, file::Scalar};

/// A longer time is a mistake, and the clock may not have it.
const LONGEST: Duration = Duration::from_secs(3650 * 86_400);

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
        self.faults.push(Fault::Value { key, message: message.to_string() });
    }

    /// Expands and parses; records a fault and returns `None` on failure.
    fn parsed<T, E: Display>(
        &mut self,
        key: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
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
                self.fault(key, format!("`{expanded}`: {error}"));
                None
            }
        }
    }

    pub(super) fn text(&mut self, key: &str, value: &str) -> String {
        self.parsed(key, value, |text| Ok::<_, String>(text.to_owned())).unwrap_or_default()
    }

    pub(super) fn words(&mut self, key: &str, value: &[String]) -> Vec<String> {
        if value.is_empty() {
            self.fault(key, "must contain at least the program file");
        }
        value.iter().map(|word| self.text(key, word)).collect()
    }

    pub(super) fn path(&mut self, key: &str, value: Option<&str>, default: &str) -> PathBuf {
        PathBuf::from(self.text(key, value.unwrap_or(default)))
    }

    pub(super) fn duration(&mut self, key: &str, value: Option<&str>, default: Duration) -> Duration {
        let parse = |text: &str| {
            let parsed = humantime::parse_duration(text);
            let parsed = parsed.map_err(|error| format!("{error}; write it as 500ms, 30s or 15m"))?;
            if parsed > LONGEST { Err("must not be longer than 3650d".to_owned()) } else { Ok(parsed) }
        };
        value.map_or(Some(default), |text| self.parsed(key, text, parse)).unwrap_or(default)
    }

    pub(super) fn bytes(&mut self, key: &str, value: Option<&str>) -> Option<u64> {
        let parse = |text: &str| {
            let parsed = text.parse::<ByteSize>().map(|size| size.as_u64());
            parsed.map_err(|_| "expected a size such as 4096, 50MiB or 24GB")
        };
        value.and_then(|text| self.parsed(key, text, parse))
    }

    pub(super) fn integer<T: std::str::FromStr + Copy>(
        &mut self,
        key: &str,
        value: Option<&Scalar>,
        default: T,
    ) -> T {
        let parse = |text: &str| text.parse::<T>().map_err(|_| "expected a whole number");
        value.map_or(Some(default), |v| self.parsed(key, &v.to_string(), parse)).unwrap_or(default)
    }

    pub(super) fn octal(&mut self, key: &str, value: &str) -> Option<u32> {
        let parse = |text: &str| match u32::from_str_radix(text, 8) {
            Ok(mask) if mask <= 0o777 => Ok(mask),
            _ => Err("expected octal digits such as 022"),
        };
        self.parsed(key, value, parse)
    }

    pub(super) fn float(&mut self, key: &str, value: Option<&Scalar>, default: f64) -> f64 {
        let parse = |text: &str| text.parse::<f64>();
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

    pub(super) fn url(&mut self, key: &str, value: &str) -> http::Uri {
        let parse = |text: &str| {
            let uri: http::Uri = text.parse().map_err(|error| format!("{error}"))?;
            match (uri.scheme_str(), uri.host()) {
                (Some("http"), Some(_)) => Ok(uri),
                _ => Err("expected http://host[:port]/path (TLS is not supported)".to_owned()),
            }
        };
        self.parsed(key, value, parse).unwrap_or_default()
    }
}
