//! Whether a picture hides something else.

use super::content::Found;
use super::zip;
use crate::Refused;
use memchr::memmem::Finder;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};

/// Bytes that are read at one time.
const PIECE_BYTES: usize = 256 * 1024;
/// Chunks or blocks of a picture. One of 50 megapixels has some ten thousand.
const CHUNKS_MAX: usize = 1_000_000;

/// What a browser or a server would run, if it took the picture for a page. In lower case, and none so short that the
/// noise of a large picture holds it by chance.
const MARKUP: [&[u8]; 8] =
    [b"<script", b"<!doctype", b"<iframe", b"<html>", b"<html ", b"<?php ", b"<?php\n", b"<?php\r"];
/// What other files begin with. Behind the end of a picture, where cameras write all kinds of things, none of these is.
const FILES: [&[u8]; 9] = [
    b"%pdf-1.",
    b"%pdf-2.",
    b"rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"run in dos mode",
    b"\x7felf\x01\x01\x01",
    b"\x7felf\x02\x01\x01",
    b"\x7felf\x01\x02\x01",
    b"\x7felf\x02\x02\x01",
];

/// What else is in a picture.
pub(super) fn hides(file: &mut File, found: Found, size: u64) -> Result<Option<&'static str>, Refused> {
    file.seek(SeekFrom::Start(0))?;
    let picture = BufReader::with_capacity(PIECE_BYTES, &*file);
    let end = match found {
        Found::Png => png(picture),
        Found::Jpeg => jpeg(picture),
        Found::Gif => gif(picture),
        _ => webp(picture),
    };
    let end = match end {
        Ok(end) => end.min(size),
        Err(error) => match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => {
                return Err(Refused::NotValid("the picture is damaged".to_owned()));
            }
            _ => return Err(error.into()),
        },
    };
    if holds(file, 0, &MARKUP)? {
        return Ok(Some("a picture with markup inside"));
    }
    if zip::is_behind(file, size)? || holds(file, end, &FILES)? {
        return Ok(Some("a picture with another file behind it"));
    }
    Ok(None)
}

/// Whether one of these is in the file from here on, in upper or lower case.
fn holds(file: &mut File, from: u64, needles: &[&[u8]]) -> io::Result<bool> {
    let finders: Vec<Finder<'_>> = needles.iter().map(Finder::new).collect();
    let overlap = needles.iter().map(|needle| needle.len()).max().unwrap_or_default();
    file.seek(SeekFrom::Start(from))?;
    let mut piece = vec![0; PIECE_BYTES + overlap];
    let mut kept = 0;
    loop {
        let read = file.read(piece.get_mut(kept..).unwrap_or_default())?;
        if read == 0 {
            return Ok(false);
        }
        let filled = kept + read;
        let seen = piece.get_mut(..filled).unwrap_or_default();
        seen.make_ascii_lowercase();
        if finders.iter().any(|finder| finder.find(seen).is_some()) {
            return Ok(true);
        }
        // What begins in this piece may end in the next.
        kept = filled.min(overlap);
        piece.copy_within(filled - kept..filled, 0);
    }
}

type Picture<'a> = BufReader<&'a File>;

/// Where a PNG ends: behind the chunk `IEND`.
fn png(mut picture: Picture<'_>) -> io::Result<u64> {
    let mut at = 8;
    picture.seek_relative(8)?;
    for _ in 0..CHUNKS_MAX {
        let [a, b, c, d, kind @ ..] = read::<8>(&mut picture)?;
        let length = u32::from_be_bytes([a, b, c, d]);
        // Behind the content is a sum of four bytes.
        skip(&mut picture, u64::from(length) + 4)?;
        at += 12 + u64::from(length);
        if kind == *b"IEND" {
            return Ok(at);
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// Where a GIF ends: behind its trailer.
fn gif(mut picture: Picture<'_>) -> io::Result<u64> {
    let [.., packed, _, _] = read::<13>(&mut picture)?;
    let mut at = 13 + skip_colours(&mut picture, packed)?;
    for _ in 0..CHUNKS_MAX {
        at += match read::<1>(&mut picture)? {
            [b','] => {
                let [.., packed] = read::<9>(&mut picture)?;
                let colours = skip_colours(&mut picture, packed)?;
                skip(&mut picture, 1)?;
                11 + colours + skip_blocks(&mut picture)?
            }
            [b'!'] => {
                skip(&mut picture, 1)?;
                2 + skip_blocks(&mut picture)?
            }
            [b';'] => return Ok(at + 1),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn skip_colours(picture: &mut Picture<'_>, packed: u8) -> io::Result<u64> {
    let bytes = if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 7) + 1) };
    skip(picture, bytes)?;
    Ok(bytes)
}

/// Blocks with their length in front, up to an empty one.
fn skip_blocks(picture: &mut Picture<'_>) -> io::Result<u64> {
    let mut bytes = 0;
    for _ in 0..CHUNKS_MAX {
        let [length] = read::<1>(picture)?;
        bytes += 1 + u64::from(length);
        if length == 0 {
            return Ok(bytes);
        }
        skip(picture, length.into())?;
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// Where a JPEG ends: behind the marker `EOI`, or with the file if a hasty camera left that out.
fn jpeg(mut picture: Picture<'_>) -> io::Result<u64> {
    let mut at = 2;
    skip(&mut picture, 2)?;
    for _ in 0..CHUNKS_MAX {
        let Some(before) = skip_to_marker(&mut picture)? else { return Ok(u64::MAX) };
        let [marker] = read::<1>(&mut picture)?;
        at += before + 1;
        match marker {
            // A byte of the picture that looks like a marker, and marks without content.
            0x00 | 0x01 | 0xd0..=0xd7 => {}
            // Markers may be filled up in front.
            0xff => {
                picture.seek_relative(-1)?;
                at -= 1;
            }
            0xd9 => return Ok(at),
            _ => {
                let length = u16::from_be_bytes(read(&mut picture)?);
                skip(&mut picture, u64::from(length).saturating_sub(2))?;
                at += u64::from(length.max(2));
            }
        }
    }
    // Of a large picture, every hundredth byte looks like a marker.
    Ok(u64::MAX)
}

/// Reads up to and with the next `0xff`; answers how many bytes that were.
fn skip_to_marker(picture: &mut Picture<'_>) -> io::Result<Option<u64>> {
    let mut skipped = 0;
    loop {
        let buffered = picture.fill_buf()?;
        if buffered.is_empty() {
            return Ok(None);
        }
        let (bytes, is_found) = match memchr::memchr(0xff, buffered) {
            Some(at) => (at + 1, true),
            None => (buffered.len(), false),
        };
        picture.consume(bytes);
        skipped += bytes as u64;
        if is_found {
            return Ok(Some(skipped));
        }
    }
}

/// Where a WebP ends: its head says so.
fn webp(mut picture: Picture<'_>) -> io::Result<u64> {
    let [_, _, _, _, a, b, c, d] = read(&mut picture)?;
    let bytes = u64::from(u32::from_le_bytes([a, b, c, d])) + 8;
    skip(&mut picture, bytes - 8)?;
    Ok(bytes)
}

fn read<const N: usize>(picture: &mut Picture<'_>) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    picture.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Goes on by so many bytes, and fails if they are not there.
fn skip(picture: &mut Picture<'_>, bytes: u64) -> io::Result<()> {
    let Some(before_last) = bytes.checked_sub(1) else { return Ok(()) };
    picture.seek_relative(i64::try_from(before_last).map_err(|_| io::ErrorKind::InvalidData)?)?;
    read::<1>(picture).map(drop)
}
