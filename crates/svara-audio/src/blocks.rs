/// Cuts samples pushed in pieces of any size into blocks of equal size.
///
/// A block that lies within one piece is passed on without a copy. At most `block_len - 1` samples are held back.
pub(crate) struct Blocks<T> {
    block_len: usize,
    pending: Vec<T>,
}

impl<T: Copy> Blocks<T> {
    /// Blocks of `block_len` samples, at least one.
    pub(crate) fn new(block_len: usize) -> Self {
        let block_len = block_len.max(1);
        Self { block_len, pending: Vec::with_capacity(block_len) }
    }

    /// Passes each block that `samples` completes to `each`, in order; stops at the first error.
    pub(crate) fn push<E>(
        &mut self,
        mut samples: &[T],
        mut each: impl FnMut(&[T]) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.pending.is_empty() {
            let missing = self.block_len - self.pending.len();
            let (head, rest) = samples.split_at(missing.min(samples.len()));
            self.pending.extend_from_slice(head);
            samples = rest;
            if self.pending.len() < self.block_len {
                return Ok(());
            }
            each(&self.pending)?;
            self.pending.clear();
        }
        let blocks = samples.chunks_exact(self.block_len);
        let rest = blocks.remainder();
        for block in blocks {
            each(block)?;
        }
        self.pending.extend_from_slice(rest);
        Ok(())
    }

    /// The samples of the incomplete block.
    pub(crate) fn pending(&self) -> &[T] {
        &self.pending
    }

    /// Samples in one block.
    pub(crate) const fn block_len(&self) -> usize {
        self.block_len
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn blocks_and_rest_are_what_was_pushed(
            block_len in 1usize..20,
            pieces in proptest::collection::vec(proptest::collection::vec(any::<i16>(), 0..50), 0..10),
        ) {
            let mut blocks = Blocks::new(block_len);
            let mut seen = Vec::new();
            for piece in &pieces {
                let Ok(()) = blocks.push(piece, |block| {
                    assert_eq!(block.len(), block_len);
                    seen.extend_from_slice(block);
                    Ok::<_, Infallible>(())
                });
                prop_assert!(blocks.pending().len() < block_len);
            }
            seen.extend_from_slice(blocks.pending());
            prop_assert_eq!(seen, pieces.concat());
        }
    }
}
