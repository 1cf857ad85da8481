//! The documentation: links and decisions.

use super::Violation;
use crate::tree::{File, Tree};

const DECISIONS: &str = "docs/adr/";
const MAPPED: &[&str] = &["changelog.d/", "crates/", "docs/", "fuzz/", "scripts/", "web/", "xtask/"];
const PARTS: &[&str] = &["## Context", "## Decision", "## Consequences"];

pub(super) fn links(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.iter().filter(|file| file.is(&["md"])) {
        for (line, text) in prose(file) {
            for target in targets(&text).into_iter().filter(|target| !leads_out(target)) {
                let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
                let path = resolve(&file.path, path);
                let page = tree.iter().find(|page| page.path == path);
                if !tree.contains(&path) {
                    violations.push(Violation::new(&file.path, line, format!("{target} is not there")));
                } else if !anchor.is_empty()
                    && !page.is_some_and(|page| anchors(page).any(|found| found == anchor))
                {
                    violations.push(Violation::new(&file.path, line, format!("{target}: no such heading")));
                }
            }
        }
    }
    violations
}

/// The map names files; they have to be where it says.
pub(super) fn map(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.iter().filter(|file| file.path == "ARCHITECTURE.md") {
        for (line, text) in (1..).zip(file.text.lines()) {
            for path in text.split('`').skip(1).step_by(2).filter(|code| is_path(code)) {
                if !tree.contains(path.trim_end_matches('/')) {
                    violations.push(Violation::new(&file.path, line, format!("{path} is not there")));
                }
            }
        }
    }
    violations
}

/// Whether inline code names one file or folder, and no pattern of them.
fn is_path(code: &str) -> bool {
    MAPPED.iter().any(|folder| code.starts_with(folder)) && !code.contains(['<', '*', '{', ' '])
}

pub(super) fn decisions(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    let files = tree.iter().filter(|file| file.under(&[DECISIONS]));
    for (number, file) in (1..).zip(files) {
        let number = format!("{number:04}");
        if !file.path.starts_with(&format!("{DECISIONS}{number}-")) {
            violations.push(Violation::new(&file.path, 0, format!("should be number {number}")));
        }
        if !file.text.starts_with(&format!("# {number}: ")) {
            violations.push(Violation::new(
                &file.path,
                1,
                format!("should open with `# {number}: ` and the decision"),
            ));
        }
        let parts: Vec<_> = file.text.lines().filter(|line| line.starts_with("## ")).collect();
        if parts != PARTS {
            violations.push(Violation::new(
                &file.path,
                0,
                format!("should have the parts {}", PARTS.join(", ")),
            ));
        }
    }
    violations
}

/// The numbered lines outside code blocks, without inline code.
fn prose(file: &File) -> Vec<(usize, String)> {
    let mut code = false;
    let mut prose = Vec::new();
    for (line, text) in (1..).zip(file.text.lines()) {
        if text.trim_start().starts_with("```") {
            code = !code;
        } else if !code {
            prose.push((line, text.split('`').step_by(2).collect()));
        }
    }
    prose
}

/// What the links of a line point at.
fn targets(text: &str) -> Vec<&str> {
    let ends = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    ends.map(|(target, _)| target.split(' ').next().unwrap_or_default()).collect()
}

fn leads_out(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

/// The path from the root; the page itself for a bare anchor.
fn resolve(page: &str, target: &str) -> String {
    if target.is_empty() {
        return page.to_owned();
    }
    let mut path: Vec<_> = page.split('/').collect();
    path.pop();
    for step in target.trim_end_matches('/').split('/') {
        match step {
            "." => {}
            ".." => _ = path.pop(),
            step => path.push(step),
        }
    }
    path.join("/")
}

/// The anchors of the headings of a page.
fn anchors(page: &File) -> impl Iterator<Item = String> {
    let headings = page.text.lines().filter(|line| line.starts_with('#'));
    headings.map(|heading| {
        let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words.chars().filter(|char| char.is_alphanumeric() || "-_".contains(*char)).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    #[test]
    fn a_dead_link_is_found() {
        let check = |text: &str| {
            let files = [("docs/a.md", text), ("docs/adr/0001-b.md", "# B, or not\n"), ("README.md", "")];
            found(links, &files)
        };
        assert_eq!(
            check("[b](adr/0001-b.md) [up](../README.md) [folder](adr/) [out](https://example.org)\n"),
            [""; 0]
        );
        assert_eq!(check("[b](adr/0001-b.md#b-or-not)\n# Here\n[here](#here)\n"), [""; 0]);
        assert_eq!(check("```\n[c](c.md)\n```\n`[c](c.md)`\n"), [""; 0]);
        assert_eq!(check("fine\n![c](c.png \"title\")\n"), ["docs/a.md:2"]);
        assert_eq!(check("[`b`](adr/0001-b.md#nowhere)\n"), ["docs/a.md:1"]);
        assert_eq!(check("[b](adr/0001)\n"), ["docs/a.md:1"]);
    }

    #[test]
    fn a_place_that_the_map_invents_is_found() {
        let check = |text: &str| found(map, &[("ARCHITECTURE.md", text), ("crates/chat/src/lib.rs", "")]);
        assert_eq!(check("`crates/chat/` and `crates/chat/src/lib.rs` and `crates/<name>/`\n"), [""; 0]);
        assert_eq!(check("fine\n`crates/chat/src/send.rs`\n"), ["ARCHITECTURE.md:2"]);
    }

    const DECISION: &str = "# 0001: One log\n\n## Context\n\n## Decision\n\n## Consequences\n";

    #[test]
    fn a_decision_in_disorder_is_found() {
        assert_eq!(found(decisions, &[("docs/adr/0001-log.md", DECISION)]), [""; 0]);
        assert_eq!(
            found(decisions, &[("docs/adr/0001-log.md", &DECISION.replace("0001", "0002"))]),
            ["docs/adr/0001-log.md:1"]
        );
        assert_eq!(
            found(decisions, &[("docs/adr/0001-log.md", &DECISION.replace("## Context", ""))]),
            ["docs/adr/0001-log.md:0"]
        );
        let gap = DECISION.replace("0001", "0002");
        assert_eq!(
            found(decisions, &[("docs/adr/0001-log.md", DECISION), ("docs/adr/0003-x.md", &gap)]),
            ["docs/adr/0003-x.md:0"]
        );
    }
}
