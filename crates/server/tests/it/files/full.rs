//! A disk that is full.

use super::tus::{begin, id, offset, piece};
use super::{PICTURE, fetch, try_upload, upload};
use crate::faults::Disk;
use crate::natter;
use crate::support::Answer;
use anyhow::Result;
use natter_protocol::{ErrorCode, File};
use reqwest::StatusCode;
use std::path::Path;

/// What no file system keeps a smaller part of.
const BLOCK_BYTES: u64 = 4 << 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_takes_no_files_and_keeps_nothing_half() -> Result<()> {
    let Some(disk) = Disk::mount(24 << 20)? else {
        eprintln!("skipped: this user may not mount a disk");
        return Ok(());
    };
    let natter = natter().env("NATTER_FILES_FREE_BYTES_MIN", "0").data_dir(disk.path()).start().await?;
    let ada = natter.person("ada").await?;
    let content = vec![b'a'; 3_000_000];
    upload(&ada, "small.txt", b"hello").await?;
    let files = disk.path().join("files");
    let kept = count(&files)?;

    // While it arrives in one request, which leaves nothing behind.
    disk.leave(1 << 20)?;
    for _ in 0..2 {
        let refused = try_upload(&ada, "a.txt", &content).await?;
        assert_eq!(refused.status, StatusCode::INSUFFICIENT_STORAGE);
        assert!(refused.problem(ErrorCode::StorageFull)?.retriable);
        assert_eq!(count(&files)?, kept);
    }
    disk.make_room()?;

    // While it arrives in pieces: what is here stays, and it goes on when there is room.
    let path = begin(&ada, "a.txt", content.len()).await?;
    disk.leave(1 << 20)?;
    Answer::to(piece(&ada, &path, 0, &content)).await?.problem(ErrorCode::StorageFull)?;
    disk.make_room()?;
    let here = offset(&ada, &path).await?;
    assert!(here <= 1 << 20, "{here}");
    let rest = Answer::to(piece(&ada, &path, here, &content[here..])).await?;
    assert_eq!(rest.status, StatusCode::NO_CONTENT, "{rest:?}");
    assert_eq!(fetch(&ada, id(&path)?).await?.text.len(), content.len());

    // While what is private is taken out of a picture, for which it is written anew; while its thumbnails are kept; and
    // while its row is written.
    let mut refusals = 0;
    for blocks in 1.. {
        let (picture, kept) = (photograph(blocks), count(&files)?);
        let path = begin(&ada, "harbour.png", picture.len()).await?;
        let (most, last) = picture.split_at(picture.len() - 1);
        assert_eq!(Answer::to(piece(&ada, &path, 0, most)).await?.status, StatusCode::NO_CONTENT);
        disk.leave(blocks * BLOCK_BYTES)?;
        let answer = Answer::to(piece(&ada, &path, most.len(), last)).await?;
        let refused = answer.status != StatusCode::NO_CONTENT;
        if refused {
            answer.problem(ErrorCode::StorageFull)?;
            assert_eq!(count(&files)?, kept + 2, "its bytes and its record, and nothing else");
            refusals += 1;
        }
        disk.make_room()?;
        // Whoever asks brings it to its end, now that it can be.
        let size = offset(&ada, &path).await?;
        if refused && size == most.len() {
            assert_eq!(Answer::to(piece(&ada, &path, size, last)).await?.status, StatusCode::NO_CONTENT);
        }
        let file: File = ada.get(&format!("/files/{}/info", id(&path)?)).await?;
        assert!(file.size < picture.len() as u64, "what is private is not in it");
        assert_eq!(count(&files)?, kept + 3, "it and its two thumbnails");
        if !refused {
            break;
        }
    }
    assert!(refusals >= 3, "it was refused {refusals} times");
    Ok(())
}

/// A picture with a remark that is taken out of it. No two numbers make the same.
fn photograph(number: u64) -> Vec<u8> {
    let (front, end) = PICTURE.split_at(PICTURE.len() - 12);
    let chunk = |kind: &[u8], content: &[u8]| {
        let body = [kind, content].concat();
        let length = u32::try_from(content.len()).unwrap_or_default();
        [&length.to_be_bytes(), body.as_slice(), &crc32(&body).to_be_bytes()].concat()
    };
    // The signature and the header, behind which the size of a pixel may stand.
    let (header, data) = front.split_at(8 + 25);
    let size = chunk(b"pHYs", &[&number.to_be_bytes(), [1].as_slice()].concat());
    [header, &size, data, &chunk(b"tEXt", b"Comment\0at pier 4"), end].concat()
}

/// As ISO 3309 has it, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}

/// Files below a directory.
fn count(directory: &Path) -> Result<usize> {
    let mut files = 0;
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        files += if path.is_dir() { count(&path)? } else { 1 };
    }
    Ok(files)
}
