//! What must hold for every picture, sound and film that somebody sends.
//!
//! The tests of `natter-files` include this file and feed it what they make up.

use natter_files::inspect::{self, Seen};
use natter_protocol::limits::{
    IMAGE_PIXELS_MAX, THUMBNAIL_LARGE_PIXELS, THUMBNAIL_SMALL_PIXELS, WAVEFORM_POINTS,
};
use natter_protocol::{ErrorCode, ThumbnailSize};
use std::fs;

/// A file is refused as damaged, or what is told of it is within its limits. What is private is taken out of it at once,
/// and it looks the same without.
pub(crate) fn look(media_type: &str, bytes: &[u8]) {
    let directory = tempfile::tempdir().expect("a directory");
    let [file, stripped, again] = ["file", "stripped", "again"].map(|name| directory.path().join(name));
    fs::write(&file, bytes).expect("a file");
    let seen = match inspect::look_at(&file, media_type) {
        Ok(seen) => Some(seen),
        Err(error) => {
            assert_eq!(error.code(), ErrorCode::FileNotValid, "{error:?}");
            None
        }
    };
    seen.iter().for_each(is_within_limits);
    match inspect::strip(&file, media_type, &stripped) {
        Err(error) => assert_eq!(error.code(), ErrorCode::FileNotValid, "{error:?}"),
        Ok(false) => assert!(!stripped.exists()),
        Ok(true) => {
            assert!(!inspect::strip(&stripped, media_type, &again).expect("what was written is sound"));
            if let Some(seen) = seen {
                assert_eq!(inspect::look_at(&stripped, media_type).expect("as before").look, seen.look);
            }
        }
    }
}

fn is_within_limits(seen: &Seen) {
    let look = &seen.look;
    if let (Some(width), Some(height), false) = (look.width, look.height, look.thumbnails.is_empty()) {
        assert!((1..=IMAGE_PIXELS_MAX).contains(&(u64::from(width) * u64::from(height))));
    }
    assert_eq!(look.thumbnails.len(), seen.thumbnails.len());
    for thumbnail in &look.thumbnails {
        let longer = thumbnail.width.max(thumbnail.height);
        let limit = match thumbnail.size {
            ThumbnailSize::Small => THUMBNAIL_SMALL_PIXELS,
            ThumbnailSize::Large => THUMBNAIL_LARGE_PIXELS,
        };
        assert!(longer <= limit && thumbnail.width.min(thumbnail.height) >= 1);
    }
    if let Some(points) = &look.waveform {
        assert_eq!(points.len(), WAVEFORM_POINTS);
        assert!(points.iter().all(|&point| point <= 100));
        assert!(look.duration_ms.is_some());
    }
}
