//! Names of files.

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use natter_protocol::limits::FILE_NAME_CHARS_MAX;
use unicode_normalization::UnicodeNormalization as _;

/// What a file is called whose name has nothing left.
const NAMELESS: &str = "file";
/// Characters of an extension that is kept when a name is cut. What is longer is no extension but a part of the name.
const EXTENSION_CHARS_MAX: usize = 16;
/// Devices of Windows: a file of such a name cannot be saved there, whatever its extension.
const DEVICES: [&str; 7] = ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"];
/// Devices of Windows that are numbered, from 0 to 9 and with superscripts.
const NUMBERED_DEVICES: [&str; 2] = ["com", "lpt"];

/// A name under which a file can be shown and saved anywhere, as close to what the sender wrote as that allows.
///
/// Only the last part of a path is left of it. Characters that cannot be seen or that turn the text around are taken
/// out, those that mean something to a file system become `_`. It is in NFC, has [`FILE_NAME_CHARS_MAX`] characters at
/// most, and at least one.
pub fn safe(raw: &str) -> String {
    let last = raw.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).unwrap_or_default();
    let mut name = String::new();
    for c in last.nfc().filter_map(visible) {
        if c != ' ' || !name.ends_with(' ') {
            name.push(c);
        }
    }
    // What was taken out may have let characters come together that have a form of their own.
    let name: String = name.nfc().collect();
    // A dot in front hides it from its owner; Windows drops spaces and dots at the end.
    match name.trim_matches([' ', '.']) {
        "" => NAMELESS.to_owned(),
        name if is_device(name) => shortened(&format!("_{name}")),
        name => shortened(name),
    }
}

/// The extension of a safe name, in lower case; none if it has no dot, or nothing before or behind it.
pub fn extension(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_lowercase())
}

/// What becomes of a character: nothing, itself, or a stand-in.
fn visible(c: char) -> Option<char> {
    use GeneralCategory as Is;
    /// They join letters of Persian and parts of emoji, and turn nothing around.
    const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];
    if JOINERS.contains(&c) {
        return Some(c);
    }
    match CodePointMapData::<GeneralCategory>::new().get(c) {
        Is::SpaceSeparator | Is::LineSeparator | Is::ParagraphSeparator => Some(' '),
        Is::Control if c.is_whitespace() => Some(' '),
        Is::Control | Is::Format | Is::PrivateUse | Is::Unassigned | Is::Surrogate => None,
        _ if "<>:\"/\\|?*".contains(c) => Some('_'),
        _ => Some(c),
    }
}

/// The name within the limit; its end goes, its extension stays.
fn shortened(name: &str) -> String {
    if name.chars().count() <= FILE_NAME_CHARS_MAX {
        return name.to_owned();
    }
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| extension)
        .filter(|extension| extension.chars().count() <= EXTENSION_CHARS_MAX);
    let ending = extension.map(|extension| format!(".{extension}")).unwrap_or_default();
    let stem: String = name.chars().take(FILE_NAME_CHARS_MAX - ending.chars().count()).collect();
    format!("{}{ending}", stem.trim_end_matches([' ', '.']))
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let number = |device: &&str| stem.strip_prefix(*device).map(|number| number.chars().collect::<Vec<_>>());
    DEVICES.contains(&stem.as_str())
        || NUMBERED_DEVICES
            .iter()
            .filter_map(number)
            .any(|number| matches!(number[..], ['0'..='9' | '¹' | '²' | '³']))
}
