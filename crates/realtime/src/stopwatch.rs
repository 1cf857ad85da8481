//! Seconds since something began, without a clock: the hub's sweep counts them.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// 0 while it stands, else one more than the sweeps since it started.
///
/// Relaxed: a count that is off by one sweep is as good as another, and nothing else depends on its order.
#[derive(Debug)]
pub(crate) struct Stopwatch(AtomicU32);

impl Stopwatch {
    pub(crate) const fn stopped() -> Self {
        Self(AtomicU32::new(0))
    }

    pub(crate) const fn running() -> Self {
        Self(AtomicU32::new(1))
    }

    /// Starts it unless it runs already.
    pub(crate) fn start(&self) {
        let _ = self.0.compare_exchange(0, 1, Relaxed, Relaxed);
    }

    pub(crate) fn restart(&self) {
        self.0.store(1, Relaxed);
    }

    pub(crate) fn stop(&self) {
        self.0.store(0, Relaxed);
    }

    pub(crate) fn is_running(&self) -> bool {
        self.0.load(Relaxed) != 0
    }

    /// Counts one second if it runs. The sweeps since the start: the true time is up to a second less.
    pub(crate) fn tick(&self) -> u32 {
        let counted = self.0.fetch_update(Relaxed, Relaxed, |ticks| (ticks != 0).then_some(ticks + 1));
        counted.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Stopwatch;

    #[test]
    fn counts_sweeps_only_while_it_runs() {
        let stopwatch = Stopwatch::stopped();
        assert_eq!((stopwatch.tick(), stopwatch.is_running()), (0, false));
        stopwatch.start();
        assert_eq!((stopwatch.tick(), stopwatch.tick()), (1, 2));
        stopwatch.start();
        assert_eq!(stopwatch.tick(), 3, "start does not begin anew");
        stopwatch.restart();
        assert_eq!(stopwatch.tick(), 1, "restart does");
        stopwatch.stop();
        assert_eq!(stopwatch.tick(), 0);
    }
}
