//! Recognises SQL in string literals.

use super::Violation;
use crate::rust::literals;
use crate::tree::Tree;

/// A literal that has all words of a row, in capitals and in this order, is taken for SQL.
const STATEMENTS: &[&[&str]] = &[
    &["SELECT", "FROM"],
    &["INSERT", "INTO"],
    &["UPDATE", "SET"],
    &["DELETE", "FROM"],
    &["CREATE", "TABLE"],
    &["ALTER", "TABLE"],
    &["DROP", "TABLE"],
    &["BEGIN", "IMMEDIATE"],
    &["PRAGMA"],
    &["TRUNCATE"],
];

pub(super) fn outside_store(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.iter().filter(|file| file.is(&["rs"]) && !file.under(&["crates/store/", "xtask/"])) {
        for (line, literal) in literals(&file.text) {
            if STATEMENTS.iter().any(|words| has(literal, words)) {
                violations.push(Violation::new(
                    &file.path,
                    line,
                    "this looks like SQL: give the store a method",
                ));
            }
        }
    }
    violations
}

fn has(literal: &str, words: &[&str]) -> bool {
    let mut present = literal.split(|char: char| !char.is_alphanumeric() && char != '_');
    words.iter().all(|word| present.any(|candidate| candidate == *word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    #[test]
    fn sql_is_found_in_any_kind_of_literal() {
        let check = |path, text| found(outside_store, &[(path, text)]);
        assert_eq!(
            check("crates/chat/src/a.rs", "\nq(\"SELECT id\n FROM users\")"),
            ["crates/chat/src/a.rs:2"]
        );
        assert_eq!(
            check("crates/chat/src/a.rs", "q(r#\"UPDATE users SET a = 1\"#)"),
            ["crates/chat/src/a.rs:1"]
        );
        assert_eq!(check("crates/store/src/a.rs", "q(\"SELECT id FROM users\")"), [""; 0]);
    }

    #[test]
    fn a_comment_and_a_sentence_are_not_sql() {
        let text = "// SELECT id FROM users\nlet a = \"Select a room from the list to UPDATE it\";";
        assert_eq!(found(outside_store, &[("crates/chat/src/a.rs", text)]), [""; 0]);
    }
}
