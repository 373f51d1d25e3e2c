//! API keys as files and configurations hold them: as hashes, so that a reader of those can't use the keys.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::quota::Quota;

/// The SHA-256 of an API key.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash of a key.
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether both hashes are equal, in constant time.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl FromStr for KeyHash {
    type Err = &'static str;

    fn from_str(hex: &str) -> Result<Self, Self::Err> {
        let wrong =
            "expected the SHA-256 of a key: 64 hexadecimal digits, as printed by `svara-server hash-key`";
        if hex.len() != 64 || !hex.is_ascii() {
            return Err(wrong);
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            let digits = hex.get(at * 2..at * 2 + 2).ok_or(wrong)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for KeyHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl<'de> Deserialize<'de> for KeyHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// One API key in a keys file or the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    /// The name of the holder, for logs.
    pub name: String,
    /// The hash of the key.
    pub sha256: KeyHash,
    /// Requests per minute; absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
    /// Concurrent streams; absent: as many as the server has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrent_streams: Option<u32>,
    /// Characters per day (UTC); absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub characters_per_day: Option<u64>,
    /// Seconds of sound per day (UTC), spoken and of recordings; absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_seconds_per_day: Option<u64>,
    /// Whether the holder sees, uses and deletes the voices and jobs of all keys.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub admin: bool,
}

impl KeyEntry {
    /// A key without limits.
    pub fn unbounded(name: &str, key: &str) -> Self {
        Self {
            name: name.to_owned(),
            sha256: KeyHash::of(key),
            requests_per_minute: None,
            concurrent_streams: None,
            characters_per_day: None,
            audio_seconds_per_day: None,
            admin: false,
        }
    }

    pub(super) fn quota(&self) -> Quota {
        Quota {
            requests_per_minute: self.requests_per_minute,
            concurrent_streams: self.concurrent_streams,
            characters_per_day: self.characters_per_day,
            audio_seconds_per_day: self.audio_seconds_per_day,
        }
    }
}

/// A list of keys that can't be used. The message names the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(String);

/// Checks the name of a key.
///
/// # Errors
/// It is empty or too long.
pub fn check_name(name: &str) -> Result<(), KeyError> {
    if (1..=64).contains(&name.chars().count()) {
        return Ok(());
    }
    Err(KeyError(format!("a key's name must have 1 to 64 characters: {name:?}")))
}

/// Checks the entries, alone and together.
///
/// # Errors
/// An entry is wrong; the message names its key.
pub(super) fn check(keys: &[KeyEntry]) -> Result<(), KeyError> {
    let wrong = |reason: String| Err(KeyError(reason));
    if keys.is_empty() {
        return wrong("there are no keys: no client could use the server".to_owned());
    }
    for (at, key) in keys.iter().enumerate() {
        let name = &key.name;
        check_name(name)?;
        let bounds = [
            key.requests_per_minute.map(u64::from),
            key.concurrent_streams.map(u64::from),
            key.characters_per_day,
            key.audio_seconds_per_day,
        ];
        if bounds.contains(&Some(0)) {
            return wrong(format!("key {name:?}: a limit must be at least 1; for no limit, leave it out"));
        }
        for other in keys.iter().take(at) {
            if other.name == *name {
                return wrong(format!("two keys are named {name:?}"));
            }
            if other.sha256.is(&key.sha256) {
                return wrong(format!("keys {:?} and {name:?} are the same", other.name));
            }
        }
    }
    Ok(())
}

/// A new key with 244 random bits.
pub fn random_key() -> String {
    format!("sk-svara-{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_sha256() {
        let hash = KeyHash::of("abc");
        assert_eq!(hash.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(hash.hex().parse::<KeyHash>().unwrap().is(&hash));
        assert!(!KeyHash::of("abd").is(&hash));
        for wrong in ["", "ba78", &"g".repeat(64), &"ä".repeat(32)] {
            assert!(wrong.parse::<KeyHash>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn wrong_keys_are_named() {
        let entry = KeyEntry::unbounded;
        for (keys, words) in [
            (vec![entry("a", "1"), entry("a", "2")], "two keys are named \"a\""),
            (vec![entry("a", "1"), entry("b", "1")], "\"a\" and \"b\" are the same"),
            (vec![entry("", "1")], "1 to 64"),
            (vec![KeyEntry { characters_per_day: Some(0), ..entry("z", "1") }], "\"z\""),
        ] {
            let error = check(&keys).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn new_keys_differ() {
        assert_ne!(random_key(), random_key());
        assert_eq!(random_key().len(), 9 + 64);
    }
}
