//! A value with its checksum.

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// The file type and the version of its format.
const MAGIC: &[u8; 8] = b"svaraKV1";

/// Bytes before the value.
pub(super) const HEAD_BYTES: usize = MAGIC.len() + 32;

/// A value, with its head in front.
pub(super) fn seal(value: &[u8]) -> Vec<u8> {
    [MAGIC.as_slice(), &Sha256::digest(value), value].concat()
}

/// The value, if it is unchanged since [`seal`].
pub(super) fn open(sealed: &Bytes) -> Result<Bytes, &'static str> {
    let (head, value) = sealed.split_at_checked(HEAD_BYTES).ok_or("it is cut off")?;
    let sum = head.strip_prefix(MAGIC).ok_or("it was not written here")?;
    if sum != Sha256::digest(value).as_slice() {
        return Err("its checksum is wrong");
    }
    Ok(sealed.slice(HEAD_BYTES..))
}
