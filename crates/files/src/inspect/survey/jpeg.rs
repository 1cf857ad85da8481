//! JPEG (ITU-T T.81, annex B): segments that say their length, with coded data after some of them.

use super::{Source, Survey, damaged};
use crate::Refused;
use std::io::{BufRead, Seek};

/// Passes of a progressive JPEG; encoders make about ten. A decoder works through the whole picture in each, however
/// few bytes it has, so that a small file could keep it busy for hours.
const SCANS_MAX: u32 = 64;

const START_OF_IMAGE: u8 = 0xd8;
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;

pub(super) fn walk<R: BufRead + Seek>(source: &mut Source<R>, survey: &mut Survey) -> Result<(), Refused> {
    if source.bytes()? != [0xff, START_OF_IMAGE] {
        return Err(damaged("the picture has no beginning"));
    }
    survey.pieces.copy(0..2);
    let mut scans = 0;
    loop {
        let begin = source.at;
        let marker = marker(source)?;
        match marker {
            END_OF_IMAGE if scans == 0 => return Err(damaged("there is no picture in it")),
            // What follows belongs to other programs: a film, a map of depths, or another file altogether.
            END_OF_IMAGE => {
                survey.pieces.copy(begin..source.at);
                return Ok(());
            }
            START_OF_SCAN => {
                scans += 1;
                if scans > SCANS_MAX {
                    return Err(damaged("the picture has more passes than any picture needs"));
                }
                segment(source, survey, begin, marker)?;
                let data = source.at;
                skip_coded(source)?;
                survey.pieces.copy(data..source.at);
            }
            0x01 | 0xd0..=0xd7 => survey.pieces.copy(begin..source.at),
            _ => segment(source, survey, begin, marker)?,
        }
    }
}

/// Reads a marker. Any number of 0xff may come before it.
fn marker(source: &mut Source<impl BufRead + Seek>) -> Result<u8, Refused> {
    if source.byte()? != 0xff {
        return Err(damaged("the picture is damaged between its parts"));
    }
    loop {
        match source.byte()? {
            0xff => {}
            0 => return Err(damaged("the picture is damaged between its parts")),
            marker => return Ok(marker),
        }
    }
}

fn segment(
    source: &mut Source<impl BufRead + Seek>,
    survey: &mut Survey,
    begin: u64,
    marker: u8,
) -> Result<(), Refused> {
    let length = u64::from(u16::from_be_bytes(source.bytes()?))
        .checked_sub(2)
        .ok_or_else(|| damaged("the picture has a part without a length"))?;
    if !matches!(marker, 0xe0..=0xef | 0xfe) {
        survey.progressive |= matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce);
        source.skip(length)?;
        survey.pieces.copy(begin..source.at);
        return Ok(());
    }
    let content = source.metadata(length)?;
    let range = begin..source.at;
    match (marker, content.as_slice()) {
        (0xe0, [b'J', b'F', b'I', b'F', 0, ..])
        | (0xe2, [b'I', b'C', b'C', b'_', b'P', b'R', b'O', b'F', b'I', b'L', b'E', 0, ..])
        | (0xee, [b'A', b'd', b'o', b'b', b'e', ..]) => survey.pieces.copy(range),
        (0xe1, [b'E', b'x', b'i', b'f', 0, 0, tiff @ ..]) => {
            survey.exif(range, &framed(&content), tiff, |tiff| framed(&[b"Exif\0\0", tiff].concat()));
        }
        _ => {}
    }
    Ok(())
}

fn framed(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap_or(u16::MAX);
    [[0xff, 0xe1].as_slice(), &length.to_be_bytes(), content].concat()
}

/// Passes over coded data, in which 0xff is followed by 0 or by the number of a restart.
fn skip_coded(source: &mut Source<impl BufRead + Seek>) -> Result<(), Refused> {
    loop {
        source.skip_to(0xff)?;
        match source.bytes::<2>()?[1] {
            0 | 0xd0..=0xd7 => {}
            0xff => source.back(1)?,
            // The marker is left for whoever comes next.
            _ => return source.back(2),
        }
    }
}
