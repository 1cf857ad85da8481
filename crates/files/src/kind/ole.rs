//! The container of the older office documents: a file system in a file.

use super::content::Found;
use crate::Refused;
use cfb::CompoundFile;
use std::fs::File;
use std::io::{Seek as _, SeekFrom};

/// Bytes of a container. Its table of sectors is read into memory, 4 bytes for every 512.
const OLE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

pub(super) fn look(file: &mut File) -> Result<Found, Refused> {
    if file.metadata()?.len() > OLE_BYTES_MAX {
        return Err(Refused::NotValid("the document is too large to be looked into".to_owned()));
    }
    file.seek(SeekFrom::Start(0))?;
    let Ok(container) = CompoundFile::open(&mut *file) else {
        return Err(Refused::NotValid("the document is damaged".to_owned()));
    };
    let streams = [
        ("WordDocument", Found::Word97),
        ("Workbook", Found::Excel97),
        ("Book", Found::Excel97),
        ("PowerPoint Document", Found::PowerPoint97),
    ];
    let found = streams.into_iter().find(|(name, _)| container.is_stream(name));
    Ok(found.map_or(Found::Ole, |(_, found)| found))
}
