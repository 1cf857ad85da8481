//! WebP (RFC 9649, section 2): RIFF chunks, each filled up to an even length.

use super::{Source, Survey, damaged};
use crate::Refused;
use crate::inspect::pieces::Pieces;
use std::io::{BufRead, Seek};

/// Flags of an extended file that say which metadata it has.
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;
const HAS_ANIMATION: u8 = 0x02;
/// "RIFF", the length, and "WEBP".
const HEADER_BYTES: u64 = 12;

pub(super) fn walk<R: BufRead + Seek>(source: &mut Source<R>, survey: &mut Survey) -> Result<(), Refused> {
    let header: [u8; 12] = source.bytes()?;
    let [b'R', b'I', b'F', b'F', a, b, c, d, b'W', b'E', b'B', b'P'] = header else {
        return Err(damaged("the picture has no beginning"));
    };
    let end = 8 + u64::from(u32::from_le_bytes([a, b, c, d]));
    if end > source.length {
        return Err(super::cut_off());
    }
    let mut flags = None;
    let mut frames = 0_u64;
    let mut is_picture = false;
    // A chunk that is not filled up at the very end is forgiven by every decoder.
    while source.at + 8 <= end {
        let begin = source.at;
        let kind: [u8; 4] = source.bytes()?;
        let length = u64::from(u32::from_le_bytes(source.bytes()?));
        let filling = length & 1;
        match &kind {
            b"VP8X" if length >= 10 && flags.is_none() => {
                flags = Some((source.at, source.byte()?));
                source.skip(length + filling - 1)?;
            }
            b"EXIF" => {
                let exif = source.metadata(length)?;
                source.skip(filling.min(source.length - source.at))?;
                // Some programs put the prefix of JPEG before it.
                let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(&exif);
                survey.exif(begin..source.at, &chunk(&exif), tiff, chunk);
                continue;
            }
            _ => {
                source.skip(length)?;
                source.skip(filling.min(source.length - source.at))?;
            }
        }
        frames += u64::from(&kind == b"ANMF");
        is_picture |= matches!(&kind, b"VP8 " | b"VP8L" | b"ANMF");
        if matches!(&kind, b"VP8X" | b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ANMF" | b"ICCP") {
            survey.pieces.copy(begin..source.at);
        }
    }
    if !is_picture {
        return Err(damaged("there is no picture in it"));
    }
    survey.animated = frames > 1 && flags.is_some_and(|(_, flags)| flags & HAS_ANIMATION != 0);
    finish(source, survey, header, flags);
    Ok(())
}

/// Puts the header before what is kept. The flags of an extended file say which metadata is left.
fn finish(
    source: &Source<impl BufRead + Seek>,
    survey: &mut Survey,
    header: [u8; 12],
    flags: Option<(u64, u8)>,
) {
    let is_turned = survey.orientation != image::metadata::Orientation::NoTransforms;
    if let Some((place, flags)) = flags {
        let exif = if is_turned { HAS_EXIF } else { 0 };
        let kept = flags & !(HAS_EXIF | HAS_XMP) | exif;
        if kept != flags {
            survey.pieces.patch(place, kept);
        }
    }
    let length = u32::try_from(survey.pieces.bytes() + HEADER_BYTES - 8).unwrap_or(u32::MAX);
    let is_whole = survey.pieces.is_only(HEADER_BYTES..source.length);
    if is_whole && header[4..8] == length.to_le_bytes() {
        survey.pieces = Pieces::default();
        survey.pieces.copy(0..source.length);
    } else {
        survey.pieces.begin_with([b"RIFF".as_slice(), &length.to_le_bytes(), b"WEBP"].concat());
    }
}

fn chunk(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    let filling = if content.len() % 2 == 1 { [0].as_slice() } else { &[] };
    [b"EXIF".as_slice(), &length.to_le_bytes(), content, filling].concat()
}
