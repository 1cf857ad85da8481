//! What a file tells of its maker beside what it shows: where it was taken, with what, and what programs noted in it.
//!
//! Pictures are put together anew without it; nothing is packed again, so nothing of the picture is lost. In films it is
//! overwritten where it is, because what follows is found by its distance from the beginning. Sound keeps the titles that
//! somebody gave it.

use super::boxes::{Found, boxes, read, whole};
use super::pieces::Pieces;
use crate::Refused;
use std::fs::File;

/// The kind of a box that says nothing.
const FREE: &[u8] = b"free";
/// Boxes that are overwritten. A film that is recorded while it is sent may have one for each second.
const PRIVATE_MAX: usize = 10_000;
/// What a box with an XMP packet is marked with (XMP specification, part 3, section 1.2.7).
const XMP: [u8; 16] = *b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";

/// A film without what is private, if there is anything private in it.
pub(super) fn film(file: &File) -> Result<Option<Pieces>, Refused> {
    let whole = whole(file)?;
    let mut private = Vec::new();
    for found in boxes(file, whole.clone()) {
        let found = found?;
        if &found.kind == b"moov" {
            collect(file, &found, &mut private)?;
        } else {
            note(file, found, &mut private)?;
        }
    }
    if private.is_empty() {
        return Ok(None);
    }
    let mut pieces = Pieces::default();
    let mut at = whole.start;
    for Found { kind_at, content, .. } in private {
        pieces.copy(at..kind_at);
        pieces.write(FREE.to_vec());
        pieces.copy(kind_at + 4..content.start);
        pieces.blank(content.end - content.start);
        at = content.end;
    }
    pieces.copy(at..whole.end);
    Ok(Some(pieces))
}

/// Finds what is private in a film and in each of its tracks.
fn collect(file: &File, parent: &Found, private: &mut Vec<Found>) -> Result<(), Refused> {
    for found in boxes(file, parent.content.clone()) {
        let found = found?;
        if &found.kind == b"trak" && &parent.kind == b"moov" {
            collect(file, &found, private)?;
        } else {
            note(file, found, private)?;
        }
    }
    Ok(())
}

/// Notes a box if it is private.
fn note(file: &File, found: Found, private: &mut Vec<Found>) -> Result<(), Refused> {
    if is_private(file, &found) {
        if private.len() == PRIVATE_MAX {
            return Err(Refused::NotValid("the film has more remarks than any film needs".to_owned()));
        }
        private.push(found);
    }
    Ok(())
}

/// User data and metadata: the place, the camera, titles and remarks. No player needs them to play the film.
fn is_private(file: &File, found: &Found) -> bool {
    match &found.kind {
        b"udta" | b"meta" => true,
        b"uuid" => read(file, found, 0) == Some(XMP),
        _ => false,
    }
}
