//! ZIP archives, and the documents that are ZIP archives: their directory is read, nothing is unpacked.

use super::content::Found;
use crate::Refused;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;

/// Entries of an archive.
const ENTRIES_MAX: u64 = 100_000;
/// Bytes of an archive's directory.
const DIRECTORY_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// An archive may unpack to this much, however small it is.
const UNPACKED_BYTES_FREE: u64 = 100 * 1024 * 1024;
/// Beyond that, how many times its own size. Text packs to a twentieth, what packs to less is made to fill disks.
const RATIO_MAX: u64 = 100;
/// What the record of the directory's end begins with.
const END_MAGIC: &[u8] = b"PK\x05\x06";
/// What an entry of the directory begins with.
const ENTRY_MAGIC: &[u8] = b"PK\x01\x02";
/// Bytes of a record of the directory's end, without the comment behind it.
const END_BYTES: usize = 22;
/// Bytes of a comment behind it.
const COMMENT_BYTES_MAX: usize = 65_535;
/// Bytes of an entry of the directory, without what varies.
const ENTRY_BYTES: usize = 46;
/// Bytes of the head of a packed file, without what varies.
const LOCAL_BYTES: u64 = 30;

/// Says what kind of archive it is, and refuses one that is damaged or made to do damage.
pub(super) fn look(file: &mut File, size: u64) -> Result<Found, Refused> {
    let end = End::find(file, size)?.ok_or_else(damaged)?;
    let seen = read_directory(file, &end, size)?;
    Ok(seen.found(mimetype(file)?.as_deref()))
}

/// Whether a reader of ZIP archives, which begins at the end, would take this file for one.
pub(super) fn ends_as_one(file: &File, size: u64) -> io::Result<bool> {
    Ok(End::find(file, size)?.is_some())
}

/// Whether an archive is near the end of the file, which a reader would find that does not mind what follows.
pub(super) fn is_behind(file: &File, size: u64) -> io::Result<bool> {
    let (tail, _) = tail(file, size)?;
    Ok(memchr::memmem::find_iter(&tail, END_MAGIC).any(|at| {
        let directory_bytes = usize::try_from(u32_at(&tail, at + 12)).unwrap_or_default();
        let directory = at.checked_sub(directory_bytes).and_then(|directory| tail.get(directory..));
        directory.is_some_and(|directory| directory.starts_with(ENTRY_MAGIC))
    }))
}

/// The end of the file, in which an archive must have the record of its directory's end; and where it begins.
fn tail(file: &File, size: u64) -> io::Result<(Vec<u8>, u64)> {
    let bytes = size.min((END_BYTES + COMMENT_BYTES_MAX) as u64);
    let mut tail = vec![0; usize::try_from(bytes).unwrap_or_default()];
    file.read_exact_at(&mut tail, size - bytes)?;
    Ok((tail, size - bytes))
}

/// Where an archive says that its directory is.
struct End {
    entries: u64,
    directory_at: u64,
    directory_bytes: u64,
}

impl End {
    /// Finds the record whose comment goes up to the very end of the file, as readers do.
    fn find(file: &File, size: u64) -> io::Result<Option<Self>> {
        let (tail, tail_at) = tail(file, size)?;
        for at in memchr::memmem::rfind_iter(&tail, END_MAGIC) {
            let Some(record) = tail.get(at..at + END_BYTES) else { continue };
            if at + END_BYTES + usize::from(u16_at(record, 20)) != tail.len() {
                continue;
            }
            let end = Self {
                entries: u16_at(record, 10).into(),
                directory_bytes: u32_at(record, 12).into(),
                directory_at: u32_at(record, 16).into(),
            };
            let is_large = end.entries == u64::from(u16::MAX)
                || end.directory_at == u64::from(u32::MAX)
                || end.directory_bytes == u64::from(u32::MAX);
            let locator_at = (tail_at + at as u64).checked_sub(20);
            return match locator_at.filter(|_| is_large) {
                Some(locator_at) => Ok(Self::large(file, locator_at)?.or(Some(end))),
                None => Ok(Some(end)),
            };
        }
        Ok(None)
    }

    /// The record of a large archive (ZIP64), to which a locator leads that stands before the usual one.
    fn large(file: &File, locator_at: u64) -> io::Result<Option<Self>> {
        let mut locator = [0; 20];
        file.read_exact_at(&mut locator, locator_at)?;
        let mut record = [0; 56];
        let is_there = locator.starts_with(b"PK\x06\x07")
            && file.read_exact_at(&mut record, u64_at(&locator, 8)).is_ok()
            && record.starts_with(b"PK\x06\x06");
        Ok(is_there.then(|| Self {
            entries: u64_at(&record, 32),
            directory_bytes: u64_at(&record, 40),
            directory_at: u64_at(&record, 48),
        }))
    }
}

/// What the names in an archive say about it.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says whether something was seen; they do not exclude each other"
)]
struct Seen {
    content_types: bool,
    word: bool,
    excel: bool,
    power_point: bool,
    macros: bool,
    program: bool,
}

impl Seen {
    fn note(&mut self, name: &[u8]) {
        let is_part = |folder: &[u8]| name.starts_with(folder) && name.ends_with(b".xml");
        self.content_types |= name == b"[Content_Types].xml";
        self.word |= is_part(b"word/document");
        self.excel |= is_part(b"xl/workbook");
        self.power_point |= is_part(b"ppt/presentation");
        self.macros |= name.ends_with(b"vbaProject.bin");
        self.program |= matches!(name, b"META-INF/MANIFEST.MF" | b"AndroidManifest.xml" | b"classes.dex");
    }

    fn found(&self, mimetype: Option<&str>) -> Found {
        let open_document = mimetype.and_then(|mimetype| match mimetype {
            "application/vnd.oasis.opendocument.text" => Some(Found::Odt),
            "application/vnd.oasis.opendocument.spreadsheet" => Some(Found::Ods),
            "application/vnd.oasis.opendocument.presentation" => Some(Found::Odp),
            _ => None,
        });
        match open_document {
            Some(found) => found,
            None if self.program => Found::Program,
            None if !self.content_types => Found::Zip,
            None if self.macros => Found::Macros,
            None => match (self.word, self.excel, self.power_point) {
                (true, false, false) => Found::Docx,
                (false, true, false) => Found::Xlsx,
                (false, false, true) => Found::Pptx,
                _ => Found::Zip,
            },
        }
    }
}

fn read_directory(file: &mut File, end: &End, size: u64) -> Result<Seen, Refused> {
    let fits = end.directory_at.checked_add(end.directory_bytes).is_some_and(|to| to <= size);
    if !fits {
        return Err(damaged());
    }
    if end.entries > ENTRIES_MAX || end.directory_bytes > DIRECTORY_BYTES_MAX {
        return Err(Refused::NotValid(format!("the archive has more than {ENTRIES_MAX} entries")));
    }
    file.seek(SeekFrom::Start(end.directory_at))?;
    let mut directory = BufReader::new(&*file).take(end.directory_bytes);
    let mut seen = Seen::default();
    let mut unpacked = 0_u64;
    let mut places = Vec::new();
    for _ in 0..end.entries {
        let entry = Entry::read(&mut directory).map_err(broken)?;
        seen.note(&entry.name);
        unpacked = unpacked.saturating_add(entry.unpacked_bytes);
        places.push((entry.at, entry.packed_bytes));
    }
    if directory.limit() > 0 {
        // Some readers go by the number of entries, others by the bytes of the directory, and find entries that were
        // not looked at here.
        return Err(damaged());
    }
    if unpacked > UNPACKED_BYTES_FREE.max(size.saturating_mul(RATIO_MAX)) {
        return Err(Refused::NotValid("the archive unpacks to more than is allowed".to_owned()));
    }
    // Entries that share their bytes let a small archive unpack to anything.
    places.sort_unstable();
    let ends = places.iter().map(|(at, bytes)| at.saturating_add(LOCAL_BYTES).saturating_add(*bytes));
    let begins = places.iter().skip(1).map(|(at, _)| *at).chain([end.directory_at]);
    if ends.zip(begins).any(|(end, begin)| end > begin) {
        return Err(Refused::NotValid("the entries of the archive overlap".to_owned()));
    }
    Ok(seen)
}

/// An entry of the directory.
struct Entry {
    name: Vec<u8>,
    packed_bytes: u64,
    unpacked_bytes: u64,
    /// Where the packed file begins.
    at: u64,
}

impl Entry {
    fn read(directory: &mut impl Read) -> io::Result<Self> {
        let mut fixed = [0; ENTRY_BYTES];
        directory.read_exact(&mut fixed)?;
        if !fixed.starts_with(ENTRY_MAGIC) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut read = |bytes: u16| {
            let mut field = vec![0; bytes.into()];
            directory.read_exact(&mut field).map(|()| field)
        };
        let name = read(u16_at(&fixed, 28))?;
        let extra = read(u16_at(&fixed, 30))?;
        read(u16_at(&fixed, 32))?;
        let mut large = Large::of(&extra);
        // In this order they stand in the extra field, those that do not fit into 32 bits.
        let unpacked_bytes = large.or(u32_at(&fixed, 24));
        let packed_bytes = large.or(u32_at(&fixed, 20));
        let at = large.or(u32_at(&fixed, 42));
        Ok(Self { name, packed_bytes, unpacked_bytes, at })
    }
}

/// The numbers of an entry that do not fit into 32 bits (ZIP64).
struct Large<'a>(&'a [u8]);

impl<'a> Large<'a> {
    fn of(mut extra: &'a [u8]) -> Self {
        while let Some((head, rest)) = extra.split_at_checked(4) {
            let (field, rest) = rest.split_at_checked(u16_at(head, 2).into()).unwrap_or((rest, &[]));
            if u16_at(head, 0) == 1 {
                return Self(field);
            }
            extra = rest;
        }
        Self(&[])
    }

    fn or(&mut self, number: u32) -> u64 {
        match self.0.split_at_checked(8) {
            Some((large, rest)) if number == u32::MAX => {
                self.0 = rest;
                u64_at(large, 0)
            }
            _ => number.into(),
        }
    }
}

/// What an `OpenDocument` or an e-book says of itself: its first entry, which is not packed.
fn mimetype(file: &File) -> io::Result<Option<String>> {
    const NAME: &[u8] = b"mimetype";
    let mut head = [0; 128];
    let bytes = file.read_at(&mut head, 0)?;
    let head = head.get(..bytes).unwrap_or_default();
    let (Some(local), Some(rest)) = (head.get(..30), head.get(30..)) else { return Ok(None) };
    let start = NAME.len() + usize::from(u16_at(local, 28));
    let length = usize::try_from(u32_at(local, 22)).unwrap_or_default();
    let content = rest.get(start..start.saturating_add(length));
    let is_stored =
        rest.starts_with(NAME) && usize::from(u16_at(local, 26)) == NAME.len() && u16_at(local, 8) == 0;
    Ok(content.filter(|_| is_stored).map(|content| String::from_utf8_lossy(content).into_owned()))
}

fn damaged() -> Refused {
    Refused::NotValid("the archive is damaged".to_owned())
}

/// A directory that ends too early is damaged; a disk that fails says nothing about it.
fn broken(error: io::Error) -> Refused {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => damaged(),
        _ => Refused::Unreadable(error),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    number(bytes, at).map_or(0, u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    number(bytes, at).map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    number(bytes, at).map_or(0, u64::from_le_bytes)
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
