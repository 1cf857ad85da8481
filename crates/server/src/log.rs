//! Logging: to stderr, so that stdout stays for data.

use crate::config::{Log, LogFormat};
use std::io::IsTerminal as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging for this process. A second start changes nothing.
pub(crate) fn start(log: &Log) {
    let terminal = std::io::stderr().is_terminal();
    let pretty = match log.format {
        LogFormat::Auto => terminal,
        LogFormat::Json => false,
        LogFormat::Pretty => true,
    };
    let lines = tracing_subscriber::fmt().with_env_filter(log.level.filter()).with_writer(std::io::stderr);
    let started = if pretty {
        lines.with_ansi(terminal).finish().try_init()
    } else {
        lines.json().flatten_event(true).with_span_list(false).finish().try_init()
    };
    // Whoever started first keeps its settings.
    drop(started);
}
