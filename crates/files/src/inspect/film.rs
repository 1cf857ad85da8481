//! Films: how large they are shown, and how long they last.

use super::boxes::{Found, boxes, child, read, whole};
use super::sound::{self, Opened};
use crate::Refused;
use natter_protocol::FileLook;
use std::fs::File;
use std::path::Path;

/// Looks at a film. What it does not say stays unknown; whether it plays is found out by playing it.
pub(super) fn look(path: &Path, media_type: &str) -> Result<FileLook, Refused> {
    let mut look = FileLook::default();
    if matches!(media_type, "video/mp4" | "video/quicktime") {
        let file = File::open(path)?;
        if let Some(film) = film(&file)? {
            look = film;
        }
    }
    if look.width.is_some() && look.duration_ms.is_some() {
        return Ok(look);
    }
    if let Some(mut opened) = Opened::open(path)? {
        if look.width.is_none() {
            (look.width, look.height) = opened.dimensions().unzip();
        }
        look.duration_ms = look.duration_ms.or_else(|| sound::duration_ms(&mut opened));
    }
    Ok(look)
}

/// What an MP4 or `QuickTime` film says in its `moov` box.
fn film(file: &File) -> Result<Option<FileLook>, Refused> {
    let Some(moov) = child(file, whole(file)?, *b"moov") else { return Ok(None) };
    let duration_ms = child(file, moov.content.clone(), *b"mvhd").and_then(|mvhd| duration_ms(file, &mvhd));
    let mut look = FileLook { duration_ms, ..FileLook::default() };
    for track in boxes(file, moov.content).filter_map(Result::ok).filter(|found| found.kind == *b"trak") {
        if let Some((width, height)) = dimensions(file, &track) {
            (look.width, look.height) = (Some(width), Some(height));
            break;
        }
    }
    Ok(Some(look))
}

/// The length of the whole film (ISO/IEC 14496-12, section 8.2.2). One that was recorded while it was sent says 0.
fn duration_ms(file: &File, mvhd: &Found) -> Option<u64> {
    let (scale, duration) = match read::<1>(file, mvhd, 0)? {
        [1] => (read(file, mvhd, 20)?, u64::from_be_bytes(read(file, mvhd, 24)?)),
        _ => (read(file, mvhd, 12)?, u64::from(u32::from_be_bytes(read(file, mvhd, 16)?))),
    };
    let (scale, is_known) =
        (u64::from(u32::from_be_bytes(scale)), !matches!(duration, 0 | 0xffff_ffff | u64::MAX));
    is_known.then(|| duration.checked_mul(1000)?.checked_div(scale)).flatten()
}

/// How large a track is shown (ISO/IEC 14496-12, section 8.3.2), if it is one of pictures. Telephones hold the camera
/// as they are held, and say in the matrix how the film is to be turned.
fn dimensions(file: &File, track: &Found) -> Option<(u32, u32)> {
    let tkhd = child(file, track.content.clone(), *b"tkhd")?;
    let after_times = match read::<1>(file, &tkhd, 0)? {
        [1] => 36_u64,
        _ => 24,
    };
    let number = |at: u64| Some(u32::from_be_bytes(read(file, &tkhd, after_times + at)?));
    let (a, d) = (number(16)?, number(32)?);
    // Sixteen bits before the point, and sixteen behind it.
    let (width, height) = (number(52)? >> 16, number(56)? >> 16);
    let shown = if a == 0 && d == 0 { (height, width) } else { (width, height) };
    (width > 0 && height > 0).then_some(shown)
}
