//! Checks that what `ARCHITECTURE.md` calls absent is absent, and that the papers are in order.
//!
//! A check is a function of the tree, so a test plants a violation by writing three lines of fixture.

mod arrows;
mod changelog;
mod docs;
mod migrations;
mod shape;
mod sql;
mod words;

use crate::tree::Tree;
use anyhow::Result;
use std::fmt;
use std::io::Write;
use std::path::Path;

/// Runs every check and lists every violation; answers whether there is none.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let tree = Tree::read(root)?;
    let mut out = std::io::stdout().lock();
    let mut violations = 0;
    for (rule, check) in CHECKS {
        for violation in check(&tree) {
            writeln!(out, "{violation}\n    rule: {rule}")?;
            violations += 1;
        }
    }
    match violations {
        0 => writeln!(out, "{} rules hold in {} files", CHECKS.len(), tree.iter().count())?,
        _ => writeln!(out, "{violations} violations")?,
    }
    Ok(violations == 0)
}

type Check = fn(&Tree) -> Vec<Violation>;

/// The rules, each with what checks it.
const CHECKS: &[(&str, Check)] = &[
    ("crates depend on each other only along the arrows", arrows::between_crates),
    ("a dependency stays in the crates that it is meant for", arrows::to_the_outside),
    ("SQL is written in crates/store", sql::outside_store),
    ("some words are absent", words::absent),
    ("no path of somebody's machine is in the tree", words::machine_paths),
    ("a file has fewer than 600 lines, better 400", shape::length),
    ("a module lies beside its folder, never in mod.rs", shape::no_mod_rs),
    ("a crate opens with its purpose and its invariant", shape::crate_head),
    ("a crate has one integration test binary", shape::one_test_binary),
    ("migrations are numbered and come in pairs for both databases", migrations::pairs),
    ("a changelog fragment says what changed and which requirement it serves", changelog::fragments),
    ("a link within the documentation leads somewhere", docs::links),
    ("ARCHITECTURE.md names files that exist", docs::map),
    ("decisions are numbered and have the same three parts", docs::decisions),
];

/// Where a rule is broken, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Violation {
    path: String,
    /// 0 when it is the file as a whole.
    line: usize,
    what: String,
}

impl Violation {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Runs a check on a fixture: `path:line` of each violation.
#[cfg(test)]
fn found(check: Check, files: &[(&str, &str)]) -> Vec<String> {
    check(&Tree::of(files))
        .into_iter()
        .map(|violation| format!("{}:{}", violation.path, violation.line))
        .collect()
}
