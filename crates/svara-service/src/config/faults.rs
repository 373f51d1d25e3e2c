//! What is wrong in a section: every wrong value, not only the first.

use std::{fmt, ops::RangeInclusive};

/// A value that can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key, as in `jobs.max_jobs`.
    pub key: &'static str,
    /// The other key whose value doesn't go with it, if there is one.
    pub other: Option<&'static str>,
    /// What is allowed, as in `must be from 1 to 1000`.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.reason)
    }
}

/// The faults of a configuration, as its sections find them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// A value is wrong by itself.
    pub fn add(&mut self, key: &'static str, reason: impl Into<String>) {
        self.0.push(Fault { key, other: None, reason: reason.into() });
    }

    /// A value doesn't go with that of another key.
    pub fn add_pair(&mut self, key: &'static str, other: &'static str, reason: impl Into<String>) {
        self.0.push(Fault { key, other: Some(other), reason: reason.into() });
    }

    /// A value must lie in a range.
    pub fn within<T: PartialOrd + Copy + fmt::Display>(
        &mut self,
        key: &'static str,
        value: T,
        range: RangeInclusive<T>,
    ) {
        if !range.contains(&value) {
            self.add(key, format!("must be from {} to {}", range.start(), range.end()));
        }
    }

    /// A value must not be greater than that of another key.
    pub fn at_most<T: PartialOrd + Copy + fmt::Display>(
        &mut self,
        (key, value): (&'static str, T),
        (other, most): (&'static str, T),
    ) {
        if value > most {
            self.add_pair(key, other, format!("must be at most {other}, which is {most}"));
        }
    }

    /// All of them, in the order of the sections.
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}
