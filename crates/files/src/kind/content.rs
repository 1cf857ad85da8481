//! What the content of a file is, whatever its name says.

use super::{media, ole, picture, text, zip};
use crate::Refused;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

/// Bytes of the beginning that are looked at.
pub(super) const HEAD_BYTES: usize = super::BEGINNING_BYTES;
/// Where some readers look for the beginning of a PDF, though it should be at the very front.
const PDF_WITHIN_BYTES: usize = 1024;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Pdf,
    Word97,
    Excel97,
    PowerPoint97,
    Docx,
    Xlsx,
    Pptx,
    Odt,
    Ods,
    Odp,
    Text,
    Png,
    Jpeg,
    Gif,
    Webp,
    Avif,
    Heic,
    Mp3,
    Mp4Sound,
    Mp4Film,
    QuickTime,
    OggSound,
    Wav,
    Flac,
    WebmSound,
    WebmFilm,
    Zip,
    /// An office document with a program inside.
    Macros,
    /// Another file in the container of the older office documents.
    Ole,
    Svg,
    Html,
    Xml,
    Rtf,
    Program,
    Script,
    /// Two things at once.
    Polyglot(&'static str),
    Unknown,
}

/// Says what a file is.
pub(super) fn look(file: &mut File) -> Result<Found, Refused> {
    let size = file.metadata()?.len();
    if size == 0 {
        return Err(Refused::NotValid("the file is empty".to_owned()));
    }
    let head = head(file)?;
    let found = by_head(file, &head, size)?;
    if let Some(other) = also(file, &head, size, found)? {
        return Ok(Found::Polyglot(other));
    }
    Ok(found)
}

fn head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    file.seek(SeekFrom::Start(0))?;
    file.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

#[rustfmt::skip]
const PROGRAMS: &[&[u8]] = &[
    b"\x7fELF",
    b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", // Mach-O
    b"\xca\xfe\xba\xbe", // Mach-O for several processors, and classes of Java
    b"dex\n", b"\0asm", b"!<arch>\n",
    b"L\0\0\0\x01\x14\x02\0", // a shortcut of Windows, which runs what it points to
    b"MSCF", // a cabinet, which Windows installs
];

/// What the first bytes say.
enum Beginning {
    /// This, whatever follows.
    Is(Found),
    /// Something of a family, of which the rest of the file says more.
    Matroska,
    Mp4,
    Ole,
    Zip,
    /// Sound as MP3, text, or nothing that is known.
    Other,
}

fn beginning(head: &[u8]) -> Beginning {
    // Of two letters alone many a text begins.
    let is_windows_program = head.starts_with(b"MZ") && head.iter().take(64).any(|&byte| byte == 0);
    if is_windows_program || PROGRAMS.iter().any(|magic| head.starts_with(magic)) {
        return Beginning::Is(Found::Program);
    }
    match head {
        [b'%', b'P', b'D', b'F', b'-', ..] => Beginning::Is(Found::Pdf),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Beginning::Is(Found::Png),
        [0xff, 0xd8, 0xff, ..] => Beginning::Is(Found::Jpeg),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Beginning::Is(Found::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Beginning::Is(Found::Webp),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Beginning::Is(Found::Wav),
        [b'f', b'L', b'a', b'C', ..] => Beginning::Is(Found::Flac),
        [b'O', b'g', b'g', b'S', ..] => Beginning::Is(media::ogg(head)),
        [b'{', b'\\', b'r', b't', b'f', ..] => Beginning::Is(Found::Rtf),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Beginning::Matroska,
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Beginning::Mp4,
        [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ..] => Beginning::Ole,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Beginning::Zip,
        _ => Beginning::Other,
    }
}

fn by_head(file: &mut File, head: &[u8], size: u64) -> Result<Found, Refused> {
    Ok(match beginning(head) {
        Beginning::Is(found) => found,
        Beginning::Matroska => media::matroska(file)?,
        Beginning::Mp4 => media::mp4(file, head, size)?,
        Beginning::Ole => ole::look(file)?,
        Beginning::Zip => zip::look(file, size)?,
        Beginning::Other if media::is_mp3(file, head)? => Found::Mp3,
        Beginning::Other => text::look(file, head)?,
    })
}

/// What a file can still turn out to be whose first [`HEAD_BYTES`] are these.
pub(super) fn possible(head: &[u8]) -> Vec<Found> {
    use Found::{
        Avif, Docx, Excel97, Heic, Macros, Mp3, Mp4Film, Mp4Sound, Odp, Ods, Odt, Ole, PowerPoint97, Pptx,
        Program, QuickTime, Unknown, WebmFilm, WebmSound, Word97, Xlsx, Zip,
    };
    match beginning(head) {
        Beginning::Is(found) => vec![found],
        Beginning::Matroska => vec![WebmFilm, WebmSound, Unknown],
        Beginning::Mp4 => vec![Avif, Heic, Mp4Sound, Mp4Film, QuickTime],
        Beginning::Ole => vec![Word97, Excel97, PowerPoint97, Ole],
        Beginning::Zip => vec![Zip, Docx, Xlsx, Pptx, Odt, Ods, Odp, Program, Macros],
        Beginning::Other => {
            let text = text::is_text(head).then(|| text::markup(head));
            let sound = media::may_be_mp3(head).then_some(Mp3);
            // One byte that is none of a text may be the last one.
            text.into_iter().chain(sound).chain([Unknown]).collect()
        }
    }
}

/// What the file is besides, if it is two things.
fn also(file: &mut File, head: &[u8], size: u64, found: Found) -> Result<Option<&'static str>, Refused> {
    use Found::{
        Avif, Docx, Flac, Gif, Heic, Jpeg, Macros, Mp3, Mp4Film, Mp4Sound, Odp, Ods, Odt, OggSound, Png,
        Pptx, Program, QuickTime, Wav, WebmFilm, WebmSound, Webp, Xlsx, Zip,
    };
    let is_zip = matches!(found, Zip | Docx | Xlsx | Pptx | Odt | Ods | Odp | Macros | Program);
    if !is_zip && zip::ends_as_one(file, size)? {
        return Ok(Some("a file that is a ZIP archive too"));
    }
    let is_picture = matches!(found, Png | Jpeg | Gif | Webp);
    let is_media = matches!(
        found,
        Avif | Heic | Mp3 | Mp4Sound | Mp4Film | QuickTime | OggSound | Wav | Flac | WebmSound | WebmFilm
    );
    let front = head.get(..PDF_WITHIN_BYTES.min(head.len())).unwrap_or_default();
    if (is_picture || is_media) && memchr::memmem::find(front, b"%PDF-").is_some() {
        return Ok(Some("a file that is a PDF too"));
    }
    if is_picture { picture::hides(file, found, size) } else { Ok(None) }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pdf => "a PDF",
            Self::Word97 => "a document of Word 97",
            Self::Excel97 => "a sheet of Excel 97",
            Self::PowerPoint97 => "a presentation of PowerPoint 97",
            Self::Docx => "a Word document",
            Self::Xlsx => "an Excel sheet",
            Self::Pptx => "a PowerPoint presentation",
            Self::Odt => "an OpenDocument text",
            Self::Ods => "an OpenDocument sheet",
            Self::Odp => "an OpenDocument presentation",
            Self::Text => "text",
            Self::Png => "a PNG picture",
            Self::Jpeg => "a JPEG picture",
            Self::Gif => "a GIF picture",
            Self::Webp => "a WebP picture",
            Self::Avif => "an AVIF picture",
            Self::Heic => "a HEIC picture",
            Self::Mp3 => "MP3 sound",
            Self::Mp4Sound => "MP4 sound",
            Self::Mp4Film => "an MP4 film",
            Self::QuickTime => "a QuickTime film",
            Self::OggSound => "Ogg sound",
            Self::Wav => "WAV sound",
            Self::Flac => "FLAC sound",
            Self::WebmSound => "WebM sound",
            Self::WebmFilm => "a WebM film",
            Self::Zip => "a ZIP archive",
            Self::Macros => "an office document with macros",
            Self::Ole => "a file in the container of older office documents",
            Self::Svg => "an SVG picture",
            Self::Html => "HTML",
            Self::Xml => "XML",
            Self::Rtf => "rich text",
            Self::Program => "a program",
            Self::Script => "a script",
            Self::Polyglot(what) => what,
            Self::Unknown => "nothing that is known here",
        })
    }
}
