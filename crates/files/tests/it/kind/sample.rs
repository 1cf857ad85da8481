//! Files of every kind, as small as they can be.

use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::io::{Cursor, Write as _};

/// One black pixel.
pub(super) fn png() -> Vec<u8> {
    let chunk = |kind: &[u8; 4], content: &[u8]| {
        let sum = crc32(&[kind.as_slice(), content].concat());
        [&length(content).to_be_bytes(), kind.as_slice(), content, &sum.to_be_bytes()].concat()
    };
    let head = chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
    // One line: no filter, one grey of 0; in a block of zlib that is not compressed.
    let pixels = chunk(b"IDAT", &[0x78, 0x01, 0x01, 2, 0, 0xfd, 0xff, 0, 0, 0, 2, 0, 1]);
    [b"\x89PNG\r\n\x1a\n".as_slice(), &head, &pixels, &chunk(b"IEND", &[])].concat()
}

pub(super) fn gif() -> Vec<u8> {
    gif_with_comment(b"a boat")
}

pub(super) fn gif_with_comment(comment: &[u8]) -> Vec<u8> {
    let head = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff".as_slice();
    let comment = [&[0x21, 0xfe, u8::try_from(comment.len()).unwrap()], comment, &[0]].concat();
    let picture = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0".as_slice();
    [head, &comment, picture, b";"].concat()
}

pub(super) fn jpeg() -> Vec<u8> {
    jpeg_with_comment(b"a boat")
}

/// The markers of a JPEG, without the tables that a decoder needs.
pub(super) fn jpeg_with_comment(comment: &[u8]) -> Vec<u8> {
    let length = u16::try_from(comment.len() + 2).unwrap().to_be_bytes();
    let head = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".as_slice();
    let scan = b"\xff\xda\x00\x08\x01\x01\0\0\x3f\0\x12\xff\x00\x34\xff\xd0\x56\xff\xd9".as_slice();
    [head, b"\xff\xfe", &length, comment, scan].concat()
}

pub(super) fn webp() -> Vec<u8> {
    b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0".to_vec()
}

/// What Windows runs.
pub(super) fn windows_program() -> Vec<u8> {
    let mut program = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0".to_vec();
    program.resize(64, 0);
    program.extend(b"This program cannot be run in DOS mode.\r\n$PE\0\0");
    program
}

/// Four frames of silence, behind a tag of so many bytes if there is to be one.
pub(super) fn mp3(tag_bytes: u16) -> Vec<u8> {
    let mut file = Vec::new();
    if tag_bytes > 0 {
        let size = [0, 0, u8::try_from(tag_bytes >> 7).unwrap(), u8::try_from(tag_bytes & 0x7f).unwrap()];
        file = [b"ID3\x04\0\0".as_slice(), &size, &vec![0; tag_bytes.into()]].concat();
    }
    // MPEG 1, layer III, 128 kbit/s, 44.1 kHz: 417 bytes.
    let frame = [b"\xff\xfb\x90\x00".as_slice(), &[0; 413]].concat();
    [file, frame.repeat(4)].concat()
}

pub(super) fn ogg(packet: &[u8]) -> Vec<u8> {
    let head = [b"OggS\0\x02".as_slice(), &[0; 20], &[1, 19]].concat();
    [&head, packet, &[0; 11]].concat()
}

/// An MP4 file of this brand with these tracks.
pub(super) fn mp4(brand: &[u8], tracks: &[&[u8; 4]]) -> Vec<u8> {
    let atom = |kind: &[u8; 4], content: &[u8]| {
        [&(length(content) + 8).to_be_bytes(), kind.as_slice(), content].concat()
    };
    let track = |handler: &&[u8; 4]| {
        let handler = atom(b"hdlr", &[&[0; 8], handler.as_slice(), &[0; 13]].concat());
        atom(
            b"trak",
            &[atom(b"tkhd", &[0; 84]), atom(b"mdia", &[atom(b"mdhd", &[0; 24]), handler].concat())].concat(),
        )
    };
    let tracks: Vec<u8> = tracks.iter().flat_map(track).collect();
    let kind = atom(b"ftyp", &[brand, &[0; 4], brand].concat());
    // The content stands in front of what describes it, as a camera writes it.
    [kind, atom(b"mdat", &[0; 5000]), atom(b"moov", &[atom(b"mvhd", &[0; 100]), tracks].concat())].concat()
}

pub(super) fn webm(kind: &str, codecs: &[&str]) -> Vec<u8> {
    let text =
        |id: &[u8], text: &str| [id, &[0x80 | u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let head = text(b"\x42\x82", kind);
    let head = [b"\x1a\x45\xdf\xa3".as_slice(), &[0x80 | u8::try_from(head.len()).unwrap()], &head].concat();
    let tracks: Vec<u8> = codecs.iter().flat_map(|codec| text(b"\x86", codec)).collect();
    [head.as_slice(), b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff", &tracks].concat()
}

/// The container of older documents, with a stream of this name.
pub(super) fn ole(stream: &str) -> Vec<u8> {
    let mut container = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    container.create_stream(stream).unwrap().write_all(&[1; 5000]).unwrap();
    container.into_inner().into_inner()
}

/// An archive that says that it has no entries, and has those that it had.
pub(crate) fn hiding(mut archive: Vec<u8>) -> Vec<u8> {
    let counts = archive.len() - 14..archive.len() - 10;
    archive[counts].fill(0);
    archive
}

/// A ZIP archive whose files are compressed.
pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let packed = |content: &[u8]| {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    };
    let entries = files.iter().map(|(name, content)| Entry {
        name: (*name).to_owned(),
        method: 8,
        content: packed(content),
        bytes: length(content),
        sum: crc32(content),
    });
    written(entries)
}

/// A ZIP archive whose files are not.
pub(super) fn stored(files: &[(&str, &[u8])]) -> Vec<u8> {
    let entries = files.iter().map(|(name, content)| Entry {
        name: (*name).to_owned(),
        method: 0,
        content: content.to_vec(),
        bytes: length(content),
        sum: crc32(content),
    });
    written(entries)
}

/// A small archive that unpacks to 16 GiB.
pub(super) fn bomb() -> Vec<u8> {
    let zeros = |number| Entry {
        name: format!("zeros-{number}"),
        method: 8,
        content: vec![0; 1000],
        bytes: 0xfff0_0000,
        sum: 0,
    };
    written((0..4).map(zeros))
}

/// An archive whose two entries are unpacked from the same bytes.
pub(super) fn overlapping() -> Vec<u8> {
    let mut archive = stored(&[("a", b"0123456789"), ("b", b"0123456789")]);
    let second = memchr::memmem::rfind(&archive, b"PK\x01\x02").unwrap();
    archive[second + 42..second + 46].fill(0);
    archive
}

/// An archive of so many empty files.
pub(super) fn crowded(files: u64) -> Vec<u8> {
    let mut archive = b"PK\x03\x04".to_vec();
    let at = archive.len() as u64;
    let count = files.to_le_bytes();
    archive.extend(
        [b"PK\x06\x06".as_slice(), &44_u64.to_le_bytes(), &[0; 12], &count, &count, &[0; 16]].concat(),
    );
    archive.extend([b"PK\x06\x07".as_slice(), &[0; 4], &at.to_le_bytes(), &[0; 4]].concat());
    archive.extend([b"PK\x05\x06".as_slice(), &[0; 4], &[0xff; 12], &[0; 2]].concat());
    archive
}

/// An archive whose directory would be behind its end.
pub(super) fn directory_outside() -> Vec<u8> {
    let mut archive = stored(&[("a", b"0123456789")]);
    let end = archive.len() - 22;
    archive[end + 16..end + 20].copy_from_slice(&0x00ff_ffff_u32.to_le_bytes());
    archive
}

struct Entry {
    name: String,
    method: u16,
    content: Vec<u8>,
    bytes: u32,
    sum: u32,
}

fn written(entries: impl Iterator<Item = Entry>) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    let mut count = 0_u16;
    for entry in entries {
        let at = length(&archive).to_le_bytes();
        let common = [
            [20, 0, 0, 0].as_slice(),
            &entry.method.to_le_bytes(),
            &[0; 4],
            &entry.sum.to_le_bytes(),
            &length(&entry.content).to_le_bytes(),
            &entry.bytes.to_le_bytes(),
            &u16::try_from(entry.name.len()).unwrap().to_le_bytes(),
            &[0; 2],
        ]
        .concat();
        archive.extend([b"PK\x03\x04", common.as_slice(), entry.name.as_bytes(), &entry.content].concat());
        directory
            .extend([b"PK\x01\x02\x14\0", common.as_slice(), &[0; 10], &at, entry.name.as_bytes()].concat());
        count += 1;
    }
    let (at, bytes) = (length(&archive).to_le_bytes(), length(&directory).to_le_bytes());
    let count = count.to_le_bytes();
    let end = [b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &bytes, &at, &[0; 2]].concat();
    [archive, directory, end].concat()
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

/// As ZIP and PNG have it (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}
