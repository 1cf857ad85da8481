//! Where a measurement ran.

use serde::Serialize;
use std::fs;

/// What a figure depends on besides the program.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Machine {
    /// How many threads run at the same time.
    pub(crate) processors: usize,
    /// What the kernel calls the processor.
    pub(crate) model: String,
    /// All of it.
    pub(crate) memory_gib: f64,
    /// Release.
    pub(crate) kernel: String,
}

impl Machine {
    /// This one. What the kernel does not tell stays empty.
    pub(super) fn here() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let model = field(&read("/proc/cpuinfo"), "model name").unwrap_or_default();
        let memory = field(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
        let memory_kib = memory.trim_end_matches(" kB").parse::<f64>().unwrap_or_default();
        Self {
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            model,
            memory_gib: memory_kib / 1024.0 / 1024.0,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }
}

/// The value of the first line `name: value`.
pub(super) fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}
