//! What the kernel knows about a process.

use super::machine::field;
use anyhow::{Context as _, Result};
use std::fs;
use std::time::Duration;

/// `/proc/PID/stat` counts in hundredths of a second whatever the kernel's own tick is (`man 5 proc`, `USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// Processor time that a process has used.
#[derive(Debug, Clone, Copy)]
pub(super) struct CpuTime {
    pub(super) user: Duration,
    pub(super) system: Duration,
}

impl CpuTime {
    pub(super) fn of(pid: u32) -> Result<Self> {
        let path = format!("/proc/{pid}/stat");
        let stat = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        // The second field is the program's name in parentheses, which may hold anything.
        let (_, fields) = stat.rsplit_once(')').with_context(|| format!("{path} reads {stat}"))?;
        let ticks = |number: usize| -> Result<u32> {
            let field = fields.split_whitespace().nth(number).with_context(|| format!("{path} is short"))?;
            Ok(field.parse()?)
        };
        Ok(Self { user: TICK * ticks(11)?, system: TICK * ticks(12)? })
    }

    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }
}

/// Memory of a process in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    /// All that is resident, with the program and libraries themselves.
    pub(super) resident: f64,
    /// The same, but what is shared is divided by the number of processes that share it.
    pub(super) proportional: f64,
    /// What the process has written to: heap and stacks.
    pub(super) anonymous: f64,
}

impl Memory {
    pub(super) fn of(pid: u32) -> Result<Self> {
        let path = format!("/proc/{pid}/smaps_rollup");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        let bytes = |name: &str| -> Result<f64> {
            let value = field(&text, name).with_context(|| format!("{path} has no {name}"))?;
            Ok(value.trim_end_matches(" kB").parse::<f64>()? * 1024.0)
        };
        Ok(Self { resident: bytes("Rss")?, proportional: bytes("Pss")?, anonymous: bytes("Anonymous")? })
    }

    /// The most that was resident at one time.
    pub(super) fn peak_of(pid: u32) -> Result<f64> {
        let path = format!("/proc/{pid}/status");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        let value = field(&text, "VmHWM").with_context(|| format!("{path} has no VmHWM"))?;
        Ok(value.trim_end_matches(" kB").parse::<f64>()? * 1024.0)
    }
}
