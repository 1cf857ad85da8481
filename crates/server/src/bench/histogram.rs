//! Durations, counted instead of kept.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Buckets in each doubling: a percentile is at most 2.2 % too high.
const BUCKETS_PER_DOUBLING: f64 = 32.0;
/// Microseconds up to 2^32, a good hour; longer ones fall into the last bucket.
const BUCKETS: usize = 1_024;

/// How often each duration occurred.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Histogram(Vec<u64>);

impl Histogram {
    pub(super) fn record(&mut self, duration: Duration) {
        if self.0.is_empty() {
            self.0 = vec![0; BUCKETS];
        }
        let micros = (duration.as_secs_f64() * 1e6).max(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a logarithm, and not negative"
        )]
        let bucket = (micros.log2() * BUCKETS_PER_DOUBLING) as usize;
        self.0[bucket.min(BUCKETS - 1)] += 1;
    }

    /// How many durations there are.
    pub(super) fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The duration in milliseconds that `share` of all did not exceed.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub(super) fn percentile_ms(&self, share: f64) -> f64 {
        let total: u64 = self.0.iter().sum();
        let mut seen = 0;
        for (bucket, count) in self.0.iter().enumerate() {
            seen += count;
            if *count > 0 && seen as f64 >= total as f64 * share {
                return ((bucket + 1) as f64 / BUCKETS_PER_DOUBLING).exp2() / 1e3;
            }
        }
        0.0
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        for (count, more) in self.0.iter_mut().zip(&other.0) {
            *count += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;
    use std::time::Duration;

    #[test]
    fn percentiles_are_right_within_a_bucket() {
        let (mut low, mut high) = (Histogram::default(), Histogram::default());
        for millis in 1..=1_000 {
            let histogram = if millis % 2 == 0 { &mut low } else { &mut high };
            histogram.record(Duration::from_millis(millis));
        }
        low.merge(&high);
        for (share, millis) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1_000.0)] {
            let found = low.percentile_ms(share);
            assert!((millis..millis * 1.03).contains(&found), "{share}: {found}");
        }
        assert!(Histogram::default().percentile_ms(0.5) <= 0.0, "nothing was recorded");
    }
}
