//! What a file is, and whether it is taken.
//!
//! The extension says what a file is meant to be, the content what it is; both must be the same, and on the list of the
//! operator. A file that is two things at once is refused, whichever of them is on the list: somebody's program would
//! take it for the other.

mod content;
mod format;
mod media;
mod ole;
mod picture;
mod text;
mod zip;

use crate::{Refused, name};
use content::Found;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

/// The types that are taken if the operator does not say otherwise.
///
/// All of them can be checked by their content, and what tells where a picture or film was taken can be taken out of
/// it. Not among them are SVG and HTML, which can hold programs, and archives other than ZIP, whose directory cannot be
/// read here.
pub const TYPES_DEFAULT: &str = "pdf,doc,docx,xls,xlsx,ppt,pptx,odt,ods,odp,txt,md,csv,png,jpg,gif,webp,avif,heic,\
                                 mp3,m4a,ogg,opus,wav,flac,webm,mp4,mov,zip";

/// Bytes of the beginning of a file, by which most of what is not taken can be told.
pub const BEGINNING_BYTES: usize = 4 * 1024;
/// What is served as bytes that mean nothing to a browser.
const OPAQUE: &str = "application/octet-stream";

/// The types that are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Types(BTreeSet<String>);

/// A list of types has an entry that is no extension.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no extension: expected letters and digits, such as in pdf,docx,png")]
pub struct ParseTypesError(String);

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// As its content says.
    pub media_type: &'static str,
    /// As its name says, in lower case.
    pub extension: String,
}

impl Types {
    /// Reads a list such as `pdf,docx,png`. With a type its other extensions are taken, such as `jpeg` with `jpg`.
    ///
    /// What this program does not know can be listed too. Of such a file is only checked that it is nothing that it
    /// does know, and it is served as bytes without a meaning.
    pub fn parse(list: &str) -> Result<Self, ParseTypesError> {
        let extension = |entry: &str| {
            let extension = entry.trim().trim_start_matches('.').to_lowercase();
            let is_extension = !extension.is_empty() && extension.chars().all(char::is_alphanumeric);
            if is_extension { Ok(extension) } else { Err(ParseTypesError(entry.trim().to_owned())) }
        };
        list.split(',').map(extension).collect::<Result<_, _>>().map(Self)
    }

    /// Refuses a safe name under which no file is taken, whatever is in it.
    pub fn check_name(&self, name: &str) -> Result<(), Refused> {
        self.extension(name).map(drop)
    }

    /// Says what a file is by its safe name and its content, or why it is not taken. Reads the file once at most, in a
    /// few hundred kilobytes of memory; blocks.
    pub fn check(&self, name: &str, content: &Path) -> Result<Kind, Refused> {
        let extension = self.extension(name)?;
        let mut file = File::open(content)?;
        let found = content::look(&mut file)?;
        match media_type(&extension, found) {
            Some(media_type) => Ok(Kind { media_type, extension }),
            None => Err(Refused::Mismatch { extension, found: found.to_string() }),
        }
    }

    /// Refuses a file by its safe name and its first [`BEGINNING_BYTES`] that [`Self::check`] would refuse whatever comes
    /// behind them.
    pub fn check_beginning(&self, name: &str, beginning: &[u8]) -> Result<(), Refused> {
        let extension = self.extension(name)?;
        let possible = content::possible(beginning);
        if possible.iter().any(|found| media_type(&extension, *found).is_some()) {
            return Ok(());
        }
        let found = possible.first().map(ToString::to_string).unwrap_or_default();
        Err(Refused::Mismatch { extension, found })
    }

    /// The extension of a name, if it is on the list, or another one of the same type.
    fn extension(&self, name: &str) -> Result<String, Refused> {
        let extension = name::extension(name).ok_or(Refused::NoExtension)?;
        let others = format::named(&extension).map(|format| format.extensions).unwrap_or_default();
        let is_taken = self.0.contains(&extension) || others.iter().any(|&other| self.0.contains(other));
        if is_taken { Ok(extension) } else { Err(Refused::NotAllowed { extension }) }
    }
}

/// The media type of a file with such an extension and such content; none if the two do not go together.
fn media_type(extension: &str, found: Found) -> Option<&'static str> {
    match format::named(extension) {
        Some(format) => format.media_type(found),
        None => (!format::is_known(found)).then_some(OPAQUE),
    }
}

impl Default for Types {
    fn default() -> Self {
        Self(TYPES_DEFAULT.split(',').map(str::to_owned).collect())
    }
}

/// Whether a browser may show content of this media type in its own window, given that it is told not to guess. Anything
/// else is saved.
pub fn is_shown_inline(media_type: &str) -> bool {
    format::INLINE.contains(&media_type)
}
