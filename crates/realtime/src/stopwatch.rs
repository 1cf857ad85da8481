//! Seconds since something began, or until something ends, without a clock: the hub's sweep counts them.

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

/// 0 when it will not end, else the sweeps until it does.
#[derive(Debug)]
pub(crate) struct Countdown(AtomicU32);

impl Countdown {
    pub(crate) fn from_seconds(seconds: Option<u32>) -> Self {
        let countdown = Self(AtomicU32::new(0));
        countdown.set(seconds);
        countdown
    }

    /// Begins anew, or will not end. Never too early: the next sweep may be a moment away.
    pub(crate) fn set(&self, seconds: Option<u32>) {
        self.0.store(seconds.map_or(0, |seconds| seconds.saturating_add(1)), Relaxed);
    }

    /// Counts one second; true when that was the last.
    pub(crate) fn tick(&self) -> bool {
        let before = self.0.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        before == Ok(1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Countdown, Stopwatch};

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

    #[test]
    fn counts_down_once_and_never_ends_too_early() {
        let countdown = Countdown::from_seconds(None);
        assert!(!countdown.tick());
        countdown.set(Some(1));
        assert_eq!([countdown.tick(), countdown.tick(), countdown.tick()], [false, true, false]);
        countdown.set(Some(0));
        assert!(countdown.tick(), "what has ended already ends with the next sweep");
        countdown.set(Some(u32::MAX));
        countdown.set(None);
        assert!(!countdown.tick());
    }
}
