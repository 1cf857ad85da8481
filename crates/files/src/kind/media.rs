//! Containers of sound and film.

use super::content::{Found, HEAD_BYTES};
use crate::Refused;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;

/// Boxes of an MP4 file that are looked at before the one that lists its tracks is found.
const BOXES_MAX: usize = 10_000;
/// Brands of an MP4 file that are looked at. Real ones have up to ten.
const BRANDS_MAX: usize = 16;
/// Bytes of a Matroska file among which its tracks are described.
const TRACKS_WITHIN_BYTES: u64 = 256 * 1024;
/// What browsers record and play in `WebM`.
const FILM_CODECS: [&[u8]; 4] = [b"\x86\x85V_VP8", b"\x86\x85V_VP9", b"\x86\x85V_AV1", b"V_MPEG4/ISO/AVC"];
/// The same of sound.
const SOUND_CODECS: [&[u8]; 2] = [b"\x86\x86A_OPUS", b"\x86\x88A_VORBIS"];
/// Bytes behind an ID3 tag among which the sound begins; some writers leave room for a longer tag.
const SOUND_WITHIN_BYTES: usize = HEAD_BYTES;

/// Ogg: what the first packet begins with.
pub(super) fn ogg(head: &[u8]) -> Found {
    let segments = head.get(26).map_or(0, |&count| usize::from(count));
    let packet = head.get(27 + segments..).unwrap_or_default();
    let is_sound = [b"OpusHead".as_slice(), b"\x01vorbis", b"\x7fFLAC", b"Speex   "];
    if is_sound.iter().any(|magic| packet.starts_with(magic)) { Found::OggSound } else { Found::Unknown }
}

/// `WebM`, or another kind of Matroska, which is not known here.
pub(super) fn matroska(file: &mut File) -> io::Result<Found> {
    let mut start = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(TRACKS_WITHIN_BYTES).read_to_end(&mut start)?;
    // The element DocType with its length, in the head of the file.
    let head = start.get(..start.len().min(64)).unwrap_or_default();
    if memchr::memmem::find(head, b"\x42\x82\x84webm").is_none() {
        return Ok(Found::Unknown);
    }
    // The names stand in the element CodecID, whatever is around it; noise does not hold them by chance.
    let has_codec = |names: &[&[u8]]| names.iter().any(|name| memchr::memmem::find(&start, name).is_some());
    Ok(match (has_codec(&FILM_CODECS), has_codec(&SOUND_CODECS)) {
        (true, _) => Found::WebmFilm,
        (false, true) => Found::WebmSound,
        (false, false) => Found::Unknown,
    })
}

/// The family of MP4: pictures by their brand, sound and film by their tracks.
pub(super) fn mp4(file: &File, head: &[u8], size: u64) -> Result<Found, Refused> {
    match head.get(8..12).unwrap_or_default() {
        b"avif" | b"avis" => Ok(Found::Avif),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" => Ok(Found::Heic),
        // A picture of some kind; further brands say of which.
        b"mif1" | b"msf1" => {
            let brands = head.get(16..).unwrap_or_default().as_chunks::<4>().0;
            let is_avif = brands.iter().take(BRANDS_MAX).any(|brand| brand == b"avif");
            Ok(if is_avif { Found::Avif } else { Found::Heic })
        }
        brand => {
            let mut looks = BOXES_MAX;
            match has_film(file, 0..size, 0, &mut looks)? {
                None => Err(Refused::NotValid("the film or sound is damaged or incomplete".to_owned())),
                Some(false) => Ok(Found::Mp4Sound),
                Some(true) if brand == b"qt  " => Ok(Found::QuickTime),
                Some(true) => Ok(Found::Mp4Film),
            }
        }
    }
}

/// Whether one of the tracks in this part of the file is a film; none if there are no tracks. The way to a track's kind
/// is `moov`, `trak`, `mdia`, `hdlr`.
fn has_film(
    file: &File,
    part: std::ops::Range<u64>,
    depth: usize,
    looks: &mut usize,
) -> io::Result<Option<bool>> {
    const WAY: [&[u8; 4]; 4] = [b"moov", b"trak", b"mdia", b"hdlr"];
    let Some(wanted) = WAY.get(depth) else { return Ok(None) };
    let mut found = None;
    let mut at = part.start;
    while at + 8 <= part.end && *looks > 0 {
        *looks -= 1;
        let mut head = [0; 16];
        let read = file.read_at(&mut head, at)?;
        let short = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let (head_bytes, bytes) = match short {
            0 => (8, part.end - at),
            1 if read == 16 => {
                let long = [head[8], head[9], head[10], head[11], head[12], head[13], head[14], head[15]];
                (16, u64::from_be_bytes(long))
            }
            _ => (8, short.into()),
        };
        let end = at.saturating_add(bytes);
        if bytes < head_bytes || end > part.end {
            break;
        }
        if head[4..8] == **wanted {
            let inside = at + head_bytes..end;
            let is_film = if depth + 1 == WAY.len() {
                let mut handler = [0; 12];
                let read = file.read_at(&mut handler, inside.start)?;
                (read == handler.len()).then(|| handler[8..] == *b"vide")
            } else {
                has_film(file, inside, depth + 1, looks)?
            };
            found = match (found, is_film) {
                (None, is_film) => is_film,
                (Some(found), is_film) => Some(found || is_film == Some(true)),
            };
            // One box lists all the tracks, and behind it may be gigabytes.
            if depth == 0 {
                break;
            }
        }
        at = end;
    }
    Ok(found)
}

/// MP3: two frames, one behind the other, at the beginning or behind a tag. One alone is found in any noise.
pub(super) fn is_mp3(file: &File, head: &[u8]) -> io::Result<bool> {
    let tag_bytes = match head {
        [b'I', b'D', b'3', _, _, _, a, b, c, d, ..] => {
            10 + [a, b, c, d].into_iter().fold(0, |size, &seven| size << 7 | u64::from(seven & 0x7f))
        }
        [0xff, ..] => 0,
        _ => return Ok(false),
    };
    let mut sound = vec![0; 2 * SOUND_WITHIN_BYTES];
    let read = file.read_at(&mut sound, tag_bytes)?;
    sound.truncate(read);
    let within = if tag_bytes == 0 { 1 } else { SOUND_WITHIN_BYTES };
    Ok((0..within.min(sound.len())).any(|at| {
        frame_bytes(&sound, at).is_some_and(|bytes| {
            let next = at + bytes;
            // A file may be one frame long.
            frame_bytes(&sound, next).is_some() || next == sound.len()
        })
    }))
}

/// Whether what begins like this can turn out to be MP3.
pub(super) fn may_be_mp3(head: &[u8]) -> bool {
    matches!(head, [b'I', b'D', b'3', ..] | [0xff, ..])
}

/// Bytes of the frame of MPEG layer III that begins here (ISO 11172-3, 2.4.1.3; 13818-3 for the lower rates).
fn frame_bytes(sound: &[u8], at: usize) -> Option<usize> {
    const KBITS: [usize; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const KBITS_LOW: [usize; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    const HERTZ: [usize; 3] = [44_100, 48_000, 32_000];
    let &[first, second, third, _] = sound.get(at..)?.first_chunk()?;
    let is_layer_three = first == 0xff && second & 0b1110_0110 == 0b1110_0010;
    let version = second >> 3 & 0b11;
    // 3 is MPEG 1, 2 is MPEG 2 with half the rates, 0 is MPEG 2.5 with a quarter; 1 is nothing.
    let (kbits, divisor, samples_of_eight) = match version {
        3 => (KBITS, 1, 144),
        2 => (KBITS_LOW, 2, 72),
        0 => (KBITS_LOW, 4, 72),
        _ => return None,
    };
    if !is_layer_three {
        return None;
    }
    let kbits = kbits.get(usize::from(third >> 4).checked_sub(1)?)?;
    let hertz = HERTZ.get(usize::from(third >> 2 & 0b11))? / divisor;
    Some(samples_of_eight * kbits * 1000 / hertz + usize::from(third >> 1 & 1))
}
