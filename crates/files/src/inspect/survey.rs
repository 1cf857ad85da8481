//! What a picture's file is made of, found by walking over its parts without unpacking any.
//!
//! A walk knows how a format divides its file and which of its parts are needed to show the picture. Whatever is not
//! known to be needed is private: where it was taken, with what, by whom, and what other programs left there. Walking
//! to the end also shows that nothing is missing.

mod gif;
mod jpeg;
mod png;
mod webp;

use super::pieces::Pieces;
use crate::Refused;
use image::ImageFormat;
use image::metadata::Orientation;
use std::io::{BufRead, Seek, SeekFrom};
use std::ops::Range;

/// Bytes of metadata that are read to find an orientation, which cameras write near its beginning.
const METADATA_BYTES_MAX: u64 = 64 * 1024;

/// What a walk finds.
#[derive(Debug)]
pub(super) struct Survey {
    /// The picture without what is private.
    pieces: Pieces,
    /// Bytes of the file.
    length: u64,
    /// How it has to be turned to stand upright.
    pub(super) orientation: Orientation,
    /// Whether it has more than one frame.
    pub(super) animated: bool,
    /// Whether it is a JPEG in several passes, all of which a decoder has in memory at once.
    pub(super) progressive: bool,
}

/// Walks over a picture.
pub(super) fn survey<R: BufRead + Seek>(mut from: R, format: ImageFormat) -> Result<Survey, Refused> {
    let walk = match format {
        ImageFormat::Jpeg => jpeg::walk::<R>,
        ImageFormat::Png => png::walk::<R>,
        ImageFormat::Gif => gif::walk::<R>,
        ImageFormat::WebP => webp::walk::<R>,
        _ => return Err(damaged("pictures of this format are not known here")),
    };
    let length = from.seek(SeekFrom::End(0))?;
    from.rewind()?;
    let mut survey = Survey {
        pieces: Pieces::default(),
        length,
        orientation: Orientation::NoTransforms,
        animated: false,
        progressive: false,
    };
    walk(&mut Source { from, at: 0, length }, &mut survey)?;
    if survey.pieces.is_too_long() {
        return Err(damaged("the picture has more parts than any picture needs"));
    }
    Ok(survey)
}

pub(super) fn damaged(what: &str) -> Refused {
    Refused::NotValid(what.to_owned())
}

impl Survey {
    /// The picture without what is private, if there is anything private in it.
    pub(super) fn without_private(self) -> Option<Pieces> {
        (!self.pieces.is_only(0..self.length)).then_some(self.pieces)
    }

    /// Takes the orientation out of EXIF metadata at `range`. In its place comes `framed`, which is given metadata that
    /// says nothing else; there is none for a picture that stands upright.
    fn exif(&mut self, range: Range<u64>, part: &[u8], tiff: &[u8], framed: fn(&[u8]) -> Vec<u8>) {
        if self.orientation != Orientation::NoTransforms {
            return;
        }
        self.orientation = Orientation::from_exif_chunk(tiff).unwrap_or(Orientation::NoTransforms);
        if self.orientation != Orientation::NoTransforms {
            let said = framed(&exif_saying(self.orientation));
            if said == part {
                self.pieces.copy(range);
            } else {
                self.pieces.write(said);
            }
        }
    }
}

/// EXIF metadata that says how a picture is turned, and nothing else (EXIF 2.32, section 4.6: one directory of one tag).
fn exif_saying(orientation: Orientation) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    tiff.extend_from_slice(&[0, orientation.to_exif(), 0, 0, 0, 0, 0, 0]);
    tiff
}

/// A file that is read from its beginning to its end.
struct Source<R> {
    from: R,
    at: u64,
    length: u64,
}

impl<R: BufRead + Seek> Source<R> {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Refused> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, Refused> {
        Ok(self.bytes::<1>()?[0])
    }

    /// Reads the beginning of the next `length` bytes, as far as it may say how the picture is turned, and passes over
    /// the rest.
    fn metadata(&mut self, length: u64) -> Result<Vec<u8>, Refused> {
        let read = length.min(METADATA_BYTES_MAX);
        self.check(length)?;
        let mut bytes = vec![0; usize::try_from(read).unwrap_or_default()];
        self.fill(&mut bytes)?;
        self.skip(length - read)?;
        Ok(bytes)
    }

    fn skip(&mut self, length: u64) -> Result<(), Refused> {
        self.check(length)?;
        let step = i64::try_from(length).map_err(|_| cut_off())?;
        self.from.seek_relative(step)?;
        self.at += length;
        Ok(())
    }

    /// Goes back over bytes that were read just now.
    fn back(&mut self, length: u8) -> Result<(), Refused> {
        self.from.seek_relative(-i64::from(length))?;
        self.at -= u64::from(length);
        Ok(())
    }

    /// Passes over everything before the next `byte`.
    fn skip_to(&mut self, byte: u8) -> Result<(), Refused> {
        loop {
            let seen = self.from.fill_buf()?;
            if seen.is_empty() {
                return Err(cut_off());
            }
            let found = memchr::memchr(byte, seen);
            let passed = found.unwrap_or(seen.len());
            self.from.consume(passed);
            self.at += passed as u64;
            if found.is_some() {
                return Ok(());
            }
        }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Refused> {
        self.check(bytes.len() as u64)?;
        self.from.read_exact(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn check(&self, length: u64) -> Result<(), Refused> {
        if length > self.length - self.at { Err(cut_off()) } else { Ok(()) }
    }
}

fn cut_off() -> Refused {
    damaged("the picture is cut off")
}
