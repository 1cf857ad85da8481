//! MP4 and `QuickTime` (ISO/IEC 14496-12, section 4.2): boxes within boxes, each with its length and kind before it.

use crate::Refused;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// Boxes side by side. A film that is recorded while it is sent has two for each second or so.
const BOXES_MAX: usize = 100_000;

/// One box.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Four characters.
    pub(super) kind: [u8; 4],
    /// Where they are.
    pub(super) kind_at: u64,
    /// Where its content is.
    pub(super) content: Range<u64>,
}

/// The boxes within a stretch of a file, one after the other. After an error there are no more.
pub(super) struct Boxes<'f> {
    file: &'f File,
    rest: Range<u64>,
    left: usize,
}

/// The boxes side by side within `range`.
pub(super) const fn boxes(file: &File, range: Range<u64>) -> Boxes<'_> {
    Boxes { file, rest: range, left: BOXES_MAX }
}

/// The first of one kind, as far as they can be read.
pub(super) fn child(file: &File, range: Range<u64>, kind: [u8; 4]) -> Option<Found> {
    boxes(file, range).filter_map(Result::ok).find(|found| found.kind == kind)
}

/// All of a file's bytes.
pub(super) fn whole(file: &File) -> io::Result<Range<u64>> {
    Ok(0..file.metadata()?.len())
}

/// Reads `N` bytes of the content of a box, `from` its beginning, if it has as many.
pub(super) fn read<const N: usize>(file: &File, found: &Found, from: u64) -> Option<[u8; N]> {
    let at = found.content.start + from;
    let mut bytes = [0; N];
    let fits = at + N as u64 <= found.content.end;
    (fits && file.read_exact_at(&mut bytes, at).is_ok()).then_some(bytes)
}

impl Iterator for Boxes<'_> {
    type Item = Result<Found, Refused>;

    fn next(&mut self) -> Option<Self::Item> {
        // Four bytes of zero end the boxes of a QuickTime film's user data.
        if self.rest.end - self.rest.start < 8 {
            return None;
        }
        let found = self.read();
        self.rest.start = match &found {
            Ok(found) => found.content.end,
            Err(_) => self.rest.end,
        };
        Some(found)
    }
}

impl Boxes<'_> {
    fn read(&mut self) -> Result<Found, Refused> {
        let damaged = || Refused::NotValid("the file is cut off or damaged".to_owned());
        self.left = self.left.checked_sub(1).ok_or_else(damaged)?;
        let start = self.rest.start;
        let mut head = [0; 8];
        self.file.read_exact_at(&mut head, start)?;
        let [a, b, c, d, kind @ ..] = head;
        let (header, length) = match u32::from_be_bytes([a, b, c, d]) {
            // To the end of what it is in.
            0 => (8, self.rest.end - start),
            1 => {
                let mut length = [0; 8];
                self.file.read_exact_at(&mut length, start + 8).map_err(|_| damaged())?;
                (16, u64::from_be_bytes(length))
            }
            length => (8, u64::from(length)),
        };
        if length < header || length > self.rest.end - start {
            return Err(damaged());
        }
        Ok(Found { kind, kind_at: start + 4, content: start + header..start + length })
    }
}
