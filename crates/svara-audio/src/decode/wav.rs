//! Sizes in the head of a WAV file that was written to a pipe: its writer didn't know them, and couldn't go back to fill them
//! in. Players take such a file to its end, and so does this.

use std::{borrow::Cow, ops::Range};

/// The head of a chunk: its name and its size.
const HEAD_BYTES: usize = 8;
/// `RIFF`, the size of the rest, and `WAVE`.
const FILE_HEAD_BYTES: usize = 12;
/// Where the size of the file is.
const FILE_SIZE: Range<usize> = 4..8;
/// What writers put down for a size that they don't know.
const UNKNOWN: [u32; 2] = [0, u32::MAX];

/// The file with sizes that are right for its length, where those in it can't be. Any other file is left as it is.
pub(super) fn with_sizes(bytes: &[u8]) -> Cow<'_, [u8]> {
    repaired(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned)
}

fn repaired(bytes: &[u8]) -> Option<Vec<u8>> {
    if !bytes.starts_with(b"RIFF") || bytes.get(8..FILE_HEAD_BYTES)? != b"WAVE" {
        return None;
    }
    let file_end = u64::from(number(bytes, FILE_SIZE.start)?) + HEAD_BYTES as u64;
    let data = data_chunk(bytes)?;
    let start = data + HEAD_BYTES;
    let rest = bytes.get(start..)?;
    let size = number(bytes, data + 4)?;
    let is_unknown = UNKNOWN.contains(&size) && !(size == 0 && are_chunks(rest));
    if !is_unknown && file_end >= start as u64 + u64::from(size) {
        return None;
    }
    let whole = u32::try_from(rest.len()).ok()?;
    let size = if is_unknown { whole } else { size.min(whole) };
    let mut bytes = bytes.to_vec();
    let file_size = u32::try_from(bytes.len() - HEAD_BYTES).ok()?;
    bytes.get_mut(FILE_SIZE)?.copy_from_slice(&file_size.to_le_bytes());
    bytes.get_mut(data + 4..start)?.copy_from_slice(&size.to_le_bytes());
    Some(bytes)
}

/// Where the first chunk with samples begins.
fn data_chunk(bytes: &[u8]) -> Option<usize> {
    let mut at = FILE_HEAD_BYTES;
    while bytes.get(at..at + 4)? != b"data" {
        at = next_chunk(bytes, at)?;
    }
    Some(at)
}

/// Where the chunk behind this one begins.
fn next_chunk(bytes: &[u8], at: usize) -> Option<usize> {
    let size = usize::try_from(number(bytes, at + 4)?).ok()?;
    // Chunks begin at even places.
    at.checked_add(HEAD_BYTES)?.checked_add(size)?.checked_add(size % 2)
}

/// Whether these are chunks to their end. Then an empty chunk before them is just empty.
fn are_chunks(bytes: &[u8]) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        let name = bytes.get(at..at + 4).filter(|name| name.iter().all(|byte| matches!(byte, b' '..=b'~')));
        let next = name.and_then(|_| next_chunk(bytes, at));
        match next {
            // The last byte may be missing where it only fills up.
            Some(next) if next <= bytes.len() + 1 => at = next,
            _ => return false,
        }
    }
    true
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u32::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chunk(name: &[u8; 4], size: u32, body: &[u8]) -> Vec<u8> {
        let mut chunk = [&name[..], &size.to_le_bytes(), body].concat();
        chunk.extend((body.len() % 2 == 1).then_some(0));
        chunk
    }

    /// With these sizes of the file and of the samples.
    fn file(size: u32, data_size: u32, data: &[u8], before: &[u8]) -> Vec<u8> {
        let rest = [b"WAVE", &chunk(b"fmt ", 16, &[7; 16])[..], before, &chunk(b"data", data_size, data)];
        [b"RIFF", &size.to_le_bytes()[..], &rest.concat()].concat()
    }

    #[test]
    fn unknown_sizes_reach_to_the_end() {
        let data = [0xa5, 0x80, 1, 2, 3, 4, 0xff, 0x7f];
        let list = chunk(b"LIST", 4, b"INFO");
        for before in [&[][..], &list] {
            let right = 4 + 24 + before.len() as u32 + 8 + 8;
            let whole = file(right, 8, &data, before);
            assert!(matches!(with_sizes(&whole), Cow::Borrowed(same) if same == whole));
            for size in [0, 3, 36, right, u32::MAX] {
                for data_size in [0, 8, u32::MAX] {
                    let repaired = with_sizes(&file(size, data_size, &data, before)).into_owned();
                    let fits = data_size == 8 && size >= right;
                    let expected = if fits { file(size, 8, &data, before) } else { whole.clone() };
                    assert_eq!(repaired, expected, "{size} {data_size}");
                }
            }
        }
    }

    #[test]
    fn an_empty_file_stays_empty() {
        let tail = chunk(b"LIST", 5, b"INFOx");
        let mut empty = file(36 + 14, 0, &[], &[]);
        empty.extend(&tail);
        assert!(matches!(with_sizes(&empty), Cow::Borrowed(_)));
        let empty = file(36, 0, &[], &[]);
        assert_eq!(with_sizes(&empty), empty);
    }

    proptest! {
        #[test]
        fn no_bytes_are_added_or_lost(start in 0usize..60, damage in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut bytes = file(36, 8, &[9; 8], &[]);
            bytes.splice(start.min(bytes.len()).., damage);
            let repaired = with_sizes(&bytes);
            prop_assert_eq!(repaired.len(), bytes.len());
            let changed = repaired.iter().zip(&bytes).filter(|(is, was)| is != was).count();
            prop_assert!(changed <= 8);
        }
    }
}
