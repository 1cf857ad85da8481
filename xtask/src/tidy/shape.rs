//! The shape of files and crates.

use super::Violation;
use crate::tree::{File, Tree};
use std::collections::BTreeMap;

/// Lines of a file. The target is 400: beyond it, look for two rooms in one.
const LINES_MAX: usize = 600;

/// Files that are longer, and why.
const LONG: &[(&str, &str)] = &[
    ("web/sdk/src/api.ts", "generated from docs/openapi.json"),
    ("web/app/src/i18n/messages.ts", "generated from the sentences in web/app/src/i18n/en"),
];

pub(super) fn length(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.iter().filter(|file| file.is(&["css", "mjs", "rs", "sh", "svelte", "ts"])) {
        let lines = file.text.lines().count();
        if lines >= LINES_MAX && LONG.iter().all(|(path, _)| *path != file.path) {
            violations.push(Violation::new(&file.path, 0, format!("{lines} lines: split it")));
        }
    }
    violations
}

pub(super) fn no_mod_rs(tree: &Tree) -> Vec<Violation> {
    let files = tree.iter().filter(|file| file.path.ends_with("/mod.rs"));
    files.map(|file| Violation::new(&file.path, 0, "name the file after the module")).collect()
}

pub(super) fn crate_head(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.iter().filter(|file| is_crate_root(file)) {
        let head: Vec<_> = file.text.lines().take_while(|line| line.starts_with("//!")).collect();
        if head.is_empty() {
            violations.push(Violation::new(&file.path, 1, "says nothing about itself"));
        } else if is_library(file) && !head.iter().any(|line| line.contains("Invariant: ")) {
            violations.push(Violation::new(&file.path, 1, "names no `Invariant: `"));
        }
    }
    violations
}

fn is_library(file: &File) -> bool {
    file.under(&["crates/"]) && file.path.ends_with("/lib.rs")
}

fn is_crate_root(file: &File) -> bool {
    file.path.ends_with("/src/lib.rs") || file.path.ends_with("/src/main.rs")
}

/// Each binary is linked anew after every change; modules of one cost nothing.
pub(super) fn one_test_binary(tree: &Tree) -> Vec<Violation> {
    let mut binaries: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in tree.iter().filter(|file| file.under(&["crates/"])) {
        if let Some((package, test)) = file.path.split_once("/tests/")
            // What lies deeper is a module of its crate, and no binary.
            && package.matches('/').count() == 1
            && (file.is(&["rs"]) && !test.contains('/') || test.split('/').nth(1) == Some("main.rs"))
        {
            binaries.entry(package).or_default().push(&file.path);
        }
    }
    let surplus = binaries.into_values().flat_map(|paths| paths.into_iter().skip(1));
    surplus.map(|path| Violation::new(path, 0, "make it a module of the crate's test binary")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    #[test]
    fn a_long_file_is_found() {
        let long = "x\n".repeat(LINES_MAX);
        let short = "x\n".repeat(LINES_MAX - 1);
        assert_eq!(found(length, &[("a.rs", &long), ("b.rs", &short), (LONG[0].0, &long)]), ["a.rs:0"]);
    }

    #[test]
    fn mod_rs_is_found() {
        assert_eq!(
            found(no_mod_rs, &[("crates/a/src/b/mod.rs", ""), ("crates/a/src/model.rs", "")]),
            ["crates/a/src/b/mod.rs:0"]
        );
    }

    #[test]
    fn a_crate_without_purpose_or_invariant_is_found() {
        let files = [
            ("crates/a/src/lib.rs", "use std::fs;\n//! Late.\n"),
            ("crates/b/src/lib.rs", "//! B does b.\n"),
            ("crates/c/src/lib.rs", "//! C does c.\n//!\n//! Invariant: never d.\n"),
            ("crates/c/src/main.rs", "//! Starts c.\n"),
            ("xtask/src/lib.rs", "//! Does chores.\n"),
        ];
        assert_eq!(found(crate_head, &files), ["crates/a/src/lib.rs:1", "crates/b/src/lib.rs:1"]);
    }

    #[test]
    fn a_second_test_binary_is_found() {
        let one = [
            ("crates/a/tests/it/main.rs", ""),
            ("crates/a/tests/it/send.rs", ""),
            ("crates/b/tests/it.rs", ""),
        ];
        assert_eq!(found(one_test_binary, &one), [""; 0]);
        let modules = [("crates/a/src/b/tests/one.rs", ""), ("crates/a/src/b/tests/other.rs", "")];
        assert_eq!(found(one_test_binary, &modules), [""; 0]);
        let two = [("crates/a/tests/it/main.rs", ""), ("crates/a/tests/other.rs", "")];
        assert_eq!(found(one_test_binary, &two), ["crates/a/tests/other.rs:0"]);
    }
}
