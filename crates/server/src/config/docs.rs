//! The configuration, written for people.

use super::{Config, Setting};
use serde_json::Value;
use std::fmt::Write as _;

/// Characters in a line of a comment.
const COMMENT_CHARS_MAX: usize = 100;

const INTRODUCTION: &str = r"# Configuration

Natter runs without any. What you want otherwise, you say in one of three places; the first one that says something wins:

1. a flag: `natter serve --listen 0.0.0.0:8080`
2. the environment: `NATTER_LISTEN=0.0.0.0:8080`
3. a file: `natter serve --config natter.toml`, or `natter.yaml`; [`natter.example.toml`](../../natter.example.toml) has
   every setting with its default

`natter config check` tells whether the configuration is right, `natter config print` shows what came out of all three
places. A name that natter does not know is an error, in the file and among the variables that begin with `NATTER_`,
so a slip does not go unnoticed.

Each variable can also be given with `_FILE` behind its name, and is then read from that file: with
`NATTER_DATABASE_URL_FILE=/run/secrets/database-url`, the password is in no list of processes. Lists are separated by
commas in the environment.

Some hosts set names without `NATTER_` already for the chat that they embed. Where a setting lists such a name, it counts
unless the other one is set, too; when it is empty, it does not count. A later version will take more of them: until then,
`natter serve` warns when it finds `REDIS_URL`, `FEATURE_MESSAGING_ENABLED` or `MESSAGING_ROLLOUT_PERCENTAGE`, and goes on
without.

`--config`, `--data-dir` and `--database-url` are understood by every command, `--listen` by `natter serve`.
";

/// The configuration as a TOML file with the meaning of each setting. Passwords in addresses are left out.
pub fn toml(config: &Config) -> String {
    let mut text =
        String::from("# Configuration of natter. `natter config check` tells whether it is right.\n");
    for (section, about) in sections() {
        if !section.is_empty() {
            // Writing to a String cannot fail; neither does it below.
            let _ = write!(text, "\n\n{}[{section}]\n", comment(about));
        }
        for setting in in_section(section) {
            let meaning = format!("{} It must be {}.", setting.doc, setting.rule.expected());
            let _ = write!(text, "\n{}{} = {}\n", comment(&meaning), setting.name, value(config, &setting));
        }
    }
    text
}

/// `natter.example.toml`: every setting with its default, ready to be uncommented.
pub fn example() -> String {
    let plain = |line: &str| line.is_empty() || line.starts_with(['#', '[']);
    toml(&Config::default())
        .lines()
        .map(|line| if plain(line) { format!("{line}\n") } else { format!("#{line}\n") })
        .collect()
}

/// `docs/operate/configuration.md`.
pub fn markdown() -> String {
    let defaults = Config::default();
    let mut text = String::from(INTRODUCTION);
    for (section, about) in sections() {
        match section {
            "" => text.push_str("\n## On top\n"),
            section => drop(write!(text, "\n## {section}\n\n{about}\n")),
        }
        for setting in in_section(section) {
            let plain = setting.plain_variable().map(|name| format!(" or `{name}`")).unwrap_or_default();
            let _ = write!(
                text,
                "\n### `{}`\n\n{}\n\nIt must be {}. Default: `{}`. Environment: `{}`{plain}.\n",
                setting.key(),
                setting.doc,
                setting.rule.expected(),
                value(&defaults, &setting),
                setting.variable(),
            );
        }
    }
    text
}

fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    [("", "")].into_iter().chain(Config::SECTIONS.iter().copied())
}

fn in_section(section: &str) -> impl Iterator<Item = Setting> {
    Config::settings().into_iter().filter(move |setting| setting.section == section)
}

/// A value as JSON writes it, which for texts, numbers, switches and lists is how TOML writes it.
fn value(config: &Config, setting: &Setting) -> Value {
    let mut tree = serde_json::to_value(config).unwrap_or_default();
    let mut branch = &mut tree;
    if !setting.section.is_empty() {
        branch = &mut branch[setting.section];
    }
    branch[setting.name].take()
}

/// The text as lines of a comment.
fn comment(text: &str) -> String {
    let mut lines = String::from("#");
    let mut chars = 1;
    for word in text.split_whitespace() {
        let word_chars = word.chars().count() + 1;
        if chars + word_chars > COMMENT_CHARS_MAX {
            lines.push_str("\n#");
            chars = 1;
        }
        lines.push(' ');
        lines.push_str(word);
        chars += word_chars;
    }
    lines.push('\n');
    lines
}
