//! The types that are known.

use super::OPAQUE;
use super::content::Found;

/// What a browser may show. SVG and HTML are not here, and never will be: they can hold programs.
pub(super) const INLINE: [&str; 17] = [
    "application/pdf",
    "audio/flac",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "audio/webm",
    "image/avif",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/plain",
    "text/csv",
    "text/markdown",
    "video/mp4",
    "video/webm",
];

/// A type: the extensions that stand for it, and what its content may be, with the media type.
pub(super) struct Format {
    pub(super) extensions: &'static [&'static str],
    contents: &'static [(Found, &'static str)],
}

#[rustfmt::skip]
const FORMATS: &[Format] = &[
    Format { extensions: &["pdf"], contents: &[(Found::Pdf, "application/pdf")] },
    Format { extensions: &["doc"], contents: &[(Found::Word97, "application/msword")] },
    Format { extensions: &["xls"], contents: &[(Found::Excel97, "application/vnd.ms-excel")] },
    Format { extensions: &["ppt"], contents: &[(Found::PowerPoint97, "application/vnd.ms-powerpoint")] },
    Format { extensions: &["docx"], contents: &[(Found::Docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document")] },
    Format { extensions: &["xlsx"], contents: &[(Found::Xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")] },
    Format { extensions: &["pptx"], contents: &[(Found::Pptx, "application/vnd.openxmlformats-officedocument.presentationml.presentation")] },
    Format { extensions: &["odt"], contents: &[(Found::Odt, "application/vnd.oasis.opendocument.text")] },
    Format { extensions: &["ods"], contents: &[(Found::Ods, "application/vnd.oasis.opendocument.spreadsheet")] },
    Format { extensions: &["odp"], contents: &[(Found::Odp, "application/vnd.oasis.opendocument.presentation")] },
    Format { extensions: &["txt", "log"], contents: &[(Found::Text, "text/plain")] },
    Format { extensions: &["md", "markdown"], contents: &[(Found::Text, "text/markdown")] },
    Format { extensions: &["csv"], contents: &[(Found::Text, "text/csv")] },
    Format { extensions: &["json"], contents: &[(Found::Text, "application/json")] },
    Format { extensions: &["png"], contents: &[(Found::Png, "image/png")] },
    Format { extensions: &["jpg", "jpeg", "jfif"], contents: &[(Found::Jpeg, "image/jpeg")] },
    Format { extensions: &["gif"], contents: &[(Found::Gif, "image/gif")] },
    Format { extensions: &["webp"], contents: &[(Found::Webp, "image/webp")] },
    Format { extensions: &["avif"], contents: &[(Found::Avif, "image/avif")] },
    Format { extensions: &["heic", "heif"], contents: &[(Found::Heic, "image/heic")] },
    Format { extensions: &["mp3"], contents: &[(Found::Mp3, "audio/mpeg")] },
    Format { extensions: &["m4a"], contents: &[(Found::Mp4Sound, "audio/mp4")] },
    Format { extensions: &["ogg", "oga"], contents: &[(Found::OggSound, "audio/ogg")] },
    Format { extensions: &["opus"], contents: &[(Found::OggSound, "audio/ogg")] },
    Format { extensions: &["wav"], contents: &[(Found::Wav, "audio/wav")] },
    Format { extensions: &["flac"], contents: &[(Found::Flac, "audio/flac")] },
    // What a browser records is called by its container, whether there is a picture to it or not.
    Format { extensions: &["webm", "weba"], contents: &[(Found::WebmFilm, "video/webm"), (Found::WebmSound, "audio/webm")] },
    Format { extensions: &["mp4", "m4v"], contents: &[(Found::Mp4Film, "video/mp4"), (Found::Mp4Sound, "audio/mp4")] },
    Format { extensions: &["mov"], contents: &[(Found::QuickTime, "video/quicktime"), (Found::Mp4Film, "video/mp4")] },
    // The newer documents are ZIP archives, and may be called so.
    Format { extensions: &["zip"], contents: &[
        (Found::Zip, "application/zip"), (Found::Docx, "application/zip"), (Found::Xlsx, "application/zip"), (Found::Pptx, "application/zip"),
        (Found::Odt, "application/zip"), (Found::Ods, "application/zip"), (Found::Odp, "application/zip"), (Found::Macros, "application/zip"),
    ] },
    // Taken only if the operator lists them. None of them is served as what it is.
    Format { extensions: &["svg"], contents: &[(Found::Svg, OPAQUE)] },
    Format { extensions: &["html", "htm"], contents: &[(Found::Html, OPAQUE), (Found::Text, OPAQUE)] },
    Format { extensions: &["docm", "xlsm", "pptm"], contents: &[(Found::Macros, OPAQUE)] },
    Format { extensions: &["exe", "dll", "msi", "apk", "jar"], contents: &[(Found::Program, OPAQUE), (Found::Ole, OPAQUE)] },
    Format { extensions: &["sh", "py", "js"], contents: &[(Found::Script, OPAQUE), (Found::Text, OPAQUE)] },
];

impl Format {
    /// The media type of such content; none if files of this type do not hold it.
    pub(super) fn media_type(&self, found: Found) -> Option<&'static str> {
        self.contents.iter().find(|(content, _)| *content == found).map(|(_, media_type)| *media_type)
    }
}

/// The type that an extension stands for.
pub(super) fn named(extension: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.extensions.contains(&extension))
}

/// Whether such content belongs to a type that has an extension of its own, under which it should come.
pub(super) fn is_known(found: Found) -> bool {
    // Many a format that is not known here is written as text, or packed as these are.
    let is_base = matches!(found, Found::Text | Found::Zip | Found::Ole);
    !is_base && FORMATS.iter().any(|format| format.media_type(found).is_some())
}
