//! What is seen of files, and what is taken out of them.

mod film;
mod hostile;
mod media;
mod picture;
mod sound;
mod strip;

use natter_files::inspect::{self, Seen};
use natter_files::{Digest, Refused};
use std::fs;
use tempfile::TempDir;

fn look(bytes: &[u8], media_type: &str) -> Result<Seen, Refused> {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, bytes).unwrap();
    inspect::look_at(&path, media_type)
}

/// The file without what is private; nothing if there was nothing private.
fn strip(bytes: &[u8], media_type: &str) -> Result<Option<Vec<u8>>, Refused> {
    let directory = TempDir::new().unwrap();
    let (path, to) = (directory.path().join("file"), directory.path().join("stripped"));
    fs::write(&path, bytes).unwrap();
    let was_private = inspect::strip(&path, media_type, &to)?;
    assert_eq!(Digest::of_file(&path).unwrap().0, Digest::of(bytes), "the file itself is left as it is");
    assert_eq!(to.exists(), was_private);
    Ok(was_private.then(|| fs::read(&to).unwrap()))
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
