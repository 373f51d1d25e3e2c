//! The shapes of calls on a GPU. Pure.
//!
//! On a GPU, the first call of each shape picks algorithms and allocates, which takes long enough to be audible. So
//! calls come in few shapes, each run once before the decoder is ready: batches are padded to the next power of two.
//! On a CPU a new shape costs nothing, and every padding row costs as much as a stream.

/// The batch sizes that calls may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Buckets {
    /// Any size.
    Exact,
    /// Powers of two, and `max` itself.
    PowersOfTwo {
        /// The largest batch.
        max: usize,
    },
}

impl Buckets {
    /// The rows of a call for `streams` streams.
    pub(crate) fn rows(self, streams: usize) -> usize {
        match self {
            Self::Exact => streams,
            // Padding never exceeds the largest batch.
            Self::PowersOfTwo { max } => streams.next_power_of_two().min(max.max(streams)),
        }
    }

    /// All batch sizes to warm up, in ascending order.
    pub(crate) fn all(self) -> Vec<usize> {
        match self {
            Self::Exact => vec![1],
            Self::PowersOfTwo { max } => {
                let mut all: Vec<usize> = (1..=max.max(1)).map(|streams| self.rows(streams)).collect();
                all.dedup();
                all
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buckets_are_few() {
        assert_eq!(Buckets::PowersOfTwo { max: 16 }.all(), [1, 2, 4, 8, 16]);
        assert_eq!(Buckets::PowersOfTwo { max: 12 }.all(), [1, 2, 4, 8, 12]);
        assert_eq!(Buckets::PowersOfTwo { max: 1 }.all(), [1]);
        assert_eq!(Buckets::Exact.all(), [1]);
    }

    proptest! {
        #[test]
        fn every_batch_fits_into_a_bucket_that_was_made_ready(max in 1usize..200, streams in 1usize..200) {
            let (buckets, streams) = (Buckets::PowersOfTwo { max }, streams.min(max));
            let rows = buckets.rows(streams);
            prop_assert!(rows >= streams && rows < 2 * streams && rows <= max);
            prop_assert!(buckets.all().contains(&rows));
        }
    }
}
