//! Text, and what is written as text.

use super::content::Found;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

/// Bytes that are read at one time.
const PIECE_BYTES: usize = 256 * 1024;
/// What markup begins with that a browser or a viewer may run programs in, or that is no plain text.
const MARKUP: [(&str, Found); 9] = [
    ("<!doctype html", Found::Html),
    ("<html", Found::Html),
    ("<head", Found::Html),
    ("<body", Found::Html),
    ("<script", Found::Html),
    ("<iframe", Found::Html),
    ("<svg", Found::Svg),
    ("<!doctype svg", Found::Svg),
    ("<?xml", Found::Xml),
];

/// Text of any encoding that has ASCII inside: no byte of it is a control character but those that lay it out and those
/// that colour a log. So neither a program nor UTF-16 is text.
pub(super) fn look(file: &mut File, head: &[u8]) -> io::Result<Found> {
    file.seek(SeekFrom::Start(0))?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let bytes = file.read(&mut piece)?;
        if bytes == 0 {
            return Ok(markup(head));
        }
        if !is_text(piece.get(..bytes).unwrap_or_default()) {
            return Ok(Found::Unknown);
        }
    }
}

/// Whether all of these bytes may be in a text.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    const ESCAPE: u8 = 0x1b;
    bytes.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b'\x0c' | &ESCAPE | b' '..=b'~' | 0x80..))
}

/// What kind of text it is, by its beginning.
pub(super) fn markup(head: &[u8]) -> Found {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if head.starts_with(b"#!") {
        return Found::Script;
    }
    let start = String::from_utf8_lossy(head.trim_ascii_start()).to_ascii_lowercase();
    let found = MARKUP.into_iter().find(|(begin, _)| start.starts_with(begin)).map(|(_, found)| found);
    match found {
        // What an XML document is, it says further on.
        Some(Found::Xml) if start.contains("<svg") => Found::Svg,
        Some(Found::Xml) if start.contains("<html") => Found::Html,
        found => found.unwrap_or(Found::Text),
    }
}
