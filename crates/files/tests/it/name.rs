//! What a file is called.

use natter_files::name::{extension, safe};
use natter_protocol::limits::FILE_NAME_CHARS_MAX;
use proptest::prelude::*;
use unicode_normalization::is_nfc;

#[test]
fn a_usual_name_stays_as_it_is() {
    for name in
        ["harbour.jpg", "Ärger im Büro (2).pdf", "写真.png", "گزارش\u{200c}ها.pdf", "👩\u{200d}🚀.webp", "a"]
    {
        assert_eq!(safe(name), name);
    }
}

#[test]
fn a_name_is_made_safe_and_stays_readable() {
    let table = [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\boats.png", "boats.png"),
        ("/", "file"),
        ("..", "file"),
        ("", "file"),
        (" \t\n ", "file"),
        (".bashrc", "bashrc"),
        ("report.pdf. . .", "report.pdf"),
        ("what?*.txt", "what__.txt"),
        ("a:stream.txt", "a_stream.txt"),
        ("line\nbreak.txt", "line break.txt"),
        ("nul\0byte.txt", "nulbyte.txt"),
        // Shown, it would end in "exe.jpg" but be a program.
        ("photo\u{202e}gpj.exe", "photogpj.exe"),
        ("zero\u{200b}width.txt", "zerowidth.txt"),
        ("con", "_con"),
        ("NUL.tar.gz", "_NUL.tar.gz"),
        ("com1.txt", "_com1.txt"),
        ("com10.txt", "com10.txt"),
        ("lpt².txt", "_lpt².txt"),
        ("two   spaces.txt", "two spaces.txt"),
        ("e\u{301}te\u{301}.txt", "\u{e9}t\u{e9}.txt"),
    ];
    for (raw, expected) in table {
        assert_eq!(safe(raw), expected, "{raw:?}");
    }
}

#[test]
fn a_long_name_is_cut_and_keeps_its_extension() {
    let name = safe(&format!("{}.tar.jpeg", "ü".repeat(300)));
    assert_eq!(name.chars().count(), FILE_NAME_CHARS_MAX);
    assert!(name.ends_with("ü.jpeg"), "{name}");
    let name = safe(&format!("con.{}", "x".repeat(300)));
    assert_eq!(name.chars().count(), FILE_NAME_CHARS_MAX);
    assert!(name.starts_with("_con"), "{name}");
}

#[test]
fn the_extension_is_what_stands_behind_the_last_dot() {
    assert_eq!(extension("harbour.JPG").as_deref(), Some("jpg"));
    assert_eq!(extension("invoice.pdf.exe").as_deref(), Some("exe"));
    assert_eq!(extension("README"), None);
    assert_eq!(extension("ends."), None);
}

proptest! {
    #[test]
    fn whatever_comes_in_the_name_is_safe(raw in hostile()) {
        let name = safe(&raw);
        let chars = name.chars().count();
        prop_assert!((1..=FILE_NAME_CHARS_MAX).contains(&chars), "{name:?}");
        prop_assert!(!name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|']), "{name:?}");
        prop_assert!(!name.chars().any(char::is_control), "{name:?}");
        prop_assert!(!name.chars().any(turns_text_around), "{name:?}");
        prop_assert!(!name.starts_with([' ', '.']) && !name.ends_with([' ', '.']), "{name:?}");
        prop_assert!(is_nfc(&name), "{name:?}");
        // Whoever saves it and sends it on gets the same name again.
        prop_assert_eq!(safe(&name), name);
    }
}

/// Text made of what is dangerous in a name, and of anything else.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[a-z]{1,80}",
        prop::sample::select(vec![
            "/",
            "\\",
            "..",
            ".",
            " ",
            ":",
            "con",
            "aux",
            "com1",
            "\0",
            "\u{202e}",
            "\u{2066}",
            "\u{200f}",
            "\u{301}",
            "\u{200d}",
            "\u{feff}",
            "\r\n",
            "\u{2028}",
            "<",
            "\u{338}",
            ".jpg",
            "ﬁ",
            "\u{e0001}",
            "\u{1f468}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn turns_text_around(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
