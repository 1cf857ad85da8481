//! Fragments of the changelog: `changelog.d/+topic.kind.md`.

use super::Violation;
use crate::tree::Tree;

const FOLDER: &str = "changelog.d/";
const KINDS: &[&str] = &["added", "changed", "deprecated", "fixed", "removed", "security"];

pub(super) fn fragments(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.iter().filter(|file| file.under(&[FOLDER])) {
        let mut say = |what: &str| violations.push(Violation::new(&file.path, 0, what));
        if !well_named(&file.path) {
            say(
                "is not named +topic.kind.md, where kind is added, changed, deprecated, fixed, removed or security",
            );
        }
        if file.text.lines().any(|line| line.starts_with('#')) {
            say("has a heading: the kind is the heading");
        }
        if !cites_requirement(&file.text) {
            say("ends without the requirements that it serves, such as (A1, C12)");
        }
    }
    violations
}

fn well_named(path: &str) -> bool {
    let mut parts = path.trim_start_matches(FOLDER).split('.');
    let topic = parts.next().and_then(|name| name.strip_prefix('+')).unwrap_or_default();
    !topic.is_empty()
        && topic.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-')
        && parts.next().is_some_and(|kind| KINDS.contains(&kind))
        && parts.next() == Some("md")
        && parts.next().is_none()
}

/// Whether a sentence comes first, and then, in parentheses, a letter and a number each.
fn cites_requirement(text: &str) -> bool {
    let Some((sentence, citation)) = text.trim_end().rsplit_once('(') else { return false };
    let Some(ids) = citation.trim_end_matches('.').strip_suffix(')') else { return false };
    !sentence.trim().is_empty()
        && ids.split(", ").all(|id| {
            let mut chars = id.chars();
            chars.next().is_some_and(|char| char.is_ascii_uppercase())
                && !chars.as_str().is_empty()
                && chars.all(|char| char.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    #[test]
    fn a_fragment_is_named_after_its_topic_and_kind() {
        let check = |name: &str| found(fragments, &[(&format!("{FOLDER}{name}"), "It is so. (A1)\n")]).len();
        assert_eq!(check("+commit-pipeline.added.md"), 0);
        for name in
            ["pipeline.added.md", "+pipeline.new.md", "+pipeline.md", "+.fixed.md", "+Pipeline.fixed.md"]
        {
            assert_eq!(check(name), 1, "{name}");
        }
    }

    #[test]
    fn a_fragment_has_a_sentence_and_cites_a_requirement() {
        let check = |text: &str| found(fragments, &[("changelog.d/+a.added.md", text)]).len();
        assert_eq!(check("Messages are kept. (C1, C12)\n"), 0);
        for text in
            ["", "Messages are kept.\n", "(C1)\n", "Messages are kept. (soon)\n", "# Kept\nThey are. (C1)\n"]
        {
            assert_eq!(check(text), 1, "{text}");
        }
    }
}
