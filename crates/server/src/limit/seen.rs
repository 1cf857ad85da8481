//! Who has done what in their minute, within bounded memory.

use super::{MINUTE_MS, Rate, Who};
use std::collections::HashMap;
use std::mem;

/// Minutes in one generation; about 5 MB.
pub(super) const WINDOWS_MAX: usize = 65_536;

/// Somebody's minute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// How often they have tried in it.
    pub(super) tries: u32,
    /// When it is over, in milliseconds.
    pub(super) ends_ms: i64,
}

/// The minutes that are not over yet.
///
/// They are kept in two generations. Whoever does something moves to the young one, and every minute the old one is
/// forgotten and the young one becomes the old one: nobody's minute is lost before it is over, and nothing has to be
/// searched for what can go. Should more than [`WINDOWS_MAX`] be new, that happens early, and those who have been quiet
/// for the longest start afresh.
#[derive(Debug, Default)]
pub(super) struct Seen {
    young: HashMap<(Rate, Who), Window>,
    old: HashMap<(Rate, Who), Window>,
    /// When the young generation began.
    began_ms: i64,
}

impl Seen {
    /// Counts one try.
    pub(super) fn count(&mut self, key: (Rate, Who), now_ms: i64) -> Window {
        self.age(now_ms);
        let Self { young, old, .. } = self;
        let window = young
            .entry(key)
            .or_insert_with(|| old.remove(&key).unwrap_or(Window { tries: 0, ends_ms: now_ms + MINUTE_MS }));
        // A minute that lasts longer than a minute began before the clock was set back.
        if !(1..=MINUTE_MS).contains(&(window.ends_ms - now_ms)) {
            *window = Window { tries: 0, ends_ms: now_ms + MINUTE_MS };
        }
        window.tries = window.tries.saturating_add(1);
        *window
    }

    fn age(&mut self, now_ms: i64) {
        let over = !(0..MINUTE_MS).contains(&(now_ms - self.began_ms));
        if over || self.young.len() >= WINDOWS_MAX {
            self.old = mem::take(&mut self.young);
            self.began_ms = now_ms;
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}
