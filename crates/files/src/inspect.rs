//! What a file looks like: how large a picture is, how long sound lasts, and smaller pictures to show before it is
//! opened. And what it tells that its sender did not mean to send is taken out of it.
//!
//! Everything here reads what strangers made. Each step therefore has a bound that does not depend on what a file says
//! of itself: how many bytes are read, how much is unpacked in memory, how many parts, packets and samples are gone
//! through. Blocks for as long as that takes.

mod boxes;
mod film;
mod heif;
mod picture;
mod pieces;
mod sound;
mod strip;
mod survey;
mod waveform;

use crate::kind::Kind;
use crate::{Refused, Staged};
use bytes::Bytes;
use image::ImageFormat;
use natter_protocol::{FileKind, FileLook, ThumbnailSize};
use std::cell::Cell;
use std::fs::{self, File};
use std::io::{BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// What was seen of a file.
#[derive(Debug, Default)]
pub struct Seen {
    /// What others are told of it.
    pub look: FileLook,
    /// Its thumbnails, as JPEG, or as WebP if they can be seen through.
    pub thumbnails: Vec<(ThumbnailSize, Bytes)>,
}

/// A picture that was made smaller.
#[derive(Debug, Clone)]
pub struct Picture {
    /// `image/jpeg`, or `image/webp` if it can be seen through.
    pub media_type: &'static str,
    /// The picture.
    pub bytes: Bytes,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// As in a [`FileLook`].
    pub placeholder: String,
}

/// Takes out of an uploaded file what is private, and looks at it. The file has another size and digest afterwards.
pub fn look(staged: &mut Staged, kind: &Kind) -> Result<Seen, Refused> {
    if strip(&staged.path, kind.media_type, &staged.replacement_path())? {
        staged.replace()?;
    }
    look_at(&staged.path, kind.media_type)
}

/// Looks at a file of this type. Pictures that are damaged or too large are refused; of everything else is told what can
/// be found out.
pub fn look_at(path: &Path, media_type: &str) -> Result<Seen, Refused> {
    guarded(|| match (FileKind::of(media_type), picture_format(media_type)) {
        (FileKind::Image, Some(format)) => picture::look(BufReader::new(File::open(path)?), format),
        (FileKind::Image, None) if is_heif(media_type) => Ok(heif::look(&File::open(path)?)?.into()),
        (FileKind::Audio, _) => Ok(sound::look(path)?.into()),
        (FileKind::Video, _) => Ok(film::look(path, media_type)?.into()),
        _ => Ok(Seen::default()),
    })
}

/// Writes a file without what is private to `to`, and says whether there was anything; if not, nothing is written.
///
/// Of pictures the place, the camera, remarks and hidden thumbnails go; how they are turned, and the profile of their
/// colours, stay. Of films user data and metadata go.
pub fn strip(path: &Path, media_type: &str, to: &Path) -> Result<bool, Refused> {
    guarded(|| {
        let mut file = File::open(path)?;
        let stripped = match (picture_format(media_type), media_type) {
            (Some(format), _) => survey::survey(BufReader::new(&file), format)?.without_private(),
            (None, "video/mp4" | "video/quicktime") => strip::film(&file)?,
            (None, media_type) if is_heif(media_type) => heif::without_private(&file)?,
            _ => None,
        };
        let Some(pieces) = stripped else { return Ok(false) };
        let written = File::create(to).and_then(|mut written| {
            pieces.join(&mut file, &mut written)?;
            written.flush()
        });
        if let Err(error) = written {
            // Half of it is of no use. If it cannot be deleted, it goes with the upload.
            drop(fs::remove_file(to));
            return Err(error.into());
        }
        Ok(true)
    })
}

/// Makes a picture of at most 640 pixels out of one that was found somewhere, for the preview of a link.
pub fn picture(bytes: &[u8]) -> Result<Picture, Refused> {
    guarded(|| picture::preview(bytes))
}

impl From<FileLook> for Seen {
    fn from(look: FileLook) -> Self {
        Self { look, thumbnails: Vec::new() }
    }
}

/// The formats of pictures that are unpacked.
fn picture_format(media_type: &str) -> Option<ImageFormat> {
    match media_type {
        "image/gif" => Some(ImageFormat::Gif),
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/png" => Some(ImageFormat::Png),
        "image/webp" => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// Pictures of which only the boxes are read: what unpacks them is as large as everything else together.
fn is_heif(media_type: &str) -> bool {
    matches!(media_type, "image/avif" | "image/heic")
}

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread would be one of a decoder, which is caught, and after which all goes on.
pub fn is_guarded() -> bool {
    IS_GUARDED.get()
}

/// Does something with what strangers made. Decoders are large, and one that panics over a file costs that file only.
fn guarded<T>(look: impl FnOnce() -> Result<T, Refused>) -> Result<T, Refused> {
    let outer = IS_GUARDED.replace(true);
    // Whatever the decoder was at work on is gone with it: it holds no lock, and nothing that outlives it.
    let outcome = catch_unwind(AssertUnwindSafe(look));
    IS_GUARDED.set(outer);
    outcome.unwrap_or_else(|_| {
        tracing::error!("a decoder panicked over a file, which is refused as damaged");
        Err(Refused::NotValid("the file is damaged".to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_that_panics_costs_its_file_only() {
        let refused = guarded(|| -> Result<(), Refused> {
            assert!(is_guarded());
            assert!(guarded(|| Ok(())).is_ok() && is_guarded(), "one inside another changes nothing");
            let elsewhere = std::thread::spawn(is_guarded).join();
            assert!(!elsewhere.unwrap(), "what another thread does is not a decoder's fault");
            panic!("a fault of the decoder")
        });
        assert!(matches!(refused, Err(Refused::NotValid(_))));
        assert!(!is_guarded());
        assert!(guarded(|| Ok(())).is_ok());
    }
}
