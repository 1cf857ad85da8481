//! PNG (third edition, section 5): chunks with their length before and a checksum behind them.

use super::{Source, Survey, damaged};
use crate::Refused;
use std::io::{BufRead, Seek};

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

pub(super) fn walk<R: BufRead + Seek>(source: &mut Source<R>, survey: &mut Survey) -> Result<(), Refused> {
    if source.bytes()? != SIGNATURE {
        return Err(damaged("the picture has no beginning"));
    }
    survey.pieces.copy(0..source.at);
    loop {
        let begin = source.at;
        let length = u64::from(u32::from_be_bytes(source.bytes()?));
        let kind: [u8; 4] = source.bytes()?;
        match &kind {
            b"eXIf" => {
                let tiff = source.metadata(length)?;
                let checksum: [u8; 4] = source.bytes()?;
                let part =
                    [(tiff.len() as u64).to_be_bytes()[4..].as_ref(), &kind, &tiff, &checksum].concat();
                survey.exif(begin..source.at, &part, &tiff, |tiff| chunk(*b"eXIf", tiff));
                continue;
            }
            b"acTL" if length >= 4 => {
                survey.animated = u32::from_be_bytes(source.bytes()?) > 1;
                source.skip(length - 4 + 4)?;
            }
            _ => source.skip(length + 4)?,
        }
        if is_needed(kind) {
            survey.pieces.copy(begin..source.at);
        } else if kind[0].is_ascii_uppercase() {
            // A capital says that the picture cannot be shown without it, and nothing is known that shows it.
            return Err(damaged("the picture has a part that no picture has"));
        }
        if &kind == b"IEND" {
            return Ok(());
        }
    }
}

/// Whether the picture would look different without it.
fn is_needed(kind: [u8; 4]) -> bool {
    matches!(
        &kind,
        b"IHDR"
            | b"PLTE"
            | b"IDAT"
            | b"IEND"
            | b"tRNS"
            | b"cHRM"
            | b"gAMA"
            | b"iCCP"
            | b"sBIT"
            | b"sRGB"
            | b"cICP"
            | b"mDCV"
            | b"cLLI"
            | b"bKGD"
            | b"pHYs"
            | b"acTL"
            | b"fcTL"
            | b"fdAT"
    )
}

fn chunk(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&kind);
    checksum.update(content);
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    [length.to_be_bytes().as_slice(), &kind, content, &checksum.finalize().to_be_bytes()].concat()
}
