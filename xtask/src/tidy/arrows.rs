//! Which crate may depend on which.

use super::Violation;
use crate::tree::{File, Tree};

/// Each crate, and the crates of this workspace that it may use. Tests may use `natter-testkit` besides.
const ARROWS: &[(&str, &[&str])] = &[
    ("natter-protocol", &[]),
    ("natter-store", &["natter-protocol"]),
    ("natter-realtime", &["natter-protocol"]),
    ("natter-files", &["natter-protocol"]),
    ("natter-chat", &["natter-files", "natter-protocol", "natter-realtime", "natter-store"]),
    ("natter-server", &["natter-chat", "natter-files", "natter-protocol", "natter-realtime", "natter-store"]),
    ("natter-testkit", &["natter-chat", "natter-protocol"]),
    ("natter-fuzz", &["natter-chat", "natter-files", "natter-protocol", "natter-realtime"]),
    ("xtask", &[]),
];

/// Dependencies that belong to some crates only. What a test uses is its own affair.
const CONFINED: &[(&[&str], &[&str])] = &[
    (&["rusqlite", "sqlx"], &["natter-store"]),
    (
        &["axum", "http-body-util", "tower", "tower-http", "utoipa-axum"],
        &["natter-realtime", "natter-server"],
    ),
    // The files' are for the client of an object store, the test kit's for the store itself.
    (
        &["http", "hyper", "hyper-util"],
        &["natter-files", "natter-realtime", "natter-server", "natter-testkit"],
    ),
    (&["object_store"], &["natter-files"]),
    // Inside, errors are enums that callers can match on.
    (&["anyhow"], &["natter-server", "natter-testkit", "xtask"]),
    (
        &["async-trait", "futures-util", "rand", "tokio"],
        &[
            "natter-chat",
            "natter-files",
            "natter-realtime",
            "natter-server",
            "natter-store",
            "natter-testkit",
        ],
    ),
];

pub(super) fn between_crates(tree: &Tree) -> Vec<Violation> {
    dependencies(tree, |package, dependency| {
        if !dependency.name.starts_with("natter-") || (dependency.test && dependency.name == "natter-testkit")
        {
            return None;
        }
        match ARROWS.iter().find(|(from, _)| *from == package) {
            None => Some(format!("{package} has no arrows yet: add it to ARROWS and to ARCHITECTURE.md")),
            Some((_, to)) if to.contains(&dependency.name) => None,
            Some(_) => Some(format!("{package} must not know {}", dependency.name)),
        }
    })
}

pub(super) fn to_the_outside(tree: &Tree) -> Vec<Violation> {
    dependencies(tree, |package, dependency| {
        let (_, home) = CONFINED.iter().find(|(names, _)| names.contains(&dependency.name))?;
        (!dependency.test && !home.contains(&package))
            .then(|| format!("{package} must not use {}: only {} may", dependency.name, home.join(", ")))
    })
}

struct Dependency<'a> {
    name: &'a str,
    /// Only tests have it.
    test: bool,
}

/// Asks about every dependency of every crate what is wrong with it.
fn dependencies(tree: &Tree, ask: impl Fn(&str, &Dependency<'_>) -> Option<String>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.iter().filter(|file| file.path.ends_with("/Cargo.toml")) {
        for (line, dependency) in declared(file) {
            violations
                .extend(ask(package(file), &dependency).map(|what| Violation::new(&file.path, line, what)));
        }
    }
    violations
}

fn package(manifest: &File) -> &str {
    let name = manifest.text.lines().find_map(|line| line.strip_prefix("name = "));
    name.unwrap_or_default().trim_matches('"')
}

/// Reads `[dependencies]`, `[dev-dependencies]`, `[target.….dependencies]` and `[dependencies.name]`.
fn declared(manifest: &File) -> Vec<(usize, Dependency<'_>)> {
    let mut declared = Vec::new();
    let mut section = "";
    for (line, text) in (1..).zip(manifest.text.lines()) {
        if let Some(header) = text.strip_prefix('[') {
            section = header.trim_end_matches(']');
            if let Some((table, name)) = section.rsplit_once("dependencies.") {
                declared.push((line, Dependency { name, test: table.ends_with("dev-") }));
            }
        } else if section.ends_with("dependencies") && !text.starts_with('#') {
            let name = text.split([' ', '.', '=']).next().unwrap_or_default();
            declared.push((line, Dependency { name, test: section.ends_with("dev-dependencies") }));
        }
    }
    declared
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    fn manifest(name: &str, rest: &str) -> String {
        format!("[package]\nname = \"{name}\"\n{rest}")
    }

    #[test]
    fn an_arrow_that_does_not_exist_is_found_however_it_is_written() {
        let store = |rest: &str| {
            found(between_crates, &[("crates/store/Cargo.toml", &manifest("natter-store", rest))])
        };
        assert_eq!(store("[dependencies]\nnatter-protocol = { workspace = true }\n"), [""; 0]);
        assert_eq!(store("[dev-dependencies]\nnatter-testkit.workspace = true\n"), [""; 0]);
        assert_eq!(
            store("[dependencies]\nnatter-realtime = { workspace = true }\n"),
            ["crates/store/Cargo.toml:4"]
        );
        assert_eq!(store("[dependencies.natter-realtime]\n"), ["crates/store/Cargo.toml:3"]);
        assert_eq!(
            store("[target.'cfg(unix)'.dependencies]\nnatter-chat.workspace = true\n"),
            ["crates/store/Cargo.toml:4"]
        );
        assert_eq!(store("[dependencies]\nnatter-testkit.workspace = true\n"), ["crates/store/Cargo.toml:4"]);
    }

    #[test]
    fn a_crate_without_arrows_is_found() {
        let text = manifest("natter-utils", "[dependencies]\nnatter-store.workspace = true\n");
        assert_eq!(
            found(between_crates, &[("crates/utils/Cargo.toml", &text)]),
            ["crates/utils/Cargo.toml:4"]
        );
    }

    #[test]
    fn a_dependency_out_of_its_place_is_found() {
        let text = manifest(
            "natter-chat",
            "[dependencies]\nhttp = \"1\"\ntokio = \"1\"\n[dev-dependencies]\nsqlx = \"1\"\n",
        );
        assert_eq!(found(to_the_outside, &[("crates/chat/Cargo.toml", &text)]), ["crates/chat/Cargo.toml:4"]);
        let text = manifest("natter-protocol", "[dependencies]\ntokio = \"1\"\n");
        assert_eq!(
            found(to_the_outside, &[("crates/protocol/Cargo.toml", &text)]),
            ["crates/protocol/Cargo.toml:4"]
        );
    }
}
