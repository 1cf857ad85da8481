//! Writes that are on their way to the disk.

use super::Tally;
use natter_chat::{Imported, Result};
use std::collections::VecDeque;

/// Writes that wait for their commit before one more is sent: enough to fill the pipeline's batches.
const FLIGHT_WRITES_MAX: usize = 1_024;

/// Writes in the order in which they were put in line.
pub(super) struct Flight<W> {
    writes: VecDeque<W>,
    tally: Tally,
}

impl<W: Future<Output = Result<Imported>>> Flight<W> {
    pub(super) fn new() -> Self {
        Self { writes: VecDeque::with_capacity(FLIGHT_WRITES_MAX), tally: Tally::default() }
    }

    /// Sends one more; waits for the oldest while too many are on their way.
    pub(super) async fn add(&mut self, write: W) -> Result<()> {
        self.writes.push_back(write);
        if self.writes.len() > FLIGHT_WRITES_MAX {
            self.land_one().await?;
        }
        Ok(())
    }

    /// Waits until all are kept.
    pub(super) async fn land(mut self) -> Result<Tally> {
        while !self.writes.is_empty() {
            self.land_one().await?;
        }
        Ok(self.tally)
    }

    async fn land_one(&mut self) -> Result<()> {
        if let Some(write) = self.writes.pop_front() {
            self.tally.count(write.await?);
        }
        Ok(())
    }
}
