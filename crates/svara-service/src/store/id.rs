//! The ids of what is stored.

use uuid::Uuid;

/// A new id: 32 hexadecimal digits.
pub(crate) fn new_id() -> String {
    Uuid::new_v4().simple().to_string()
}

/// Whether a name has the form of the ids made here. No other name is ever looked up or becomes a path, and whatever has
/// another name isn't ours to delete.
pub(crate) fn is_id(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
