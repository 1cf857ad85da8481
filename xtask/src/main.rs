//! Chores of this repository that need more than a shell: `cargo xtask tidy`.
//!
//! Invariant: it reads the tree and writes nothing, so it can run at any time, before any build.

mod rust;
mod tidy;
mod tree;

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::ExitCode;

fn main() -> Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the repository")?;
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => Ok(if tidy::run(root)? { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
        _ => bail!("usage: cargo xtask tidy"),
    }
}
