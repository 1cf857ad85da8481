//! A file put together from parts of another.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

/// Pieces of one file. A film of a thousand frames with a remark at each has as many.
const PIECES_MAX: usize = 65_536;

/// What a file consists of after something is taken out of it, in order.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pieces: Vec<Piece>,
    is_too_long: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// As it was.
    Copy(Range<u64>),
    /// Something else.
    Write(Vec<u8>),
    /// As many zeros.
    Blank(u64),
}

impl Pieces {
    /// Goes on with what was there.
    pub(super) fn copy(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Copy(last)) if last.end == range.start => last.end = range.end,
            _ => self.push(Piece::Copy(range)),
        }
    }

    /// Goes on with something else.
    pub(super) fn write(&mut self, bytes: Vec<u8>) {
        self.push(Piece::Write(bytes));
    }

    /// Goes on with zeros.
    pub(super) fn blank(&mut self, bytes: u64) {
        self.push(Piece::Blank(bytes));
    }

    /// Puts something before everything.
    pub(super) fn begin_with(&mut self, bytes: Vec<u8>) {
        self.pieces.insert(0, Piece::Write(bytes));
    }

    /// Puts another byte in place of one that was copied from `place`.
    pub(super) fn patch(&mut self, place: u64, byte: u8) {
        let is_there = |piece: &Piece| matches!(piece, Piece::Copy(range) if range.contains(&place));
        let Some(index) = self.pieces.iter().position(is_there) else { return };
        let rest = self.pieces.split_off(index);
        for piece in rest {
            match piece {
                Piece::Copy(range) if range.contains(&place) => {
                    self.copy(range.start..place);
                    self.write(vec![byte]);
                    self.copy(place + 1..range.end);
                }
                piece => self.push(piece),
            }
        }
    }

    /// Whether it is nothing but this part of what was there.
    pub(super) fn is_only(&self, range: Range<u64>) -> bool {
        self.pieces == [Piece::Copy(range)]
    }

    /// Whether there are more than any file needs. Those beyond are not there.
    pub(super) const fn is_too_long(&self) -> bool {
        self.is_too_long
    }

    /// Bytes in all.
    pub(super) fn bytes(&self) -> u64 {
        let bytes = self.pieces.iter().map(|piece| match piece {
            Piece::Copy(range) => range.end - range.start,
            Piece::Write(bytes) => bytes.len() as u64,
            Piece::Blank(bytes) => *bytes,
        });
        bytes.sum()
    }

    /// Puts them together.
    pub(super) fn join(&self, mut from: impl Read + Seek, to: &mut impl Write) -> io::Result<()> {
        for piece in &self.pieces {
            match piece {
                Piece::Write(bytes) => to.write_all(bytes)?,
                Piece::Blank(bytes) => {
                    io::copy(&mut io::repeat(0).take(*bytes), to)?;
                }
                Piece::Copy(range) => {
                    from.seek(SeekFrom::Start(range.start))?;
                    let length = range.end - range.start;
                    if io::copy(&mut from.by_ref().take(length), to)? != length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
            }
        }
        Ok(())
    }

    fn push(&mut self, piece: Piece) {
        if self.pieces.len() < PIECES_MAX {
            self.pieces.push(piece);
        } else {
            self.is_too_long = true;
        }
    }
}
