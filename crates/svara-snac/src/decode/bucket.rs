//! The batch sizes of calls on a GPU. Pure.
//!
//! On a GPU, the first call of each shape picks algorithms and allocates, which takes long enough to be audible. So
//! calls come in few sizes, each made once before the decoder is ready: smaller batches are padded. On a CPU a new
//! shape costs nothing, and every padding row costs as much as a stream.

/// How much larger each size is than the one before. A GPU takes hardly longer for four rows than for one, and each size
/// takes memory and time at start.
const STEP: usize = 4;

/// The batch sizes that calls may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Buckets(Vec<usize>);

impl Buckets {
    /// 1, 4, 16, 64 and so on, and `max` itself.
    pub(crate) fn up_to(max: usize) -> Self {
        let max = max.max(1);
        let sizes = std::iter::successors(Some(1_usize), |size| size.checked_mul(STEP));
        Self(sizes.take_while(|size| *size < max).chain([max]).collect())
    }

    /// Only one size, where each change of the size is dear.
    pub(crate) fn only(size: usize) -> Self {
        Self(vec![size.max(1)])
    }

    /// The rows of a call for `streams` streams.
    pub(crate) fn rows(&self, streams: usize) -> usize {
        self.0.iter().copied().find(|size| *size >= streams).unwrap_or(streams)
    }

    /// All sizes, the largest first: what it leaves in the allocator is enough for all others.
    pub(crate) fn largest_first(&self) -> Vec<usize> {
        self.0.iter().rev().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buckets_are_few() {
        assert_eq!(Buckets::up_to(64).largest_first(), [64, 16, 4, 1]);
        assert_eq!(Buckets::up_to(12).largest_first(), [12, 4, 1]);
        assert_eq!(Buckets::up_to(4).largest_first(), [4, 1]);
        assert_eq!(Buckets::up_to(0).largest_first(), [1]);
        assert_eq!(Buckets::only(16).rows(3), 16);
    }

    proptest! {
        #[test]
        fn every_batch_fits_into_a_bucket_that_was_made_ready(max in 1usize..200, streams in 1usize..200) {
            let (buckets, streams) = (Buckets::up_to(max), streams.min(max));
            let rows = buckets.rows(streams);
            prop_assert!(rows >= streams && rows < STEP * streams.max(2) && rows <= max);
            prop_assert!(buckets.largest_first().contains(&rows));
        }
    }
}
