//! Words that must not be in the tree, or not in a part of it.

use super::Violation;
use crate::rust;
use crate::tree::{File, Tree};

struct Ban {
    words: &'static [&'static str],
    under: &'static [&'static str],
    endings: &'static [&'static str],
    /// Whether it holds for test code too.
    tests: bool,
    /// Files that the rule has to leave out, because they are what it sends everybody to.
    except: &'static [&'static str],
    because: &'static str,
}

impl Ban {
    fn covers(&self, file: &File) -> bool {
        file.is(self.endings) && file.under(self.under) && !self.except.contains(&file.path.as_str())
    }
}

const WEB: &[&str] = &["js", "mjs", "svelte", "ts"];

const BANS: &[Ban] = &[
    Ban {
        words: &["todo!", "unimplemented!", "dbg!"],
        under: &[""],
        endings: &["rs"],
        tests: true,
        except: &[],
        because: "the code is not finished",
    },
    Ban {
        words: &["#[ignore"],
        under: &[""],
        endings: &["rs"],
        tests: true,
        except: &[],
        because: "a test that does not run proves nothing",
    },
    Ban {
        words: &[".only(", "test.skip", "it.skip", "describe.skip", "test.todo", "it.todo"],
        under: &["web/"],
        endings: WEB,
        tests: true,
        except: &[],
        because: "a test that does not run proves nothing",
    },
    Ban {
        words: &["thread::sleep"],
        under: &[""],
        endings: &["rs"],
        tests: true,
        except: &[],
        because: "wait for what must happen, not for time to pass",
    },
    Ban {
        words: &["waitForTimeout"],
        under: &["web/"],
        endings: WEB,
        tests: true,
        except: &[],
        because: "wait for what must happen, not for time to pass",
    },
    Ban {
        words: &["unbounded_channel", "UnboundedSender", "mpsc::channel()"],
        under: &[""],
        endings: &["rs"],
        tests: false,
        except: &[],
        because: "each queue has a bound with a name",
    },
    Ban {
        words: &["std::fs", "std::net", "std::process", "std::env", "tokio::"],
        under: &["crates/protocol/src/"],
        endings: &["rs"],
        tests: false,
        except: &[],
        because: "the protocol does no I/O",
    },
    Ban {
        words: &["TcpListener", "TcpStream", "axum::", "hyper::", "http::"],
        under: &["crates/chat/src/", "crates/protocol/src/", "crates/store/src/"],
        endings: &["rs"],
        tests: false,
        except: &[],
        because: "only server and realtime know HTTP and sockets",
    },
    Ban {
        words: &[
            "SystemTime::now",
            "now_utc",
            "now_v7",
            "new_v4",
            "rand::random",
            "rand::rng(",
            "OsRng",
            "SysRng",
        ],
        under: &["crates/chat/src/", "crates/protocol/src/", "crates/realtime/src/", "crates/store/src/"],
        endings: &["rs"],
        tests: false,
        except: &["crates/chat/src/clock.rs", "crates/chat/src/random.rs"],
        because: "the clock and randomness are passed in",
    },
    Ban {
        words: &["@html", "innerHTML"],
        under: &["web/app/", "web/sdk/", "web/ui/"],
        endings: WEB,
        tests: false,
        except: &[],
        because: "text becomes elements, never markup",
    },
];

/// Where people keep their files.
const HOMES: &[&str] = &[
    // In two parts, or this file would be a violation.
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
];

pub(super) fn absent(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.iter() {
        let code = if file.is(&["rs"]) { rust::code(&file.text) } else { file.text.clone() };
        for ban in BANS.iter().filter(|ban| ban.covers(file)) {
            let part = if ban.tests { code.as_str() } else { production(file, &code) };
            violations.extend(search(file, part, ban.words, |word| format!("{word}: {}", ban.because)));
        }
    }
    violations
}

pub(super) fn machine_paths(tree: &Tree) -> Vec<Violation> {
    let say = |word: &str| format!("{word} exists on one machine only");
    tree.iter().flat_map(|file| search(file, &file.text, HOMES, say)).collect()
}

/// What is before the tests of a file; nothing of a file of tests.
fn production<'a>(file: &File, code: &'a str) -> &'a str {
    if ["/tests.rs", "/tests/", ".test.", "crates/testkit/"].iter().any(|mark| file.path.contains(mark)) {
        return "";
    }
    code.split("#[cfg(test)]").next().unwrap_or_default()
}

fn search(file: &File, part: &str, words: &[&str], say: impl Fn(&str) -> String) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (line, text) in (1..).zip(part.lines()) {
        for word in words.iter().filter(|word| text.contains(**word)) {
            violations.push(Violation::new(&file.path, line, say(word)));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    /// Each word of each ban, planted where it is banned, is found there.
    #[test]
    fn every_word_is_found() {
        for ban in BANS {
            for (word, folder) in
                ban.words.iter().flat_map(|word| ban.under.iter().map(move |folder| (word, folder)))
            {
                let path = format!("{folder}a.{}", ban.endings[0]);
                let text = format!("first line\n{word}\n");
                assert_eq!(found(absent, &[(&path, &text)]), [format!("{path}:2")], "{word} in {path}");
            }
        }
    }

    #[test]
    fn a_word_is_free_in_comments_in_literals_and_elsewhere() {
        let text = "// todo!\nlet a = \"dbg!\";\n";
        assert_eq!(found(absent, &[("crates/chat/src/a.rs", text)]), [""; 0]);
        assert_eq!(found(absent, &[("crates/server/src/a.rs", "Uuid::now_v7()")]), [""; 0]);
        assert_eq!(found(absent, &[("crates/chat/src/clock.rs", "SystemTime::now()")]), [""; 0]);
    }

    #[test]
    fn tests_may_draw_but_not_sleep() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests { Uuid::now_v7(); thread::sleep(x); }\n";
        assert_eq!(found(absent, &[("crates/chat/src/a.rs", text)]), ["crates/chat/src/a.rs:3"]);
        for path in
            ["crates/chat/src/send/tests.rs", "crates/chat/tests/it/main.rs", "crates/testkit/src/a.rs"]
        {
            assert_eq!(found(absent, &[(path, "unbounded_channel()")]), [""; 0]);
        }
    }

    #[test]
    fn machine_paths_are_found_in_any_text() {
        for home in HOMES {
            let text = format!("see\n{home}somebody/notes\n");
            assert_eq!(found(machine_paths, &[("docs/a.md", &text)]), ["docs/a.md:2"]);
        }
    }
}
