//! The distribution of a measurement over many streams, some of which have no value.

use hdrhistogram::Histogram;

/// Significant digits that are kept of a value.
const DIGITS: u8 = 3;
/// Values are kept as whole thousandths of their unit.
const THOUSAND: f64 = 1000.0;

/// Measured values in bounded memory, to three digits. Streams without a value count too: they rank behind all others,
/// so that a failure is never averaged away.
#[derive(Clone, Debug)]
pub struct Distribution {
    values: Histogram<u64>,
    without: u64,
}

impl Default for Distribution {
    fn default() -> Self {
        let values = Histogram::new(DIGITS).expect("three digits are among the one to five it takes");
        Self { values, without: 0 }
    }
}

impl Distribution {
    /// Adds the value of a stream, 0 or greater; `None` for a stream without one.
    pub fn record(&mut self, value: Option<f64>) {
        match value {
            // A cast from f64 saturates at 0 and at the largest u64; the histogram grows by itself.
            Some(value) if self.values.record((value * THOUSAND).round() as u64).is_ok() => {}
            _ => self.without += 1,
        }
    }

    /// The number of streams with a value.
    pub fn len(&self) -> u64 {
        self.values.len()
    }

    /// Whether no stream has a value.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value that this share (0 to 1) of all streams doesn't exceed; `None` if it falls among those without one.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let all = self.len() + self.without;
        let rank = ((share * all as f64).ceil() as u64).clamp(1, all.max(1));
        // Half a rank less, so that no rounding of the share steps over to the next rank.
        let share = (rank as f64 - 0.5) / self.len() as f64;
        (rank <= self.len()).then(|| self.values.value_at_quantile(share) as f64 / THOUSAND)
    }

    /// The share (0 to 1) of all streams whose value doesn't exceed this one; `None` if there are no streams.
    pub fn share_within(&self, value: f64) -> Option<f64> {
        let all = self.len() + self.without;
        let within = self.values.count_between(0, (value * THOUSAND).round() as u64);
        (all > 0).then(|| within as f64 / all as f64)
    }

    /// The mean over the streams with a value.
    pub fn mean(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.values.mean() / THOUSAND)
    }

    /// Points (value, share of all streams that don't exceed it) in rising order: at most `points`, and the last.
    pub fn curve(&self, points: usize) -> Vec<(f64, f64)> {
        let all = (self.len() + self.without) as f64;
        let step = (self.len() as f64 / points.max(1) as f64).max(1.0);
        let (mut below, mut next, mut curve) = (0, 0.0, Vec::new());
        for value in self.values.iter_recorded() {
            below += value.count_at_value();
            if below as f64 >= next || below == self.len() {
                curve.push((value.value_iterated_to() as f64 / THOUSAND, below as f64 / all));
                next = below as f64 + step;
            }
        }
        curve
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: impl IntoIterator<Item = Option<f64>>) -> Distribution {
        let mut distribution = Distribution::default();
        values.into_iter().for_each(|value| distribution.record(value));
        distribution
    }

    #[test]
    fn ranks_are_counted_from_the_smallest() {
        let hundred = of((1..=100).rev().map(|n| Some(f64::from(n))));
        let quantiles = [0.0, 0.5, 0.9, 0.99, 1.0].map(|share| hundred.quantile(share).unwrap().round());
        assert_eq!(quantiles, [1.0, 50.0, 90.0, 99.0, 100.0]);
        assert_eq!(hundred.mean().unwrap().round(), 51.0); // 50.5
        assert_eq!(Distribution::default().quantile(0.5), None);
        assert_eq!((hundred.share_within(50.0), hundred.share_within(0.0)), (Some(0.5), Some(0.0)));
        assert_eq!(Distribution::default().share_within(1.0), None);
    }

    #[test]
    fn a_stream_without_a_value_ranks_last() {
        let two_failed = of((1..=98).map(|n| Some(f64::from(n))).chain([None, None]));
        assert_eq!(two_failed.quantile(0.98).unwrap().round(), 98.0);
        assert_eq!(two_failed.quantile(0.99), None);
        assert_eq!(two_failed.quantile(0.5).unwrap().round(), 50.0);
        assert_eq!(two_failed.share_within(1000.0), Some(0.98));
        assert_eq!(two_failed.curve(10).last().unwrap().1, 0.98);
    }

    proptest! {
        #[test]
        fn quantiles_are_those_of_the_sorted_values(
            values in prop::collection::vec(prop::option::weighted(0.9, 0.0f64..1e5), 1..200),
            share in 0.0f64..=1.0,
        ) {
            let distribution = of(values.clone());
            let mut sorted: Vec<f64> = values.iter().map(|value| value.unwrap_or(f64::INFINITY)).collect();
            sorted.sort_by(f64::total_cmp);
            let rank = ((share * sorted.len() as f64).ceil() as usize).max(1);
            let expected = sorted[rank - 1];
            match distribution.quantile(share) {
                // Three digits, and thousandths below them.
                Some(value) => prop_assert!((value - expected).abs() <= expected * 2e-3 + 1e-3, "{} {}", value, expected),
                None => prop_assert!(expected.is_infinite()),
            }
        }

        #[test]
        fn a_curve_rises_to_its_end(values in prop::collection::vec(0.0f64..1e4, 1..500), points in 1usize..50) {
            let curve = of(values.into_iter().map(Some)).curve(points);
            prop_assert!(curve.len() <= points + 1);
            prop_assert!(curve.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1));
            prop_assert_eq!(curve.last().map(|point| point.1), Some(1.0));
        }
    }
}
