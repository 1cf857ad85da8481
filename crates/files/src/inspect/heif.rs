//! HEIC and AVIF (ISO/IEC 23008-12): a picture as items in a file of boxes. None is unpacked here; their boxes say how
//! large the picture is, and where its metadata lies.

use super::boxes::{Found, boxes, child, whole};
use super::pieces::Pieces;
use super::survey::damaged;
use crate::Refused;
use natter_protocol::FileLook;
use std::collections::HashSet;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// Bytes of the box that describes the items. A photograph of 50 megapixels in tiles has some ten thousand.
const META_BYTES_MAX: u64 = 1024 * 1024;
/// Stretches of the file in which all items lie. One takes no bytes to say if its numbers have none, so the bytes that
/// there are do not bound them.
const EXTENTS_MAX: usize = 65_536;
/// Stretches of metadata. A photograph has two.
const PRIVATE_MAX: usize = 1_000;

/// How large the picture is shown.
pub(super) fn look(file: &File) -> Result<FileLook, Refused> {
    let Some(meta) = Meta::read(file)? else { return Ok(FileLook::default()) };
    let properties = meta.child(*b"iprp").and_then(|iprp| child(file, iprp.content, *b"ipco"));
    let Some(properties) = properties else { return Ok(FileLook::default()) };
    let (mut size, mut is_on_its_side) = ((0, 0), false);
    for property in boxes(file, properties.content).filter_map(Result::ok) {
        let mut content = meta.content(&property);
        match &property.kind {
            // A large picture is put together from tiles, each of which has a size as well.
            b"ispe" => {
                let area = |(width, height)| u64::from(width) * u64::from(height);
                content.number(4)?;
                let found = (content.number(4)?, content.number(4)?);
                let found = (u32::try_from(found.0), u32::try_from(found.1));
                if let (Ok(width), Ok(height)) = found
                    && area((width, height)) > area(size)
                {
                    size = (width, height);
                }
            }
            b"irot" => is_on_its_side = content.number(1)? % 2 == 1,
            _ => {}
        }
    }
    let (width, height) = if is_on_its_side { (size.1, size.0) } else { size };
    let known = |side: u32| (side > 0).then_some(side);
    Ok(FileLook { width: known(width), height: known(height), ..FileLook::default() })
}

/// The picture with its metadata overwritten, if it has any. How it is turned is said elsewhere.
pub(super) fn without_private(file: &File) -> Result<Option<Pieces>, Refused> {
    let whole = whole(file)?;
    let Some(meta) = Meta::read(file)? else { return Ok(None) };
    let mut private = meta.private()?;
    private.sort_by_key(|range| range.start);
    let data = meta.data()?;
    let mut pieces = Pieces::default();
    let (mut copied, mut seen) = (0, 0);
    for Range { start, end } in private {
        if end > whole.end {
            return Err(damaged("the picture is cut off"));
        }
        let start = start.max(seen);
        if start < end && !is_blank(file, start..end)? {
            // Anywhere else it would overwrite what says how the file is read.
            if !data.iter().any(|data| data.start <= start && end <= data.end) {
                return Err(damaged("the picture has metadata where none can be"));
            }
            pieces.copy(copied..start);
            pieces.blank(end - start);
            copied = end;
        }
        seen = seen.max(end);
    }
    pieces.copy(copied..whole.end);
    Ok((copied > 0).then_some(pieces))
}

/// The box that describes the items.
struct Meta<'f> {
    file: &'f File,
    found: Found,
    bytes: Vec<u8>,
}

impl<'f> Meta<'f> {
    fn read(file: &'f File) -> Result<Option<Self>, Refused> {
        let Some(found) = child(file, whole(file)?, *b"meta") else { return Ok(None) };
        let length = found.content.end - found.content.start;
        if length > META_BYTES_MAX {
            return Err(countless());
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        file.read_exact_at(&mut bytes, found.content.start)?;
        Ok(Some(Self { file, found, bytes }))
    }

    /// A box in it, which has a version and flags before its first box.
    fn child(&self, kind: [u8; 4]) -> Option<Found> {
        let Range { start, end } = self.found.content;
        child(self.file, (start + 4).min(end)..end, kind)
    }

    fn content(&self, found: &Found) -> Numbers<'_> {
        let place =
            |at: u64| usize::try_from(at.saturating_sub(self.found.content.start)).unwrap_or(usize::MAX);
        Numbers(self.bytes.get(place(found.content.start)..place(found.content.end)).unwrap_or_default())
    }

    /// Where the bytes of items can be (ISO/IEC 14496-12, section 8.11.3), and nothing else is.
    fn data(&self) -> Result<Vec<Range<u64>>, Refused> {
        let outside = boxes(self.file, whole(self.file)?).filter_map(Result::ok);
        let outside = outside.filter(|found| found.kind == *b"mdat");
        Ok(outside.chain(self.child(*b"idat")).map(|found| found.content).collect())
    }

    /// Where the bytes of EXIF and XMP are.
    fn private(&self) -> Result<Vec<Range<u64>>, Refused> {
        let (Some(iinf), Some(iloc)) = (self.child(*b"iinf"), self.child(*b"iloc")) else {
            return Ok(Vec::new());
        };
        let items = self.items(&iinf)?;
        let idat = self.child(*b"idat").map_or(0, |idat| idat.content.start);
        let mut content = self.content(&iloc);
        let version = content.number(4)? >> 24;
        let sizes = content.number(2)?;
        let [offset_bytes, length_bytes, base_bytes, index_bytes] =
            [12, 8, 4, 0].map(|shift| sizes >> shift & 15);
        let wide = if version < 2 { 2 } else { 4 };
        let (mut private, mut left) = (Vec::new(), EXTENTS_MAX);
        for _ in 0..content.number(wide)? {
            let id = content.number(wide)?;
            let method = if version == 0 { 0 } else { content.number(2)? & 15 };
            content.number(2)?;
            let base = content.number(base_bytes)?;
            for _ in 0..content.number(2)? {
                left = left.checked_sub(1).ok_or_else(countless)?;
                if version > 0 {
                    content.number(index_bytes)?;
                }
                let (offset, length) = (content.number(offset_bytes)?, content.number(length_bytes)?);
                let origin = if method == 1 { idat } else { 0 };
                if items.contains(&id) && method < 2 {
                    if private.len() == PRIVATE_MAX {
                        return Err(countless());
                    }
                    let start = origin.saturating_add(base).saturating_add(offset);
                    private.push(start..start.saturating_add(length));
                }
            }
        }
        Ok(private)
    }

    /// The items that are metadata: EXIF, and XMP as XML.
    fn items(&self, iinf: &Found) -> Result<HashSet<u64>, Refused> {
        let version = self.content(iinf).number(4)? >> 24;
        let entries = iinf.content.start + if version == 0 { 6 } else { 8 };
        let mut items = HashSet::new();
        for entry in boxes(self.file, entries.min(iinf.content.end)..iinf.content.end) {
            let entry = entry?;
            let mut content = self.content(&entry);
            let wide = match content.number(4)? >> 24 {
                2 => 2,
                3 => 4,
                _ => continue,
            };
            let id = content.number(wide)?;
            content.number(2)?;
            if matches!(&content.number(4)?.to_be_bytes()[4..], b"Exif" | b"mime") {
                items.insert(id);
            }
        }
        Ok(items)
    }
}

fn countless() -> Refused {
    damaged("the picture has more items than any picture needs")
}

/// Numbers one after the other, the larger part first.
struct Numbers<'b>(&'b [u8]);

impl Numbers<'_> {
    fn number(&mut self, bytes: u64) -> Result<u64, Refused> {
        let bytes = usize::try_from(bytes.min(8)).unwrap_or(8);
        let (number, rest) =
            self.0.split_at_checked(bytes).ok_or_else(|| damaged("the picture is damaged"))?;
        self.0 = rest;
        Ok(number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

fn is_blank(file: &File, range: Range<u64>) -> Result<bool, Refused> {
    let mut piece = [0; 4096];
    let mut at = range.start;
    while at < range.end {
        let length = usize::try_from(range.end - at).unwrap_or(usize::MAX).min(piece.len());
        let piece = &mut piece[..length];
        file.read_exact_at(piece, at)?;
        if piece.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        at += length as u64;
    }
    Ok(true)
}
