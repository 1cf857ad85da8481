//! GIF (version 89a): blocks, most of which go on in pieces of at most 255 bytes until one is empty.

use super::{Source, Survey, damaged};
use crate::Refused;
use std::io::{BufRead, Seek};

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2c;
const TRAILER: u8 = 0x3b;
const GRAPHIC_CONTROL: u8 = 0xf9;
const APPLICATION: u8 = 0xff;

pub(super) fn walk<R: BufRead + Seek>(source: &mut Source<R>, survey: &mut Survey) -> Result<(), Refused> {
    let header: [u8; 13] = source.bytes()?;
    if !matches!(&header[..6], b"GIF87a" | b"GIF89a") {
        return Err(damaged("the picture has no beginning"));
    }
    source.skip(colour_table_bytes(header[10]))?;
    survey.pieces.copy(0..source.at);
    let mut images = 0_u64;
    loop {
        let begin = source.at;
        let is_needed = match source.byte()? {
            IMAGE => {
                let descriptor: [u8; 9] = source.bytes()?;
                // The smallest code's size comes after the colours and before the pieces.
                source.skip(colour_table_bytes(descriptor[8]) + 1)?;
                skip_pieces(source)?;
                images += 1;
                survey.animated = images > 1;
                true
            }
            EXTENSION => extension(source)?,
            TRAILER if images > 0 => {
                survey.pieces.copy(begin..source.at);
                return Ok(());
            }
            _ => return Err(damaged("the picture is damaged between its parts")),
        };
        if is_needed {
            survey.pieces.copy(begin..source.at);
        }
    }
}

/// Passes over an extension and says whether it is needed: how frames follow each other, how often they are repeated,
/// and the profile of the colours.
fn extension(source: &mut Source<impl BufRead + Seek>) -> Result<bool, Refused> {
    let label = source.byte()?;
    if label != APPLICATION {
        skip_pieces(source)?;
        return Ok(label == GRAPHIC_CONTROL);
    }
    let name = {
        let length = source.byte()?;
        source.metadata(u64::from(length))?
    };
    skip_pieces(source)?;
    Ok(matches!(name.as_slice(), b"NETSCAPE2.0" | b"ANIMEXTS1.0" | b"ICCRGBG1012"))
}

fn skip_pieces(source: &mut Source<impl BufRead + Seek>) -> Result<(), Refused> {
    loop {
        match source.byte()? {
            0 => return Ok(()),
            length => source.skip(u64::from(length))?,
        }
    }
}

fn colour_table_bytes(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}
