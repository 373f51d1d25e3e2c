//! A frame: the codes that the model emits in seven slots.

/// Codes in a frame, one per slot.
pub const FRAME_CODES: usize = 7;

/// Codebooks of the codec; a frame has `1 << codebook` codes of each.
pub(crate) const CODEBOOKS: usize = 3;

/// For each codebook, its slots in a frame in order of time: codebook 1 has slots 1 and 4, and so on.
const SLOTS_OF_CODEBOOK: [&[usize]; CODEBOOKS] = [&[0], &[1, 4], &[2, 3, 5, 6]];

/// The seven codes of a frame, in the order in which the model emits them (slot 0 to slot 6).
///
/// Slots map to codebooks as 0 → c0; 1, 4 → c1; 2, 3, 5, 6 → c2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Frame(pub [u16; FRAME_CODES]);

impl Frame {
    /// A frame from its codes by codebook: one of codebook 0, two of codebook 1, four of codebook 2.
    pub fn from_codebooks(c0: u16, c1: [u16; 2], c2: [u16; 4]) -> Self {
        Self([c0, c1[0], c2[0], c2[1], c1[1], c2[2], c2[3]])
    }

    /// The codes of one codebook in order of time: 1, 2 or 4 of them; none if the codebook doesn't exist.
    pub fn codes_of(&self, codebook: usize) -> impl Iterator<Item = u16> + '_ {
        let slots = SLOTS_OF_CODEBOOK.get(codebook).copied().unwrap_or(&[]);
        slots.iter().filter_map(|slot| self.0.get(*slot).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_map_to_codebooks_and_back() {
        let frame = Frame([10, 20, 30, 31, 21, 32, 33]);
        assert_eq!(frame.codes_of(0).collect::<Vec<_>>(), [10]);
        assert_eq!(frame.codes_of(1).collect::<Vec<_>>(), [20, 21]);
        assert_eq!(frame.codes_of(2).collect::<Vec<_>>(), [30, 31, 32, 33]);
        assert_eq!(frame.codes_of(3).count(), 0);
        assert_eq!(Frame::from_codebooks(10, [20, 21], [30, 31, 32, 33]), frame);
    }
}
