//! Migrations: the same numbered names for both databases, each with its way back.

use super::Violation;
use crate::tree::Tree;
use std::collections::BTreeSet;

const FOLDER: &str = "crates/store/migrations/";
const PARTS: &[(&str, &str)] =
    &[("sqlite", "up"), ("sqlite", "down"), ("postgres", "up"), ("postgres", "down")];

pub(super) fn pairs(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut names = BTreeSet::new();
    for file in tree.iter().filter(|file| file.under(&[FOLDER])) {
        let name = PARTS.iter().find_map(|(database, direction)| {
            let name = file.path.strip_prefix(FOLDER)?.strip_prefix(database)?.strip_prefix('/')?;
            name.strip_suffix(&format!(".{direction}.sql"))
        });
        match name {
            Some(name) => _ = names.insert(name),
            None => violations.push(Violation::new(&file.path, 0, "belongs to no migration")),
        }
    }
    for (number, name) in (1..).zip(&names) {
        if !name.starts_with(&format!("{number:04}_")) {
            violations.push(Violation::new(
                &format!("{FOLDER}*/{name}"),
                0,
                format!("should be number {number:04}"),
            ));
        }
        for (database, direction) in PARTS {
            let path = format!("{FOLDER}{database}/{name}.{direction}.sql");
            if !tree.contains(&path) {
                violations.push(Violation::new(&path, 0, "is missing"));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    fn check(paths: &[&str]) -> Vec<String> {
        let paths: Vec<_> = paths.iter().map(|path| format!("{FOLDER}{path}")).collect();
        let files: Vec<_> = paths.iter().map(|path| (path.as_str(), "")).collect();
        found(pairs, &files).iter().map(|path| path.replace(FOLDER, "")).collect()
    }

    const FIRST: [&str; 4] = [
        "sqlite/0001_a.up.sql",
        "sqlite/0001_a.down.sql",
        "postgres/0001_a.up.sql",
        "postgres/0001_a.down.sql",
    ];

    #[test]
    fn a_complete_migration_is_in_order() {
        assert_eq!(check(&FIRST), [""; 0]);
    }

    #[test]
    fn each_missing_part_is_found() {
        for part in FIRST {
            let rest: Vec<_> = FIRST.into_iter().filter(|other| *other != part).collect();
            assert_eq!(check(&rest), [format!("{part}:0")]);
        }
    }

    #[test]
    fn a_gap_and_a_stranger_are_found() {
        let third = FIRST.map(|path| path.replace("0001_a", "0003_c"));
        let paths: Vec<_> = FIRST.into_iter().chain(third.iter().map(String::as_str)).collect();
        assert_eq!(check(&paths), ["*/0003_c:0"]);
        assert_eq!(check(&["sqlite/notes.txt"]), ["sqlite/notes.txt:0"]);
    }
}
